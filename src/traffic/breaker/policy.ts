/**
 * The error-rate breaker of a cluster, in opossum's terms. Only `heddle.dev/v1` ResiliencePolicy asks for one.
 * @source opossum: errorThresholdPercentage, volumeThreshold, rollingCountTimeout, resetTimeout
 */
export interface BreakerPolicy {
  /** Share of failures in the window that opens the circuit, 0 to 100. @default 50 */
  readonly errorThresholdPercent: number;
  /** Fewer calls than this in the window never open it. @default 10 */
  readonly volumeThreshold: number;
  /** Length of the rolling window, milliseconds. @default 10 000 */
  readonly windowMs: number;
  /** How long the circuit stays open before one call may probe, milliseconds. @default 5 000 */
  readonly openMs: number;
  /**
   * After a probe that succeeded, the share of attempts let through grows from a tenth to all of them in so long, milliseconds; 0: all at
   * once. @default openMs
   */
  readonly rampMs?: number;
}

/** Fills in what a ResiliencePolicy leaves open. Durations in milliseconds. */
export function breakerPolicyFrom(input: {
  readonly errorThresholdPercent?: number | undefined;
  readonly volumeThreshold?: number | undefined;
  readonly windowMs?: number | undefined;
  readonly openMs?: number | undefined;
  readonly rampMs?: number | undefined;
}): BreakerPolicy {
  return {
    errorThresholdPercent: input.errorThresholdPercent ?? 50,
    volumeThreshold: input.volumeThreshold ?? 10,
    windowMs: input.windowMs ?? 10_000,
    openMs: input.openMs ?? 5_000,
    ...(input.rampMs !== undefined && { rampMs: input.rampMs }),
  };
}
