/**
 * The rules of a VirtualService as routes: one for each rule and match, for one workload.
 * @source Istio `route.go` BuildHTTPRoutesForVirtualService, sourceMatchHTTP; spec traffic.md §2
 */
import { clusterName } from '../../model/cluster.js';
import type { FaultPolicy } from '../../traffic/fault/policy.js';
import type { MirrorPolicy } from '../../traffic/mirror/policy.js';
import { retryPolicyFrom } from '../../traffic/retry/policy.js';
import type {
  CorsPolicy,
  EffectiveRoute,
  RouteAction,
  RouteDestination,
} from '../../traffic/route/policy.js';
import { decodeText } from '../kinds/base64.js';
import type { DestinationSpec } from '../kinds/common.js';
import { durationMs } from '../kinds/duration.js';
import type { HttpMatchSpec, HttpRouteSpec } from '../kinds/virtual-service.js';
import type { Scope } from '../resource.js';
import { effectiveHeaders, effectiveMatch, isCatchAll, stringMatch } from './matches.js';
import { fullGateway, fullName } from './names.js';
import type { KnownVirtualService } from './virtual-services.js';

/** What routes ask about destinations. */
export interface Destinations {
  /** What a host stands for: itself, unless it is another name of a service. */
  standsFor(host: string): string;
  /** The only port of a known service; undefined if there are several, or the service is not known. */
  onlyPort(host: string): number | undefined;
  /** Is the cluster sticky? Its retries then stay where the hash points. */
  isSticky(host: string, subset: string, port: number): boolean;
}

/** Empty: the VirtualService has nothing to say to this workload. */
export function effectiveRoutes(
  service: KnownVirtualService,
  scope: Scope,
  destinations: Destinations,
): EffectiveRoute[] {
  const routes: EffectiveRoute[] = [];
  const { namespace } = service.metadata;
  for (const { index, rule, delegate } of service.rules) {
    const action = effectiveAction(rule, namespace, destinations);
    if (action === null) continue;
    const common = commonParts(rule, action, namespace, destinations);
    const matches: readonly (HttpMatchSpec | null)[] = rule.match?.length ? rule.match : [null];
    for (const match of matches) {
      if (match !== null && !appliesTo(match, scope, namespace)) continue;
      const conditions = match === null ? undefined : effectiveMatch(match);
      const name = `${rule.name ?? ''}${match?.name ? `.${match.name}` : ''}`;
      routes.push({
        index,
        name: name === '' ? null : name,
        ...(delegate !== undefined && { delegate }),
        ...(conditions !== undefined && { match: conditions }),
        action,
        ...common,
      });
      // Nothing behind it can be reached.
      if (conditions === undefined || isCatchAll(conditions)) return routes;
    }
  }
  return routes;
}

/** A list of gateways masks the conditions on the caller's labels and namespace: only membership is asked then. */
function appliesTo(match: HttpMatchSpec, scope: Scope, namespace: string): boolean {
  const here = scope.gateway ?? 'mesh';
  if (match.gateways !== undefined && match.gateways.length > 0)
    return match.gateways.some((gateway) => fullGateway(gateway, namespace) === here);
  if (match.sourceNamespace && match.sourceNamespace !== scope.namespace) return false;
  return Object.entries(match.sourceLabels ?? {}).every(([key, value]) => scope.labels[key] === value);
}

function effectiveAction(rule: HttpRouteSpec, namespace: string, known: Destinations): RouteAction | null {
  const { redirect, directResponse } = rule;
  if (redirect !== undefined) {
    const port = redirect.derivePort ?? (redirect.port || undefined);
    return {
      kind: 'redirect',
      status: redirect.redirectCode || 301,
      ...(redirect.uri && { uri: redirect.uri }),
      ...(redirect.prefixRewrite && { prefixRewrite: redirect.prefixRewrite }),
      ...(redirect.authority && { authority: redirect.authority }),
      ...(redirect.scheme && { scheme: redirect.scheme }),
      ...(port !== undefined && { port }),
    };
  }
  if (directResponse !== undefined) {
    const { body } = directResponse;
    const bytes = body?.bytes === undefined ? '' : (decodeText(body.bytes) ?? '');
    return { kind: 'directResponse', status: directResponse.status, body: body?.string ?? bytes };
  }
  const destinations = effectiveDestinations(rule, namespace, known);
  if (destinations.length === 0) return null;
  const alone = destinations.length === 1 && (rule.route ?? []).length > 1;
  return { kind: 'forward', destinations, ...(alone && { weighted: true as const }) };
}

/** A single destination takes all, whatever its weight; among several those of weight 0 are left out. */
function effectiveDestinations(
  rule: HttpRouteSpec,
  namespace: string,
  known: Destinations,
): RouteDestination[] {
  const entries = rule.route ?? [];
  const chosen = entries.length > 1 ? entries.filter((entry) => (entry.weight ?? 0) > 0) : entries;
  return chosen.map((entry) => {
    const headers = effectiveHeaders(entry.headers);
    return {
      cluster: destinationCluster(entry.destination, namespace, known),
      weight: entries.length > 1 ? entry.weight! : 100,
      ...(headers !== undefined && { headers }),
    };
  });
}

/** The port: as written, else the service's only one, else (0) the one that the caller addressed. */
function destinationCluster(target: DestinationSpec, namespace: string, known: Destinations): string {
  const host = fullName(target.host, namespace);
  const port = target.port?.number ?? known.onlyPort(host) ?? 0;
  return clusterName(port, target.subset ?? '', known.standsFor(host));
}

function commonParts(
  rule: HttpRouteSpec,
  action: RouteAction,
  namespace: string,
  known: Destinations,
): Omit<EffectiveRoute, 'index' | 'name' | 'match' | 'action'> {
  const headers = effectiveHeaders(rule.headers);
  const mirrors = effectiveMirrors(rule, namespace, known);
  const fault = effectiveFault(rule.fault);
  const { rewrite } = rule;
  const regex = rewrite?.uriRegexRewrite;
  const forward = action.kind === 'forward';
  return {
    ...(rewrite !== undefined && {
      rewrite: {
        ...(rewrite.uri && { uri: rewrite.uri }),
        ...(regex !== undefined && { uriRegex: { match: regex.match ?? '', rewrite: regex.rewrite ?? '' } }),
        ...(rewrite.authority && { authority: rewrite.authority }),
      },
    }),
    ...(headers !== undefined && { headers }),
    // 0 is refused by validation; delivered nevertheless it means "none" (Istio).
    timeoutMs: durationMs(rule.timeout, null) || null,
    retries: forward ? effectiveRetries(rule, namespace, known) : null,
    ...(fault !== undefined && { fault }),
    ...(mirrors.length > 0 && { mirrors }),
    ...(rule.corsPolicy !== undefined && { cors: effectiveCors(rule.corsPolicy) }),
  };
}

function effectiveRetries(
  rule: HttpRouteSpec,
  namespace: string,
  known: Destinations,
): EffectiveRoute['retries'] {
  const { retries } = rule;
  const policy = retryPolicyFrom(
    retries && {
      attempts: retries.attempts,
      perTryTimeoutMs: durationMs(retries.perTryTimeout, undefined),
      retryOn: retries.retryOn,
      retryIgnorePreviousHosts: retries.retryIgnorePreviousHosts,
      retryRemoteLocalities: retries.retryRemoteLocalities,
      backoffMs: durationMs(retries.backoff, undefined),
    },
  );
  const only = rule.route?.length === 1 ? rule.route[0]!.destination : undefined;
  if (policy === null || only === undefined || retries?.retryIgnorePreviousHosts !== undefined) return policy;
  const host = fullName(only.host, namespace);
  const port = only.port?.number ?? known.onlyPort(host) ?? 0;
  return known.isSticky(host, only.subset ?? '', port) ? { ...policy, ignorePreviousHosts: false } : policy;
}

function effectiveMirrors(rule: HttpRouteSpec, namespace: string, known: Destinations): MirrorPolicy[] {
  const mirrors: MirrorPolicy[] = [];
  const add = (target: DestinationSpec, percentage: number) => {
    if (percentage > 0) mirrors.push({ cluster: destinationCluster(target, namespace, known), percentage });
  };
  if (rule.mirror !== undefined) {
    const percentage =
      rule.mirrorPercentage === undefined
        ? (rule.mirrorPercent ?? rule.mirror_percent)
        : (rule.mirrorPercentage.value ?? 0);
    add(rule.mirror, percentage ?? 100);
  }
  for (const { destination, percentage } of rule.mirrors ?? [])
    if (destination !== undefined) add(destination, percentage === undefined ? 100 : (percentage.value ?? 0));
  return mirrors;
}

function effectiveFault(fault: HttpRouteSpec['fault']): FaultPolicy | undefined {
  if (fault === undefined) return undefined;
  const { delay, abort } = fault;
  return {
    ...(delay !== undefined && {
      delay: {
        percent: delay.percentage === undefined ? (delay.percent ?? 0) : (delay.percentage.value ?? 0),
        fixedDelayMs: durationMs(delay.fixedDelay, 0),
      },
    }),
    ...(abort !== undefined && {
      abort: {
        percent: abort.percentage?.value ?? 0,
        ...(abort.httpStatus !== undefined && { httpStatus: abort.httpStatus }),
        ...(abort.grpcStatus !== undefined && { grpcStatus: abort.grpcStatus }),
      },
    }),
  };
}

function effectiveCors(cors: NonNullable<HttpRouteSpec['corsPolicy']>): CorsPolicy {
  const age = durationMs(cors.maxAge, null);
  return {
    allowOrigins: [
      ...(cors.allowOrigins ?? []).map(stringMatch),
      ...(cors.allowOrigin ?? []).map((exact) => ({ exact })),
    ],
    allowMethods: cors.allowMethods ?? [],
    allowHeaders: cors.allowHeaders ?? [],
    exposeHeaders: cors.exposeHeaders ?? [],
    maxAgeSeconds: age === null ? null : Math.floor(age / 1000),
    allowCredentials: cors.allowCredentials ?? false,
    unmatchedPreflights: cors.unmatchedPreflights === 'IGNORE' ? 'IGNORE' : 'FORWARD',
  };
}
