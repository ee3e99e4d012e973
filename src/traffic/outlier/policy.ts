/**
 * When an endpoint is taken out of picking. Times in milliseconds.
 * @source Envoy `outlier_detection_impl.cc`; Istio's defaults
 */
export interface OutlierPolicy {
  /** 0: off. @default 5 */
  readonly consecutive5xx: number;
  /** 502, 503, 504 and failures of our own. 0: off. @default 0 */
  readonly consecutiveGatewayErrors: number;
  /** Count failures that never got a response apart. @default false */
  readonly splitLocalOrigin: boolean;
  /** Only with `splitLocalOrigin`. @default 5 */
  readonly consecutiveLocalOriginFailures: number;
  /** Between sweeps, which take endpoints back. @default 10 000 */
  readonly intervalMs: number;
  /** First ejection's length; it grows with each further one. @default 30 000 */
  readonly baseEjectionTimeMs: number;
  /** Of the cluster's endpoints. @default 10 */
  readonly maxEjectionPercent: number;
  /** Below this share of healthy endpoints all are picked from (panic); 0: never. @default 0 */
  readonly minHealthPercent: number;
  /** Statuses that count as errors, instead of 500 to 599. @default 500 to 599 */
  readonly errorCodes?: readonly number[];
  /** An ejection never lasts longer than this, or the base where that is longer. @default 300 000 */
  readonly maxEjectionTimeMs?: number;
  /** Endpoints that answer well much less often than the others do. Absent: off, as in Istio. */
  readonly successRate?: SuccessRatePolicy;
  /** Endpoints whose share of failures is too large, whatever the others do. Absent: off, as in Istio. */
  readonly failurePercentage?: FailurePercentagePolicy;
}

/** At each sweep: out go endpoints whose success rate is below the mean by `stdevFactor` standard deviations. */
export interface SuccessRatePolicy {
  /** Of endpoints with `requestVolume`; with fewer nothing is compared. @default 5 */
  readonly minimumHosts: number;
  /** Attempts on an endpoint between two sweeps that make it count. @default 100 */
  readonly requestVolume: number;
  /** @default 1.9 */
  readonly stdevFactor: number;
  /** Of such endpoints that are ejected, by lot. @default 100 */
  readonly enforcingPercent: number;
}

/** At each sweep: out go endpoints of which at least `thresholdPercent` of the attempts failed. */
export interface FailurePercentagePolicy {
  /** @default 85 */
  readonly thresholdPercent: number;
  /** Of endpoints with `requestVolume`; with fewer nothing is compared. @default 5 */
  readonly minimumHosts: number;
  /** Attempts on an endpoint between two sweeps that make it count. @default 50 */
  readonly requestVolume: number;
  /** Of such endpoints that are ejected, by lot. @default 100 */
  readonly enforcingPercent: number;
}

/** Istio's `outlierDetection` in plain words: durations in milliseconds, nothing filled in. */
export interface OutlierInput {
  readonly consecutive5xxErrors?: number | undefined;
  readonly consecutiveGatewayErrors?: number | undefined;
  readonly splitExternalLocalOriginErrors?: boolean | undefined;
  readonly consecutiveLocalOriginFailures?: number | undefined;
  readonly intervalMs?: number | undefined;
  readonly baseEjectionTimeMs?: number | undefined;
  readonly maxEjectionPercent?: number | undefined;
  readonly minHealthPercent?: number | undefined;
  readonly errorCodes?: readonly number[] | undefined;
}

/** The two percentages are plain numbers in Istio, where 0 cannot be told from absent. */
export function outlierPolicyFrom(input: OutlierInput): OutlierPolicy {
  return {
    consecutive5xx: input.consecutive5xxErrors ?? 5,
    consecutiveGatewayErrors: input.consecutiveGatewayErrors ?? 0,
    splitLocalOrigin: input.splitExternalLocalOriginErrors ?? false,
    consecutiveLocalOriginFailures: input.consecutiveLocalOriginFailures ?? 5,
    intervalMs: input.intervalMs ?? 10_000,
    baseEjectionTimeMs: input.baseEjectionTimeMs ?? 30_000,
    maxEjectionPercent: input.maxEjectionPercent || 10,
    minHealthPercent: input.minHealthPercent ?? 0,
    ...(input.errorCodes?.length && { errorCodes: input.errorCodes }),
  };
}

/** For `explain`: what is compared at each sweep. */
export function describeStatistics({ successRate, failurePercentage, intervalMs }: OutlierPolicy): string[] {
  return [
    ...(successRate === undefined
      ? []
      : [
          `outliers: each ${intervalMs} ms, endpoints whose success rate is ${successRate.stdevFactor} standard deviations below the mean are taken out`,
        ]),
    ...(failurePercentage === undefined
      ? []
      : [
          `outliers: each ${intervalMs} ms, endpoints with ${failurePercentage.thresholdPercent} % failures or more are taken out`,
        ]),
  ];
}
