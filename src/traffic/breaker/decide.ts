/**
 * How a circuit that has just closed fills again. Pure. One probe that succeeded says that the cluster lives, not that it bears everything
 * that waited for it: cold caches and empty pools meet the whole load at once otherwise, and the circuit opens again.
 */
export interface RampFacts {
  /** Since the circuit closed, milliseconds. */
  readonly elapsedMs: number;
  /** In so long all are let through again; 0: at once. */
  readonly rampMs: number;
  /** Attempts let through that have not ended. */
  readonly underWay: number;
  /** Uniform in [0, 1). */
  readonly draw: number;
}

/** Of a circuit that has just closed: one attempt in ten. */
export const FIRST_SHARE = 0.1;

/** Share of attempts let through, 0 to 1: grows evenly from {@link FIRST_SHARE}. */
export function rampShare(elapsedMs: number, rampMs: number): number {
  if (rampMs <= 0 || elapsedMs >= rampMs) return 1;
  return FIRST_SHARE + (1 - FIRST_SHARE) * (Math.max(0, elapsedMs) / rampMs);
}

/** Is the attempt let through? One at a time always is: a caller that comes alone is never turned away. */
export function decideRamp({ elapsedMs, rampMs, underWay, draw }: RampFacts): boolean {
  return underWay <= 0 || draw < rampShare(elapsedMs, rampMs);
}
