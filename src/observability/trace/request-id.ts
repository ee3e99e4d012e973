import type { Random } from '../../base/random.js';

/**
 * `x-request-id`: one id for everything that is done because of one request. It finds log lines; it protects nothing, so the
 * ordinary dice are good enough.
 * @source Envoy `docs/root/configuration/http/http_conn_man/headers.rst` (x-request-id)
 */
export const REQUEST_ID = 'x-request-id';

/** A longer one is not an id but a burden: it is replaced. */
const MAX_LENGTH = 256;

/** The id that came with a request, if it can be passed on. */
export function acceptRequestId(value: string | string[] | undefined): string | undefined {
  if (typeof value !== 'string' || value.length === 0 || value.length > MAX_LENGTH) return undefined;
  return VISIBLE.test(value) ? value : undefined;
}

/**
 * A new id, a UUID of version 4.
 * @source RFC 9562 §5.4
 */
export function newRequestId(random: Random): string {
  const a = word(random);
  const b = word(random);
  const c = word(random);
  const d = word(random);
  const versioned = (b & 0xffff0fff) | 0x4000;
  const variant = (c & 0x3fffffff) | 0x80000000;
  return `${high(a)}${low(a)}-${high(versioned)}-${low(versioned)}-${high(variant)}-${low(variant)}${high(d)}${low(d)}`;
}

function word(random: Random): number {
  return Math.floor(random.next() * 0x1_0000_0000) | 0;
}

function high(value: number): string {
  return HEX[value >>> 24]! + HEX[(value >>> 16) & 0xff]!;
}

function low(value: number): string {
  return HEX[(value >>> 8) & 0xff]! + HEX[value & 0xff]!;
}

/** Digits of each byte: an id is made for every call that begins a chain, and `toString(16)` costs more than the rest. */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

const VISIBLE = /^[\x21-\x7e]+$/;
