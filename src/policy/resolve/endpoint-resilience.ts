/** What a ResiliencePolicy says of the endpoints of its host, beside what the DestinationRule says of them. */
import { type BalancerPolicy, subsettingFrom } from '../../traffic/balance/policy.js';
import { healthCheckFrom } from '../../traffic/health/policy.js';
import { type OutlierPolicy, outlierPolicyFrom } from '../../traffic/outlier/policy.js';
import type { EffectiveCluster } from '../effective.js';
import { durationMs } from '../kinds/duration.js';
import type { ResiliencePolicySpec } from '../kinds/resilience-policy.js';
import type { OutlierSpec } from '../kinds/resilience-policy-endpoints.js';
import type { HealthCheckSpec } from '../kinds/resilience-policy-health.js';

type EndpointFields = Pick<EffectiveCluster, 'balancer' | 'outlier' | 'health' | 'subsetting'>;

/** @source Finagle's `PeakEwma` */
const DECAY_MS = 10_000;

/** @param rule what the DestinationRule says */
export function endpointResilience(
  spec: ResiliencePolicySpec | null,
  rule: { readonly balancer: BalancerPolicy; readonly outlier: OutlierPolicy | undefined },
): EndpointFields {
  const outlier = outlierOf(spec?.outlierDetection, rule.outlier);
  const { healthCheck, subsetting } = spec ?? {};
  return {
    balancer: balancerOf(spec?.loadBalancer, rule.balancer),
    ...(outlier !== undefined && { outlier }),
    ...(healthCheck !== undefined && { health: healthOf(healthCheck) }),
    ...(subsetting !== undefined && { subsetting: subsettingFrom(subsetting) }),
  };
}

/** Where a hash or the caller says which endpoint it is, latency has no say. */
function balancerOf(spec: ResiliencePolicySpec['loadBalancer'], rule: BalancerPolicy): BalancerPolicy {
  if (spec?.peakEwma === undefined || rule.kind === 'consistent-hash' || rule.kind === 'passthrough')
    return rule;
  const warmup = 'warmup' in rule ? rule.warmup : undefined;
  return {
    kind: 'peak-ewma',
    decayMs: durationMs(spec.peakEwma.decay, DECAY_MS),
    ...(warmup !== undefined && { warmup }),
  };
}

/** Without a DestinationRule that detects outliers, nothing is counted that nobody asked for. */
const NONE_IN_A_ROW = { consecutive5xxErrors: 0, consecutiveGatewayErrors: 0 };

function outlierOf(
  spec: OutlierSpec | undefined,
  rule: OutlierPolicy | undefined,
): OutlierPolicy | undefined {
  const { successRate, failurePercentage } = spec ?? {};
  // Times and limits alone detect nothing.
  if (spec === undefined || (rule ?? successRate ?? failurePercentage) === undefined) return rule;
  const base = rule ?? outlierPolicyFrom(NONE_IN_A_ROW);
  const longest = durationMs(spec.maxEjectionTime, undefined);
  return {
    ...base,
    intervalMs: durationMs(spec.interval, base.intervalMs),
    baseEjectionTimeMs: durationMs(spec.baseEjectionTime, base.baseEjectionTimeMs),
    maxEjectionPercent: spec.maxEjectionPercent ?? base.maxEjectionPercent,
    ...(longest !== undefined && { maxEjectionTimeMs: longest }),
    ...(successRate !== undefined && {
      successRate: {
        minimumHosts: successRate.minimumHosts ?? 5,
        requestVolume: successRate.requestVolume ?? 100,
        stdevFactor: successRate.stdevFactor ?? 1.9,
        enforcingPercent: successRate.enforcingPercent ?? 100,
      },
    }),
    ...(failurePercentage !== undefined && {
      failurePercentage: {
        thresholdPercent: failurePercentage.threshold ?? 85,
        minimumHosts: failurePercentage.minimumHosts ?? 5,
        requestVolume: failurePercentage.requestVolume ?? 50,
        enforcingPercent: failurePercentage.enforcingPercent ?? 100,
      },
    }),
  };
}

function healthOf(spec: HealthCheckSpec): NonNullable<EffectiveCluster['health']> {
  const { http, grpc } = spec;
  return healthCheckFrom({
    ...(http !== undefined && {
      http: {
        path: http.path,
        method: http.method,
        expected: http.expectedStatuses?.map(({ start, end = start + 1 }) => ({ start, end })),
        headers: http.headers,
      },
    }),
    grpc,
    intervalMs: durationMs(spec.interval, undefined),
    timeoutMs: durationMs(spec.timeout, undefined),
    unhealthyThreshold: spec.unhealthyThreshold,
    healthyThreshold: spec.healthyThreshold,
    noTrafficIntervalMs: durationMs(spec.noTrafficInterval, undefined),
    unhealthyIntervalMs: durationMs(spec.unhealthyInterval, undefined),
    jitterPercent: spec.jitterPercent,
    port: spec.port,
  });
}
