/**
 * The `traceparent` field: which trace a request belongs to, which span is its parent, and whether it is recorded. Pure.
 * @source W3C Trace Context, https://www.w3.org/TR/trace-context/#traceparent-header
 */
export interface TraceParent {
  /** 32 hex digits in lower case, not all zero. */
  readonly traceId: string;
  /** 16 hex digits in lower case, not all zero. */
  readonly spanId: string;
  /** 0 to 255; bit 0 says that the caller records the trace. */
  readonly flags: number;
}

/** `version-traceId-spanId-flags`: what version 00 is exactly, and what later versions begin with. */
const LENGTH = 55;

/** A later version may append fields; nobody needs more than this to read the first four. */
const MAX_LENGTH = 512;

/**
 * Reads the field, strictly: digits in lower case, no id of zeros, version `ff` forbidden, version `00` exactly 55
 * characters; of a later version only the first four parts are read.
 * @returns undefined for anything else; such a field starts a new trace, and its `tracestate` is worth nothing
 * @example parseTraceparent('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')?.flags; // => 1
 */
export function parseTraceparent(text: string): TraceParent | undefined {
  if (text.length < LENGTH || text.length > MAX_LENGTH) return undefined;
  const match = SHAPE.exec(text);
  if (match === null) return undefined;
  const [, version, traceId, spanId, flags] = match;
  if (version === 'ff' || traceId === NO_TRACE || spanId === NO_SPAN) return undefined;
  if (text.length > LENGTH && (version === '00' || text[LENGTH] !== '-')) return undefined;
  return { traceId: traceId!, spanId: spanId!, flags: Number.parseInt(flags!, 16) };
}

/**
 * Writes the field in version 00.
 * @example formatTraceparent({ traceId: '0'.repeat(31) + '1', spanId: '0'.repeat(15) + '2', flags: 1 });
 * // => '00-00000000000000000000000000000001-0000000000000002-01'
 */
export function formatTraceparent(parent: TraceParent): string {
  const flags = parent.flags & 0xff;
  return `00-${parent.traceId}-${parent.spanId}-${flags < 16 ? '0' : ''}${flags.toString(16)}`;
}

const SHAPE = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/;
const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);
