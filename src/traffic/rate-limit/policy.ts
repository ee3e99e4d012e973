/**
 * How many requests may pass in a time: token buckets in this process.
 * @source Envoy `local_rate_limit` (max_tokens, tokens_per_fill, fill_interval); here tokens trickle in, so that a limit has no edges
 */
import type { RequestMatch } from '../../model/request-match.js';

/** What tells callers apart: each value has a bucket of its own. `header:` is followed by a name in lower case. */
export type RateLimitKey = 'principal' | 'remoteIp' | `header:${string}`;

export interface RateLimitRule {
  readonly name: string;
  /** Absent: every request. */
  readonly match?: RequestMatch;
  /** Absent: one bucket for all. */
  readonly by?: readonly RateLimitKey[];
  /** Tokens that come in each `perMs`. */
  readonly requests: number;
  readonly perMs: number;
  /** Tokens that a bucket holds, and begins with. @default `requests` */
  readonly burst: number;
  /** Calls of gRPC over it are told so by RESOURCE_EXHAUSTED. Absent: UNAVAILABLE. @source Envoy `rate_limited_as_resource_exhausted` */
  readonly resourceExhausted?: boolean;
}

/** A request needs a token of every rule that it matches; if one has none it takes none at all. */
export interface RateLimitPolicy {
  /** `ns/name`, for people. */
  readonly policy: string;
  readonly limits: readonly RateLimitRule[];
}

/** For `explain`. @example describeRateLimit(policy); // => ["rate limit default/api 'all': 100 requests each 1000 ms, burst 100"] */
export function describeRateLimit({ policy, limits }: RateLimitPolicy): string[] {
  return limits.map(({ name, by, match, requests, perMs, burst }) => {
    const keys = by === undefined ? '' : `, for each ${by.join(' and ')}`;
    const some = match === undefined ? '' : ', of those that match';
    return `rate limit ${policy} '${name}': ${requests} requests each ${perMs} ms, burst ${burst}${keys}${some}`;
  });
}
