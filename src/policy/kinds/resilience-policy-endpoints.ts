/** The parts of a ResiliencePolicy that are about the endpoints of a host: which are picked, and which are taken out. */
import { z } from 'zod';
import { checkDuration, checkPercent, duration, uint } from './common.js';
import { parseDuration } from './duration.js';
import type { FieldPath, Findings } from './kind.js';
import { checkBetween } from './resilience-policy-attachment.js';

export const loadBalancer = z.strictObject({
  /** By latency and what is in flight. */
  peakEwma: z.strictObject({ decay: duration.optional() }).optional(),
});

export const subsetting = z.strictObject({
  enabled: z.boolean().optional(),
  minEndpoints: uint.optional(),
  threshold: uint.optional(),
});

/** Joins with the DestinationRule's, which stays the place of the consecutive counters. */
export const outlierDetection = z.strictObject({
  successRate: z
    .strictObject({
      minimumHosts: uint.optional(),
      requestVolume: uint.optional(),
      stdevFactor: z.number().optional(),
      enforcingPercent: z.number().optional(),
    })
    .optional(),
  failurePercentage: z
    .strictObject({
      threshold: z.number().optional(),
      minimumHosts: uint.optional(),
      requestVolume: uint.optional(),
      enforcingPercent: z.number().optional(),
    })
    .optional(),
  interval: duration.optional(),
  baseEjectionTime: duration.optional(),
  maxEjectionTime: duration.optional(),
  maxEjectionPercent: z.number().optional(),
});

export type LoadBalancerSpec = z.infer<typeof loadBalancer>;
export type SubsettingSpec = z.infer<typeof subsetting>;
export type OutlierSpec = z.infer<typeof outlierDetection>;

const MOST = 4_294_967_295;
const MOST_DEVIATIONS = 1_000;
/** @source Envoy's `max_ejection_time`; Istio's base */
const LONGEST_EJECTION_MS = 300_000;
const BASE_EJECTION_MS = 30_000;

export function checkLoadBalancer(balancer: LoadBalancerSpec | undefined, findings: Findings): void {
  if (balancer === undefined) return;
  const path = ['spec', 'loadBalancer'];
  if (balancer.peakEwma === undefined)
    findings.error(
      path,
      "it names no way to pick: set 'peakEwma'; all others are a DestinationRule's (trafficPolicy.loadBalancer)",
    );
  checkDuration(balancer.peakEwma?.decay, [...path, 'peakEwma', 'decay'], findings);
}

export function checkSubsetting(spec: SubsettingSpec | undefined, findings: Findings): void {
  if (spec === undefined) return;
  const path = ['spec', 'subsetting'];
  const { enabled, minEndpoints, threshold } = spec;
  checkBetween(minEndpoints, [1, MOST], [...path, 'minEndpoints'], findings);
  if (threshold !== undefined && threshold < (minEndpoints ?? 0))
    findings.error(
      [...path, 'threshold'],
      `${threshold} is less than minEndpoints, which is ${minEndpoints}: a list that long has no part of that size`,
    );
  for (const field of ['minEndpoints', 'threshold'] as const)
    if (enabled === false && spec[field] !== undefined)
      findings.warning([...path, field], "without effect: 'enabled' is false");
}

export function checkOutlierDetection(spec: OutlierSpec | undefined, findings: Findings): void {
  if (spec === undefined) return;
  const path = ['spec', 'outlierDetection'];
  if (Object.keys(spec).length === 0)
    findings.error(path, `it says nothing: set one of ${Object.keys(outlierDetection.shape).join(', ')}`);
  for (const field of ['interval', 'baseEjectionTime', 'maxEjectionTime'] as const)
    checkDuration(spec[field], [...path, field], findings);
  checkPercent(spec.maxEjectionPercent, [...path, 'maxEjectionPercent'], findings);
  const longest = parseDuration(spec.maxEjectionTime ?? '') ?? LONGEST_EJECTION_MS;
  const base = parseDuration(spec.baseEjectionTime ?? '') ?? BASE_EJECTION_MS;
  if (spec.maxEjectionTime !== undefined && longest < base)
    findings.warning(
      [...path, 'maxEjectionTime'],
      `it is shorter than the first ejection (${spec.baseEjectionTime ?? '30s'}), so no ejection grows`,
    );
  const { successRate, failurePercentage } = spec;
  checkStatistics(successRate, [...path, 'successRate'], findings);
  checkStatistics(failurePercentage, [...path, 'failurePercentage'], findings);
  const factor = successRate?.stdevFactor;
  if (factor !== undefined && !(factor > 0 && factor <= MOST_DEVIATIONS))
    findings.error(
      [...path, 'successRate', 'stdevFactor'],
      `${factor} is out of range: expected more than 0, to ${MOST_DEVIATIONS}`,
    );
  const threshold = failurePercentage?.threshold;
  if (threshold !== undefined && !(threshold > 0 && threshold <= 100))
    findings.error(
      [...path, 'failurePercentage', 'threshold'],
      `${threshold} is out of range: expected more than 0 (which would be every endpoint), to 100`,
    );
}

function checkStatistics(
  spec: OutlierSpec['successRate'] | OutlierSpec['failurePercentage'],
  path: FieldPath,
  findings: Findings,
): void {
  if (spec === undefined) return;
  checkBetween(spec.minimumHosts, [1, MOST], [...path, 'minimumHosts'], findings);
  checkBetween(spec.requestVolume, [1, MOST], [...path, 'requestVolume'], findings);
  checkPercent(spec.enforcingPercent, [...path, 'enforcingPercent'], findings);
}
