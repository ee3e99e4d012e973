/**
 * What of an exchange's fields travels on to the calls made while serving it. This is done with or without an
 * OpenTelemetry SDK: a hop that records nothing must still not break somebody else's trace. Pure.
 * @source W3C Trace Context; W3C Baggage §3.3; github.com/openzipkin/b3-propagation; Envoy and Istio header lists
 */
import type { HeaderFields } from '../../base/headers.js';
import { isVisible } from '../../base/visible.js';
import { parseTraceparent } from './traceparent.js';

/** Fields to pass on as they came, in groups: a call that has a group's first word already keeps its own. */
export interface Carried {
  readonly traceparent: string | undefined;
  /** Only beside a valid `traceparent`. */
  readonly tracestate: string | undefined;
  readonly baggage: string | undefined;
  /** B3 and vendors' fields: name, value, name, value, … */
  readonly others: readonly string[];
}

/** Nothing to pass on. */
export const NOTHING: Carried = {
  traceparent: undefined,
  tracestate: undefined,
  baggage: undefined,
  others: [],
};

/** Vendors should pass on at least 512 characters (W3C Trace Context §3.3.1.5). @default 2048 */
const MAX_TRACESTATE = 2048;
/** Everybody must pass on at least 8192 bytes (W3C Baggage §3.3.2). @default 8192 */
const MAX_BAGGAGE = 8192;
const MAX_OTHER = 256;

/** Passed on as they are; read only by the tracers that wrote them. */
const OTHERS: ReadonlySet<string> = new Set([
  'b3',
  'x-b3-traceid',
  'x-b3-spanid',
  'x-b3-parentspanid',
  'x-b3-sampled',
  'x-b3-flags',
  'x-ot-span-context',
  'x-cloud-trace-context',
  'grpc-trace-bin',
]);

/** What of the fields of an exchange is to be passed on; whatever is malformed or too long is left out. */
export function carriedFrom(fields: HeaderFields): Carried {
  const traceparent = validTraceparent(fields);
  const tracestate = traceparent === undefined ? undefined : joined(fields.tracestate, ',', MAX_TRACESTATE);
  const baggage = joined(fields.baggage, ',', MAX_BAGGAGE);
  const others = othersFrom(fields);
  if (traceparent === undefined && baggage === undefined && others.length === 0) return NOTHING;
  return { traceparent, tracestate, baggage, others };
}

/** Adds what is carried to the fields of a call. What the caller set itself stays. */
export function carryOn(carried: Carried, fields: HeaderFields): void {
  if (carried === NOTHING) return;
  if (carried.traceparent !== undefined && fields.traceparent === undefined) {
    fields.traceparent = carried.traceparent;
    if (carried.tracestate !== undefined) fields.tracestate = carried.tracestate;
    else delete fields.tracestate;
  }
  if (carried.baggage !== undefined && fields.baggage === undefined) fields.baggage = carried.baggage;
  const { others } = carried;
  // Half of somebody's B3 fields and half of ours would be a third trace: all or none.
  if (others.length === 0 || hasB3(fields)) return;
  for (let at = 0; at < others.length; at += 2) fields[others[at]!] ??= others[at + 1]!;
}

/** The same where policy wants no trace context carried on: baggage is none. */
export function carryOnApart({ baggage }: Carried, fields: HeaderFields): void {
  if (baggage !== undefined && fields.baggage === undefined) fields.baggage = baggage;
}

/** The field if there is exactly one and it is valid. */
export function validTraceparent(fields: HeaderFields): string | undefined {
  const value = fields.traceparent;
  return typeof value === 'string' && parseTraceparent(value) !== undefined ? value : undefined;
}

/** `tracestate` as it may be passed on. */
export function tracestateOf(fields: HeaderFields): string | undefined {
  return joined(fields.tracestate, ',', MAX_TRACESTATE);
}

/** One field as propagators read it, or undefined if it is missing or too long. */
export function boundedField(fields: HeaderFields, name: string): string | undefined {
  return joined(fields[name], ',', name === 'baggage' ? MAX_BAGGAGE : MAX_TRACESTATE);
}

function othersFrom(fields: HeaderFields): readonly string[] {
  let found: string[] | null = null;
  for (const name in fields) {
    if (!OTHERS.has(name)) continue;
    const value = fields[name];
    if (typeof value !== 'string' || value.length > MAX_OTHER || !isVisible(value)) continue;
    (found ??= []).push(name, value);
  }
  return found ?? NOTHING.others;
}

function joined(value: string | string[] | undefined, separator: string, limit: number): string | undefined {
  if (value === undefined) return undefined;
  const text = typeof value === 'string' ? value : value.join(separator);
  return text.length > 0 && text.length <= limit && PRINTABLE.test(text) ? text : undefined;
}

function hasB3(fields: HeaderFields): boolean {
  return fields.b3 !== undefined || fields['x-b3-traceid'] !== undefined;
}

const PRINTABLE = /^[\x20-\x7e\t]+$/;
