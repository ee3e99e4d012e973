/**
 * How much may be under way at once, found out by measuring: when requests take longer than they do on an idle service, fewer are
 * let in.
 * @source Envoy `adaptive_concurrency` (gradient controller), whose defaults these are where it has one
 */
export interface ConcurrencyPolicy {
  /** Limit while the smallest latency is measured, and the least that it ever is. @default 3 */
  readonly minLimit: number;
  /** @default 1000 */
  readonly maxLimit: number;
  /** Limit after the first measurement. @default `minLimit` */
  readonly initialLimit: number;
  /** How often the limit is looked at anew, milliseconds. @default 100 */
  readonly sampleWindowMs: number;
  /** Which of a window's latencies counts, 0 to 100. @default 50 */
  readonly percentile: number;
  /** How often the smallest latency is measured anew, milliseconds. @default 60 000 */
  readonly minRttIntervalMs: number;
  /** Requests that such a measurement takes. @default 50 */
  readonly minRttRequests: number;
  /** Up to how much longer than the interval it may be, so that not all processes measure at once. @default 15 */
  readonly jitterPercent: number;
  /** How much slower than on an idle service is nothing to act on. @default 25 */
  readonly bufferPercent: number;
}

/** Fills in what a ResiliencePolicy leaves open. Durations in milliseconds. */
export function concurrencyPolicyFrom(
  input: {
    readonly [Field in keyof ConcurrencyPolicy]?: ConcurrencyPolicy[Field] | undefined;
  },
): ConcurrencyPolicy {
  const minLimit = input.minLimit ?? 3;
  return {
    minLimit,
    maxLimit: input.maxLimit ?? Math.max(1_000, minLimit),
    initialLimit: input.initialLimit ?? minLimit,
    sampleWindowMs: input.sampleWindowMs ?? 100,
    percentile: input.percentile ?? 50,
    minRttIntervalMs: input.minRttIntervalMs ?? 60_000,
    minRttRequests: input.minRttRequests ?? 50,
    jitterPercent: input.jitterPercent ?? 15,
    bufferPercent: input.bufferPercent ?? 25,
  };
}

/** For `explain`. */
export function describeConcurrency({ minLimit, maxLimit, sampleWindowMs }: ConcurrencyPolicy): string {
  return `adaptive concurrency: between ${minLimit} and ${maxLimit} at once, adjusted each ${sampleWindowMs} ms; more are answered 503`;
}
