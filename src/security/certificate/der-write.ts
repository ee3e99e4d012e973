import asn1 from 'node-forge/lib/asn1.js';
import { type DerNode, TAG } from './der.js';

/** Small writers for the DER that we make ourselves. Their input is ours, so they check nothing. */

type ForgeNode = ReturnType<typeof asn1.create>;

function node(tag: number, value: string | DerNode[]): DerNode {
  return asn1.create(tag & 0xc0, tag & 0x1f, (tag & 0x20) !== 0, value as string | ForgeNode[]);
}

const binary = (bytes: Uint8Array) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

export function writeDer(value: DerNode): Buffer {
  return Buffer.from(asn1.toDer(value as ForgeNode).getBytes(), 'latin1');
}

export const sequence = (...values: DerNode[]): DerNode => node(TAG.sequence, values);
export const setOf = (...values: DerNode[]): DerNode => node(TAG.set, values);
export const oid = (dotted: string): DerNode => node(TAG.oid, asn1.oidToDer(dotted).getBytes());
export const octets = (bytes: Uint8Array): DerNode => node(TAG.octetString, binary(bytes));
export const utf8 = (text: string): DerNode => node(TAG.utf8String, binary(Buffer.from(text, 'utf8')));
export const boolean = (value: boolean): DerNode => node(TAG.boolean, value ? '\xff' : '\x00');
export const nothing = (): DerNode => node(TAG.null, '');

/** A bit string; the last `unused` bits are no part of it. */
export const bits = (bytes: Uint8Array, unused = 0): DerNode =>
  node(TAG.bitString, String.fromCharCode(unused) + binary(bytes));

/** A whole number of at least 0: big-endian bytes, or a small number. */
export function integer(value: Uint8Array | number): DerNode {
  let bytes = typeof value === 'number' ? bigEndian(value) : Buffer.from(value);
  let first = 0;
  while (first < bytes.length - 1 && bytes[first] === 0) first += 1;
  bytes = bytes.subarray(first);
  const text = bytes.length === 0 ? '\x00' : binary(bytes);
  return node(TAG.integer, text.charCodeAt(0) >= 0x80 ? `\x00${text}` : text);
}

function bigEndian(value: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUIntBE(value, 0, 6);
  return bytes;
}

/**
 * UTCTime until 2049, then GeneralizedTime; whole seconds, rounded down.
 * @source RFC 5280 §4.1.2.5
 */
export function time(wallMs: number): DerNode {
  const date = new Date(Math.floor(wallMs / 1000) * 1000);
  const year = date.getUTCFullYear();
  return year >= 1950 && year < 2050
    ? node(TAG.utcTime, asn1.dateToUtcTime(date))
    : node(TAG.generalizedTime, asn1.dateToGeneralizedTime(date));
}

/** Context tag around whole values: `[number] EXPLICIT`, or the implicit tag of a constructed type. */
export const tagged = (number: number, ...values: DerNode[]): DerNode => node(0xa0 | number, values);

/** Implicit context tag of a primitive type. */
export const taggedBytes = (number: number, bytes: Uint8Array): DerNode => node(0x80 | number, binary(bytes));
