import type { Random } from './random.js';

/**
 * How long to wait before each retry. All times in milliseconds.
 * @source Envoy `JitteredExponentialBackOffStrategy`: uniform in [0, min(base·2^(retry-1), max))
 */
export interface BackoffPolicy {
  /** Longest wait before the first retry. @default 25 (Envoy) */
  readonly baseDelayMs: number;
  /** Cap on any single wait, applied before jitter. @default 10 × baseDelayMs (Envoy) */
  readonly maxDelayMs: number;
}

/**
 * Wait before retry number `retry` (1 = the first), full jitter.
 * @example backoffMs({ baseDelayMs: 25, maxDelayMs: 250 }, 3, { next: () => 0.5 }); // => 50
 */
export function backoffMs(policy: BackoffPolicy, retry: number, random: Random): number {
  const ceiling = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (retry - 1));
  return Math.floor(random.next() * ceiling);
}
