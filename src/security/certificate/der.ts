import asn1 from 'node-forge/lib/asn1.js';
import { MeshError } from '../../base/errors.js';

/**
 * Reading DER that somebody else wrote, within bounds. The tree itself is node-forge's; what it would let pass (indefinite and
 * overlong lengths, endless nesting, floods of tiny values, more than one way to write a thing) is refused before and after.
 * Nothing but `MeshError HEDDLE_INVALID_ARGUMENT` is ever thrown.
 * @source ITU-T X.690 §8, §10
 */

/** One value. `value` is the content, one character a byte, or the values inside. */
export interface DerNode {
  readonly tagClass: number;
  readonly type: number;
  readonly constructed: boolean;
  readonly value: string | DerNode[];
}

/** Largest certificate or request that is read. A P-256 SVID has under 1 KiB, an RSA-4096 one with names about 3 KiB. */
const MAX_DER_BYTES = 64 * 1024;
/** A certificate has 10 levels at most. */
const MAX_DEPTH = 24;
/** A usual certificate has about 80 values. */
const MAX_NODES = 4096;

/** Identifier octets. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** @throws MeshError `HEDDLE_INVALID_ARGUMENT`; `what` names the thing in its message */
export function readDer(bytes: Uint8Array, what: string, maxBytes: number = MAX_DER_BYTES): DerNode {
  if (bytes.byteLength > maxBytes) throw malformed(what, `it is longer than ${maxBytes} bytes`);
  scan(bytes, what);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  let node: DerNode;
  let again: string;
  try {
    node = asn1.fromDer(text, {
      strict: true,
      parseAllBytes: true,
      decodeBitStrings: false,
      maxDepth: MAX_DEPTH,
    });
    again = asn1.toDer(node as Parameters<typeof asn1.toDer>[0]).getBytes();
  } catch (error) {
    throw malformed(what, 'it is not DER', error);
  }
  // DER has one form for each value. If ours is the same, any part written again is the part that was signed.
  if (again !== text) throw malformed(what, 'it is not in canonical form');
  return node;
}

/** Walks over all headers without recursion, before anything is allocated for them. */
function scan(bytes: Uint8Array, what: string): void {
  const ends: number[] = [];
  let at = 0;
  let nodes = 0;
  do {
    if ((nodes += 1) > MAX_NODES) throw malformed(what, `it has more than ${MAX_NODES} values`);
    const within = ends.length === 0 ? bytes.length : ends[ends.length - 1]!;
    if (at + 2 > within) throw malformed(what, 'a value is cut off');
    const tag = bytes[at]!;
    if ((tag & 0x1f) === 0x1f) throw malformed(what, 'it has a tag number beyond 30');
    let length = bytes[at + 1]!;
    at += 2;
    if (length >= 0x80) {
      const octets = length & 0x7f;
      if (octets < 1 || octets > 4 || at + octets > within) throw malformed(what, 'a length is malformed');
      length = 0;
      for (const end = at + octets; at < end; at += 1) length = length * 256 + bytes[at]!;
      if (length < 0x80 || length < 256 ** (octets - 1)) throw malformed(what, 'a length is not minimal');
    }
    if (length > within - at) throw malformed(what, 'a value is cut off');
    if ((tag & 0x20) !== 0) {
      if (ends.length >= MAX_DEPTH - 1) throw malformed(what, 'it is nested too deeply');
      ends.push(at + length);
    } else {
      at += length;
    }
    while (ends.length > 0 && ends[ends.length - 1] === at) ends.pop();
  } while (ends.length > 0);
  if (at !== bytes.length) throw malformed(what, 'bytes follow its end');
}

/** The identifier octet: class, constructed flag and number. */
export function tagOf(node: DerNode): number {
  return node.tagClass | (node.constructed ? 0x20 : 0) | node.type;
}

/** The values inside a constructed one that carries `tag`. */
export function items(node: DerNode | undefined, tag: number, what: string): readonly DerNode[] {
  if (node === undefined || tagOf(node) !== tag || typeof node.value === 'string') {
    throw malformed(what, 'a part is missing or of another type');
  }
  return node.value;
}

/** The content of a primitive value that carries `tag`. */
export function content(node: DerNode | undefined, tag: number, what: string): Buffer {
  if (node === undefined || tagOf(node) !== tag || typeof node.value !== 'string') {
    throw malformed(what, 'a part is missing or of another type');
  }
  return Buffer.from(node.value, 'latin1');
}

/** Dotted form. */
export function readOid(node: DerNode | undefined, what: string): string {
  const bytes = content(node, TAG.oid, what);
  // node-forge reads past the end of an empty or unfinished identifier, and loses bits of a component beyond 32.
  if (bytes.length === 0 || bytes[bytes.length - 1]! >= 0x80 || bytes.length > 64) {
    throw malformed(what, 'an object identifier is malformed');
  }
  return asn1.derToOid(bytes.toString('latin1'));
}

/** Bits as whole bytes; only strings that use every bit of their last byte. */
export function readBits(node: DerNode | undefined, what: string): Buffer {
  const bytes = content(node, TAG.bitString, what);
  if (bytes.length === 0 || bytes[0] !== 0) throw malformed(what, 'a bit string does not end at a byte');
  return bytes.subarray(1);
}

/**
 * UTCTime or GeneralizedTime in the one form that certificates may use, as milliseconds since the epoch.
 * @source RFC 5280 §4.1.2.5
 */
export function readTime(node: DerNode | undefined, what: string): number {
  const tag = node === undefined ? -1 : tagOf(node);
  const utc = tag === TAG.utcTime;
  const text = content(node, utc ? TAG.utcTime : TAG.generalizedTime, what).toString('latin1');
  const match = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/.exec(text);
  if (match === null || (match[1]!.length === 2) !== utc) throw malformed(what, 'a time is malformed');
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as number[];
  const fullYear = utc ? (year! >= 50 ? 1900 + year! : 2000 + year!) : year!;
  const date = new Date(0);
  date.setUTCFullYear(fullYear, month! - 1, day!);
  date.setUTCHours(hour!, minute!, second!);
  if (date.getUTCMonth() !== month! - 1 || date.getUTCDate() !== day! || date.getUTCSeconds() !== second!) {
    throw malformed(what, 'a time does not exist');
  }
  return date.getTime();
}

export function malformed(what: string, because: string, cause?: unknown): MeshError {
  return new MeshError(`${what} cannot be read: ${because}`, { code: 'HEDDLE_INVALID_ARGUMENT', cause });
}
