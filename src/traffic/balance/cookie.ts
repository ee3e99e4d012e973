/**
 * The cookie that keeps a browser on its endpoint, made where policy asks for one and the caller has none.
 * @source Istio `consistentHash.httpCookie`: with a `ttl` it is made, of 0 for the session; Envoy `Utility::makeSetCookieValue`
 */
import type { Random } from '../../base/random.js';
import { hashText } from './hash.js';
import type { HashPolicy } from './policy.js';

export interface MadeCookie {
  /** Of its value, as the next request that brings it will be hashed. */
  readonly hash: number;
  /** For `set-cookie`. */
  readonly header: string;
}

/** null: policy hashes only what callers bring. */
export function makeCookie(policy: HashPolicy, random: Random): MadeCookie | null {
  if (policy.from !== 'cookie' || policy.ttlMs === null) return null;
  const value = part(random) + part(random);
  const parts = [`${policy.name}="${value}"`];
  if (policy.ttlMs > 0) parts.push(`Max-Age=${Math.ceil(policy.ttlMs / 1000)}`);
  if (policy.path !== '') parts.push(`Path=${policy.path}`);
  for (const { name, value: set } of policy.attributes ?? [])
    parts.push(set === undefined || set === '' ? name : `${name}=${set}`);
  return { hash: hashText(value), header: [...parts, 'HttpOnly'].join('; ') };
}

function part(random: Random): string {
  return Math.floor(random.next() * 2 ** 32)
    .toString(16)
    .padStart(8, '0');
}
