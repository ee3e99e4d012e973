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
  const version = ((b & 0xfff) | 0x4000).toString(16);
  const variant = ((c >>> 16) & 0x3fff) | 0x8000;
  return `${hex8(a)}-${hex4(b >>> 16)}-${version}-${variant.toString(16)}-${hex4(c & 0xffff)}${hex8(d)}`;
}

function word(random: Random): number {
  return Math.floor(random.next() * 0x1_0000_0000) >>> 0;
}

function hex8(value: number): string {
  return hex4(value >>> 16) + hex4(value & 0xffff);
}

function hex4(value: number): string {
  return (value | 0x1_0000).toString(16).slice(1);
}

const VISIBLE = /^[\x21-\x7e]+$/;
