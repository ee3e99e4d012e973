/**
 * Metrics and access logs by provider. A list of providers replaces the one that stood before; what is said of a provider that the
 * last list does not name counts for nothing.
 * @source Istio `pilot/pkg/model/telemetry.go` mergeLogs, mergeMetrics
 */
import type { AccessLogPolicy, MetricOverride, MetricsPolicy } from '../effective.js';
import { durationMs } from '../kinds/duration.js';
import type { AccessLoggingSpec, MetricsSpec } from '../kinds/telemetry.js';
import { compareText } from './order.js';

export type Side = 'CLIENT' | 'SERVER';

/** Stands for the process's own provider, which holds where nobody names one. */
const OWN: readonly string[] = [''];

interface Providing {
  readonly providers?: readonly { readonly name?: string | undefined }[] | undefined;
}

function named({ providers }: Providing): string[] {
  return (providers ?? []).flatMap(({ name }) => name || []);
}

function isAbout(match: { readonly mode?: string | undefined } | undefined, side: Side): boolean {
  return match?.mode === undefined || match.mode === 'CLIENT_AND_SERVER' || match.mode === side;
}

/** @param levels of the mesh, the namespace, the workload */
export function mergeAccessLogs(
  levels: readonly (readonly AccessLoggingSpec[])[],
  side: Side,
): AccessLogPolicy[] {
  let inScope: ReadonlySet<string> = new Set(OWN);
  const filters = new Map<string, string | undefined>();
  for (const level of levels) {
    const heard = level.filter(({ match }) => isAbout(match, side));
    for (const one of heard) for (const name of named(one)) filters.set(name, one.filter?.expression);
    const names = new Set(heard.flatMap(named));
    if (names.size > 0) inScope = names;
  }
  const merged = new Map<string, AccessLogPolicy>();
  let before: readonly string[] = OWN;
  for (const one of levels.flat()) {
    const names = named(one);
    const providers = names.length > 0 ? names : before;
    before = providers;
    if (!isAbout(one.match, side)) continue;
    for (const provider of providers) {
      if (!inScope.has(provider)) continue;
      const filter = filters.has(provider) ? filters.get(provider) : one.filter?.expression;
      merged.set(
        provider,
        one.disabled === true ? { provider, disabled: true } : { provider, ...(filter && { filter }) },
      );
    }
  }
  return sorted(merged);
}

const ALL_METRICS = [
  'GRPC_REQUEST_MESSAGES',
  'GRPC_RESPONSE_MESSAGES',
  'REQUEST_COUNT',
  'REQUEST_DURATION',
  'REQUEST_SIZE',
  'RESPONSE_SIZE',
  'TCP_CLOSED_CONNECTIONS',
  'TCP_OPENED_CONNECTIONS',
  'TCP_RECEIVED_BYTES',
  'TCP_SENT_BYTES',
];

interface Building {
  none: boolean;
  intervalMs: number | undefined;
  readonly metrics: Map<string, { disabled: boolean; readonly tags: Map<string, string | null> }>;
}

export function mergeMetrics(all: readonly MetricsSpec[], side: Side): MetricsPolicy[] {
  const last = all.map(named).findLast((names) => names.length > 0);
  const inScope = new Set(last ?? OWN);
  const built = new Map<string, Building>();
  let before: readonly string[] = OWN;
  for (const one of all) {
    const names = named(one);
    const providers = names.length > 0 ? names : before;
    before = providers;
    for (const provider of providers) {
      if (!inScope.has(provider)) continue;
      const building = built.get(provider) ?? { none: false, intervalMs: undefined, metrics: new Map() };
      built.set(provider, building);
      if (one.reportingInterval !== undefined)
        building.intervalMs = durationMs(one.reportingInterval, undefined);
      for (const override of one.overrides ?? [])
        if (isAbout(override.match, side)) addOverride(building, override);
    }
  }
  return sorted(
    new Map([...built].map(([provider, building]) => [provider, finished(provider, building)] as const)),
  );
}

function addOverride(
  building: Building,
  { match, disabled, tagOverrides = {} }: NonNullable<MetricsSpec['overrides']>[number],
): void {
  const all =
    match?.customMetric === undefined && (match?.metric === undefined || match.metric === 'ALL_METRICS');
  // All of them off is the provider off; anything that is said later switches it on again.
  building.none = all && disabled === true;
  if (building.none) return;
  for (const metric of all ? ALL_METRICS : [match?.customMetric ?? match!.metric!]) {
    const known = building.metrics.get(metric) ?? { disabled: false, tags: new Map() };
    if (disabled !== undefined) known.disabled = disabled;
    for (const [tag, { operation, value }] of Object.entries(tagOverrides))
      known.tags.set(tag, operation === 'REMOVE' ? null : (value ?? ''));
    building.metrics.set(metric, known);
  }
}

function finished(provider: string, { none, intervalMs, metrics }: Building): MetricsPolicy {
  const overrides = [...metrics]
    .sort(([one], [other]) => compareText(one, other))
    .map(
      ([metric, { disabled, tags }]): MetricOverride => ({
        metric,
        ...(disabled && { disabled: true as const }),
        ...(tags.size > 0 && { tags: Object.fromEntries([...tags].sort(([a], [b]) => compareText(a, b))) }),
      }),
    );
  return {
    provider,
    ...(none && { disabled: true as const }),
    ...(intervalMs !== undefined && { reportingIntervalMs: intervalMs }),
    overrides: none ? [] : overrides,
  };
}

function sorted<Item>(byProvider: ReadonlyMap<string, Item>): Item[] {
  return [...byProvider].sort(([one], [other]) => compareText(one, other)).map(([, item]) => item);
}
