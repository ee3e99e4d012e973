/** Token buckets, pure: what a bucket holds now, and when the next token is there. */
import { headerValue } from '../../base/headers.js';
import type { RequestFacts } from '../../model/request-match.js';
import type { RateLimitKey, RateLimitRule } from './policy.js';

/** What is known of who asks. */
export interface RateLimitFacts extends RequestFacts {
  readonly remoteIp: string;
}

/** Tokens at an instant (monotonic milliseconds). */
export interface Bucket {
  readonly tokens: number;
  readonly at: number;
}

/** What adding up fractions may lose; far less than a token, far more than the rounding of a double. */
const ROUNDING = 1e-9;

/** The bucket as it is at `now`. */
export function refill(
  { requests, perMs, burst }: RateLimitRule,
  { tokens, at }: Bucket,
  now: number,
): Bucket {
  const came = (Math.max(0, now - at) * requests) / perMs;
  return { tokens: Math.min(burst, tokens + came), at: now };
}

export function hasToken({ tokens }: Bucket): boolean {
  return tokens >= 1 - ROUNDING;
}

/** Milliseconds until a bucket that holds less than one token holds one. */
export function nextTokenMs({ requests, perMs }: RateLimitRule, { tokens }: Bucket): number {
  return Math.max(0, Math.ceil(((1 - tokens) * perMs) / requests - ROUNDING));
}

/** The bucket that a request goes by. Those without a value share one: leaving it out must not be a way around. */
export function keyOf(by: readonly RateLimitKey[] | undefined, facts: RateLimitFacts): string {
  if (by === undefined) return '';
  if (by.length === 1) return partOf(by[0]!, facts);
  return JSON.stringify(by.map((key) => partOf(key, facts)));
}

function partOf(key: RateLimitKey, facts: RateLimitFacts): string {
  if (key === 'principal') return facts.principal ?? '';
  if (key === 'remoteIp') return facts.remoteIp;
  return headerValue(facts.headers, key.slice('header:'.length)) ?? '';
}
