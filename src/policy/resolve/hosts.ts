/**
 * One host as a workload may call it: a visible service, or a name that VirtualServices speak of beside the services.
 * @source Istio `httproute.go`, `push_context.go` VirtualServicesForGateway, `gateway.go`; spec traffic.md §1.2 to §1.4
 */
import type { EffectiveRoute } from '../../traffic/route/policy.js';
import type { EffectiveHost } from '../effective.js';
import type { Scope } from '../resource.js';
import { effectiveCluster } from './cluster.js';
import { clusterPolicy, type DestinationRules } from './destination-rule.js';
import { firstRule } from './host-rules.js';
import type { KnownService } from './known-service.js';
import { namespaceOf, shortNames } from './names.js';
import type { Prepared } from './prepare.js';
import { effectiveRateLimit } from './resilience.js';
import type { Destinations } from './routes.js';
import { spokenFor } from './speaking.js';
import type { KnownVirtualService } from './virtual-services.js';

/** A service that a workload sees. */
export interface SeenService {
  readonly service: KnownService;
  /** May it be called by its names? Else only rules lead to it. */
  readonly open: boolean;
}

/** What one workload sees by. */
export interface View {
  readonly prepared: Prepared;
  readonly scope: Scope;
  readonly rules: DestinationRules;
  service(host: string): SeenService | undefined;
  /** Do the rules speak to this workload of `host`, which they call `name`? */
  hears(routes: KnownVirtualService, name: string, host: string): boolean;
  /** What the gateway itself, where the workload is one, does with calls to the host before any rule is asked. */
  gatewayRoutes(host: string): readonly EffectiveRoute[];
}

export interface ResolvedHost {
  readonly host: EffectiveHost;
  /** The other hosts that were asked about: if they change, this one may. */
  readonly asked: ReadonlySet<string>;
}

/** @param service undefined: there is none of this name, and it is no host unless a VirtualService speaks for it */
export function resolveHost(
  name: string,
  seen: SeenService | undefined,
  view: View,
): ResolvedHost | undefined {
  const { prepared, scope } = view;
  const service = seen?.service ?? unknownService(name);
  const asked = new Set<string>();
  const known = destinationsOf(view, asked);
  const { byHost } = prepared.virtualServices;
  const about = { host: service.host, ports: service.ports, known: seen !== undefined };
  const spoken = spokenFor(about, { byHost, scope, hears: view.hears }, known);
  const { virtualService, tls, tcp } = spoken;
  const routes = [...view.gatewayRoutes(service.host), ...spoken.routes];
  const routed = routes.length + tls.length + tcp.length > 0;
  if (seen === undefined && !routed) return undefined;
  const limit = firstRule(prepared.rateLimits, service.host, scope, service.namespace);
  const host: EffectiveHost = {
    host: service.host,
    domains:
      seen?.open === false ? [] : domainsOf(service, aliasesOf(service.host, view, asked), scope, routed),
    ports: service.ports,
    location: service.location,
    resolution: service.resolution,
    virtualService,
    routes,
    ...(tls.length > 0 && { tls }),
    ...(tcp.length > 0 && { tcp }),
    clusters: clustersOf(service, view),
    ...(limit !== undefined && { rateLimit: effectiveRateLimit(limit) }),
  };
  return { host, asked };
}

function unknownService(host: string): KnownService {
  const namespace = namespaceOf(host) ?? '';
  return {
    host,
    namespace,
    ports: [],
    location: 'mesh',
    resolution: 'static',
    addresses: [],
    subjectAltNames: [],
    exportTo: undefined,
    entry: null,
    order: { rank: 2, metadata: { name: host, namespace }, index: 0 },
  };
}

/** A gateway opens what VirtualServices of its own name, and nothing else. */
function domainsOf(
  { host, addresses }: KnownService,
  aliases: readonly string[],
  scope: Scope,
  routed: boolean,
): string[] {
  if (scope.gateway !== undefined) return routed ? [host] : [];
  const names = [host, ...aliases].flatMap((name) => [name, ...shortNames(name, scope.namespace)]);
  return [...new Set([...names, ...addresses])];
}

/** Other names of the host. One of which a VirtualService speaks is a host of its own. */
function aliasesOf(host: string, { prepared, scope, hears }: View, asked: Set<string>): string[] {
  if (scope.gateway !== undefined) return [];
  const { services, virtualServices } = prepared;
  return services.aliases.of(host).filter((alias) => {
    asked.add(alias);
    return !virtualServices.byHost.get(alias).some((routes) => hears(routes, alias, alias));
  });
}

function clustersOf(service: KnownService, { prepared, scope, rules }: View): EffectiveHost['clusters'] {
  const { host, namespace, ports, location, subjectAltNames } = service;
  const rule = rules.of(host, namespace);
  const resilience = firstRule(prepared.resiliencePolicies, host, scope, namespace)?.spec ?? null;
  return ports.flatMap(({ number: port, protocol }) =>
    [undefined, ...(rule?.subsets ?? [])].map((subset) =>
      effectiveCluster({
        host,
        location,
        port,
        protocol,
        subset,
        policy: clusterPolicy(rule, subset, port),
        resilience,
        subjectAltNames,
      }),
    ),
  );
}

function destinationsOf({ prepared, rules, service }: View, asked: Set<string>): Destinations {
  const { aliases } = prepared.services;
  const seen = (host: string) => {
    asked.add(host);
    return service(host)?.service;
  };
  return {
    standsFor: (host) => {
      asked.add(host);
      return aliases.standsFor(host) ?? host;
    },
    onlyPort: (host) => {
      const ports = aliases.get(host)?.service.ports ?? seen(host)?.ports;
      return ports?.length === 1 ? ports[0]!.number : undefined;
    },
    isSticky: (name, subset, port) => {
      const host = aliases.standsFor(name) ?? name;
      const rule = rules.of(host, seen(host)?.namespace);
      const part = rule?.subsets.find((candidate) => candidate.name === subset);
      return clusterPolicy(rule, part, port).loadBalancer?.consistentHash !== undefined;
    },
  };
}
