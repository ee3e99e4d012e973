/** The words of `explain` about the policies of `heddle.dev/v1`. */
import { describeSubsetting } from '../traffic/balance/policy.js';
import { describeConcurrency } from '../traffic/concurrency/policy.js';
import { describeHealthCheck } from '../traffic/health/policy.js';
import { describeHedging } from '../traffic/hedge/policy.js';
import { describeStatistics } from '../traffic/outlier/policy.js';
import { describePriorities } from '../traffic/priority/policy.js';
import { describeQueue, queuePolicyFrom } from '../traffic/queue/policy.js';
import { describeRateLimit } from '../traffic/rate-limit/policy.js';
import type { EffectiveCluster, EffectiveHost, EffectiveInbound } from './effective.js';

/** What holds for every call to a host, whichever route it takes. */
export function hostSteps({ rateLimit }: Pick<EffectiveHost, 'rateLimit'>): string[] {
  return rateLimit === undefined ? [] : describeRateLimit(rateLimit);
}

/** What a ResiliencePolicy adds to a call that goes to `cluster`. */
export function clusterSteps(cluster: EffectiveCluster | undefined): string[] {
  const { deadlineMs, hedging, concurrency, outlier, health, subsetting } = cluster ?? {};
  return [
    ...(deadlineMs === undefined
      ? []
      : [`deadline: the call ends after ${deadlineMs} ms, whatever its route says`]),
    ...(hedging === undefined ? [] : [describeHedging(hedging)]),
    ...(concurrency === undefined ? [] : [describeConcurrency(concurrency)]),
    ...(subsetting === undefined ? [] : [describeSubsetting(subsetting)]),
    ...(outlier === undefined ? [] : describeStatistics(outlier)),
    ...(health === undefined ? [] : [describeHealthCheck(health)]),
  ];
}

/** What a workload does to protect itself, once an exchange may come in. */
export function inboundSteps({
  rateLimit,
  resilience,
}: Pick<EffectiveInbound, 'rateLimit' | 'resilience'>): string[] {
  const { deadlineMs, concurrency, queue, priorities } = resilience ?? {};
  return [
    ...(rateLimit === undefined ? [] : describeRateLimit(rateLimit)),
    ...(concurrency === undefined ? [] : [describeConcurrency(concurrency)]),
    ...(concurrency === undefined ? [] : [describeQueue(queue ?? queuePolicyFrom({}))]),
    ...describePriorities(priorities ?? []),
    ...(deadlineMs === undefined
      ? []
      : [`deadline: whoever is let in is answered within ${deadlineMs} ms, else with 504`]),
  ];
}
