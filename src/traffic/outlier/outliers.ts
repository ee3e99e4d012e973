/** Whom the numbers of the last interval tell: endpoints that stand out among those of their cluster that are not ejected. */
import type { EndpointState } from '../../model/endpoint-state.js';
import type { OutlierReason } from './options.js';
import type { OutlierPolicy } from './policy.js';
import type { EndpointRecord } from './record.js';
import {
  isFailurePercentageOutlier,
  isSuccessRateOutlier,
  mayCompareFailures,
  successRateThreshold,
} from './statistics.js';

export interface Outlier {
  readonly endpoint: EndpointState;
  readonly record: EndpointRecord;
  readonly reason: OutlierReason;
  readonly enforcingPercent: number;
}

/** By success rate first, as in Envoy. One may be named twice. */
export function outliersAmong(
  records: ReadonlyMap<EndpointState, EndpointRecord>,
  { successRate, failurePercentage }: OutlierPolicy,
): readonly Outlier[] {
  if (successRate === undefined && failurePercentage === undefined) return [];
  const compared = [...records].filter(([endpoint]) => !endpoint.ejected);
  const tallies = compared.map(([, { tally }]) => tally);
  const outliers: Outlier[] = [];
  const threshold = successRate === undefined ? null : successRateThreshold(tallies, successRate);
  if (successRate !== undefined && threshold !== null) {
    const { enforcingPercent } = successRate;
    for (const [endpoint, record] of compared)
      if (isSuccessRateOutlier(record.tally, successRate, threshold))
        outliers.push({ endpoint, record, reason: 'success-rate', enforcingPercent });
  }
  if (failurePercentage !== undefined && mayCompareFailures(tallies, failurePercentage)) {
    const { enforcingPercent } = failurePercentage;
    for (const [endpoint, record] of compared)
      if (isFailurePercentageOutlier(record.tally, failurePercentage))
        outliers.push({ endpoint, record, reason: 'failure-percentage', enforcingPercent });
  }
  return outliers;
}
