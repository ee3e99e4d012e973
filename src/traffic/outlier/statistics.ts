/**
 * Outlier detection by numbers: endpoints that fail much more often than the others, or simply too often. Worked out at each sweep
 * over what was counted since the one before. Pure.
 * @source Envoy `outlier_detection_impl.cc`, `processSuccessRateEjections`
 */
import type { FailurePercentagePolicy, SuccessRatePolicy } from './policy.js';

/** What one endpoint answered between two sweeps. */
export interface Tally {
  /** Attempts that say something about it. */
  readonly total: number;
  readonly succeeded: number;
}

/** In percent, as Envoy reckons. */
function successPercent({ total, succeeded }: Tally): number {
  return (succeeded * 100) / total;
}

/**
 * Below which success rate an endpoint is an outlier, in percent: the mean less `stdevFactor` standard deviations (of the whole, not
 * of a sample).
 * @returns null if fewer than `minimumHosts` endpoints had `requestVolume` attempts
 * @example successRateThreshold([50, 100, 100, 100, 100].map((succeeded) => ({ total: 100, succeeded })),
 *   { minimumHosts: 5, requestVolume: 100, stdevFactor: 1.9, enforcingPercent: 100 }); // => 52
 */
export function successRateThreshold(tallies: Iterable<Tally>, policy: SuccessRatePolicy): number | null {
  const rates: number[] = [];
  let sum = 0;
  for (const tally of tallies) {
    if (!hasVolume(tally, policy)) continue;
    const rate = successPercent(tally);
    rates.push(rate);
    sum += rate;
  }
  if (rates.length === 0 || rates.length < policy.minimumHosts) return null;
  const mean = sum / rates.length;
  let squares = 0;
  for (const rate of rates) squares += (rate - mean) ** 2;
  return mean - policy.stdevFactor * Math.sqrt(squares / rates.length);
}

/** @param threshold of {@link successRateThreshold} */
export function isSuccessRateOutlier(tally: Tally, policy: SuccessRatePolicy, threshold: number): boolean {
  return hasVolume(tally, policy) && successPercent(tally) < threshold;
}

/** Have enough endpoints had enough attempts? */
export function mayCompareFailures(tallies: Iterable<Tally>, policy: FailurePercentagePolicy): boolean {
  let hosts = 0;
  for (const tally of tallies) if (hasVolume(tally, policy)) hosts += 1;
  return hosts > 0 && hosts >= policy.minimumHosts;
}

export function isFailurePercentageOutlier(tally: Tally, policy: FailurePercentagePolicy): boolean {
  return hasVolume(tally, policy) && 100 - successPercent(tally) >= policy.thresholdPercent;
}

/** An endpoint without any attempt has no success rate, whatever volume policy asks for. */
function hasVolume({ total }: Tally, { requestVolume }: { readonly requestVolume: number }): boolean {
  return total > 0 && total >= requestVolume;
}
