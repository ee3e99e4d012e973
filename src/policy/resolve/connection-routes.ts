/**
 * The rules of a VirtualService for connections that are not HTTP as we see it, for one workload. Unlike those for HTTP all conditions
 * on the caller count, beside gateways too.
 * @source Istio `pilot/pkg/networking/core/tls.go`; spec traffic.md §3
 */
import { clusterName } from '../../model/cluster.js';
import type {
  ConnectionDestination,
  ConnectionMatch,
  EffectiveConnectionRoute,
} from '../../traffic/tcp-route/policy.js';
import type { TcpMatchSpec, TcpRouteSpec, TlsMatchSpec, TlsRouteSpec } from '../kinds/virtual-service.js';
import type { Scope } from '../resource.js';
import { fullGateway, fullName } from './names.js';
import type { Destinations } from './routes.js';
import type { KnownVirtualService } from './virtual-services.js';

/** `tls[]`: of two with the same conditions on a connection the first stays. A rule without a match cannot be chosen by name. */
export function tlsRoutes(
  service: KnownVirtualService,
  scope: Scope,
  known: Destinations,
): EffectiveConnectionRoute[] {
  const { namespace } = service.metadata;
  const routes: EffectiveConnectionRoute[] = [];
  const seen = new Set<string>();
  for (const [index, rule] of (service.spec.tls ?? []).entries()) {
    const destinations = destinationsOf(rule, namespace, known);
    for (const one of destinations.length === 0 ? [] : (rule.match ?? [])) {
      if (!speaksTo(one, scope, namespace)) continue;
      const match = conditions(one);
      const key = JSON.stringify(match);
      if (seen.has(key)) continue;
      seen.add(key);
      routes.push({ index, match, destinations });
    }
  }
  return routes;
}

/** `tcp[]`: nothing comes after a rule that takes every connection. */
export function tcpRoutes(
  service: KnownVirtualService,
  scope: Scope,
  known: Destinations,
): EffectiveConnectionRoute[] {
  const { namespace } = service.metadata;
  const routes: EffectiveConnectionRoute[] = [];
  for (const [index, rule] of (service.spec.tcp ?? []).entries()) {
    const destinations = destinationsOf(rule, namespace, known);
    if (destinations.length === 0) continue;
    for (const one of rule.match?.length ? rule.match : [{}]) {
      if (!speaksTo(one, scope, namespace)) continue;
      const match = conditions(one);
      const all = Object.keys(match).length === 0;
      routes.push({ index, ...(!all && { match }), destinations });
      if (all) return routes;
    }
  }
  return routes;
}

function speaksTo(match: TcpMatchSpec, scope: Scope, namespace: string): boolean {
  const here = scope.gateway ?? 'mesh';
  if (match.gateways?.length && !match.gateways.some((gateway) => fullGateway(gateway, namespace) === here))
    return false;
  if (match.sourceNamespace && match.sourceNamespace !== scope.namespace) return false;
  return Object.entries(match.sourceLabels ?? {}).every(([key, value]) => scope.labels[key] === value);
}

function conditions({ sniHosts, destinationSubnets, port }: TlsMatchSpec): ConnectionMatch {
  return {
    ...(sniHosts?.length && { sniHosts: sniHosts.map((name) => name.toLowerCase()) }),
    ...(destinationSubnets?.length && { destinationSubnets }),
    ...(port && { port }),
  };
}

/** A single destination takes all, whatever its weight; among several those of weight 0 are left out. */
function destinationsOf(
  { route = [] }: TlsRouteSpec | TcpRouteSpec,
  namespace: string,
  known: Destinations,
): ConnectionDestination[] {
  const chosen = route.length > 1 ? route.filter((entry) => (entry.weight ?? 0) > 0) : route;
  return chosen.map(({ destination, weight }) => {
    const host = fullName(destination.host, namespace);
    const port = destination.port?.number ?? known.onlyPort(host) ?? 0;
    return {
      cluster: clusterName(port, destination.subset ?? '', known.standsFor(host)),
      weight: route.length > 1 ? weight! : 100,
    };
  });
}
