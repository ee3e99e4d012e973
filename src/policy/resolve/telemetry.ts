/**
 * Telemetry for one workload: the mesh's, then its namespace's, then those that select it; what comes later wins.
 * @source Istio `pilot/pkg/model/telemetry.go` applicableTelemetries, Tracing; spec observability.md §5
 */
import type { CustomTag, EffectiveTelemetry, TelemetrySide, TracingPolicy } from '../effective.js';
import type { AccessLoggingSpec, MetricsSpec, TelemetrySpec, TracingSpec } from '../kinds/telemetry.js';
import type { Scope } from '../resource.js';
import { selectsLabels } from './inbound.js';
import { ROOT_NAMESPACE } from './names.js';
import { mergeAccessLogs, mergeMetrics, type Side } from './telemetry-providers.js';
import type { Typed } from './typed.js';

/** @param of those of a namespace, oldest first @returns undefined: none speaks of this workload */
export function effectiveTelemetry(
  scope: Scope,
  of: (namespace: string) => readonly Typed<TelemetrySpec>[],
): EffectiveTelemetry | undefined {
  const levels = levelsFor(scope, of).map(({ spec }) => spec);
  if (levels.length === 0) return undefined;
  return { client: sideOf(levels, 'CLIENT'), server: sideOf(levels, 'SERVER') };
}

/** One for the mesh and one for the namespace, the oldest of each, and all that select the workload. */
function levelsFor(
  scope: Scope,
  of: (namespace: string) => readonly Typed<TelemetrySpec>[],
): Typed<TelemetrySpec>[] {
  const wide = ({ spec }: Typed<TelemetrySpec>) =>
    Object.keys(spec.selector?.matchLabels ?? {}).length === 0 && !hasTarget(spec);
  const namespaces =
    scope.namespace === ROOT_NAMESPACE ? [ROOT_NAMESPACE] : [ROOT_NAMESPACE, scope.namespace];
  const selecting = of(scope.namespace).filter(
    (one) => !wide(one) && !hasTarget(one.spec) && selectsLabels(one.spec, scope),
  );
  return [...namespaces.flatMap((namespace) => of(namespace).find(wide) ?? []), ...selecting];
}

/** With targets it is for gateways and waypoints. */
function hasTarget({ targetRef, targetRefs }: TelemetrySpec): boolean {
  return targetRef !== undefined || (targetRefs ?? []).length > 0;
}

function sideOf(levels: readonly TelemetrySpec[], side: Side): TelemetrySide {
  const tracing = levels.flatMap((level) => level.tracing ?? []);
  const metrics: readonly MetricsSpec[] = levels.flatMap((level) => level.metrics ?? []);
  const logs: (readonly AccessLoggingSpec[])[] = levels.flatMap(({ accessLogging }) =>
    accessLogging?.length ? [accessLogging] : [],
  );
  return {
    ...(tracing.length > 0 && { tracing: mergeTracing(tracing, side) }),
    ...(metrics.length > 0 && { metrics: mergeMetrics(metrics, side) }),
    ...(logs.length > 0 && { accessLogging: mergeAccessLogs(logs, side) }),
  };
}

/** Field by field; lists and tables are replaced, not merged. */
function mergeTracing(all: readonly TracingSpec[], side: Side): TracingPolicy {
  let merged: TracingPolicy = {};
  for (const one of all) {
    if (!(one.match?.mode === undefined || one.match.mode === 'CLIENT_AND_SERVER' || one.match.mode === side))
      continue;
    const provider = one.providers?.[0]?.name;
    const { reportingDisabled, propagationDisabled, ...rest } = merged;
    const quiet = one.disableSpanReporting ?? reportingDisabled;
    const apart = one.disableContextPropagation ?? propagationDisabled;
    merged = {
      ...rest,
      ...(provider && { provider }),
      ...(one.randomSamplingPercentage !== undefined && { samplingPercent: one.randomSamplingPercentage }),
      ...(one.useRequestIdForTraceSampling !== undefined && {
        useRequestIdForSampling: one.useRequestIdForTraceSampling,
      }),
      ...(one.enableIstioTags !== undefined && { istioTags: one.enableIstioTags }),
      ...(one.customTags !== undefined && { customTags: customTags(one.customTags) }),
      ...(quiet === true && { reportingDisabled: true as const }),
      ...(apart === true && { propagationDisabled: true as const }),
    };
  }
  return merged;
}

function customTags(tags: NonNullable<TracingSpec['customTags']>): Record<string, CustomTag> {
  return Object.fromEntries(
    Object.entries(tags).flatMap(([name, tag]) => {
      const made = customTag(tag);
      return made === undefined ? [] : [[name, made]];
    }),
  );
}

function customTag(tag: NonNullable<TracingSpec['customTags']>[string]): CustomTag | undefined {
  const { literal, environment, header, formatter } = tag;
  const otherwise = (value: string | undefined) => (value === undefined ? {} : { defaultValue: value });
  if (literal !== undefined) return { literal: literal.value ?? '' };
  if (environment !== undefined)
    return { environment: environment.name ?? '', ...otherwise(environment.defaultValue) };
  if (header !== undefined)
    return { header: (header.name ?? '').toLowerCase(), ...otherwise(header.defaultValue) };
  return formatter === undefined ? undefined : { formatter: formatter.value ?? '' };
}
