/**
 * The hosts that a workload can call: every visible service, and what VirtualServices speak of beside them.
 * @source Istio `httproute.go`, `push_context.go` VirtualServicesForGateway, `gateway.go`; spec traffic.md §1.2 to §1.4
 */
import type { EffectiveHost } from '../effective.js';
import { compareSpecificity, hostMatches } from '../kinds/hosts.js';
import type { VirtualServiceSpec } from '../kinds/virtual-service.js';
import type { Scope } from '../resource.js';
import { effectiveCluster } from './cluster.js';
import { clusterPolicy, DestinationRules, rulesFor } from './destination-rule.js';
import { HostIndex } from './host-index.js';
import { isCatchAll } from './matches.js';
import { exported, fullGateway, fullName, namespaceOf, shortNames } from './names.js';
import type { Prepared } from './prepare.js';
import { effectiveRateLimit } from './resilience.js';
import { type Destinations, effectiveRoutes } from './routes.js';
import type { KnownService } from './services.js';
import type { Typed } from './typed.js';

type VirtualService = Typed<VirtualServiceSpec>;

/** What one workload sees by. */
interface View {
  readonly prepared: Prepared;
  readonly scope: Scope;
  readonly claims: HostIndex<VirtualService>;
  readonly rules: DestinationRules;
  readonly destinations: Destinations;
}

export function effectiveHosts(prepared: Prepared, scope: Scope): EffectiveHost[] {
  const services = visibleServices(prepared.services, scope);
  const claims = claimedHosts(prepared.virtualServices, scope);
  const rules = new DestinationRules(prepared.destinationRules, scope);
  const destinations = destinationsOf(rules, services);
  const view: View = { prepared, scope, claims, rules, destinations };
  const hosts: EffectiveHost[] = [];
  for (const service of services.values()) hosts.push(effectiveHost(service, view));
  for (const name of hostsBeside(claims, services)) {
    const host = effectiveHost(unknownService(name), view);
    if (host.virtualService !== null) hosts.push(host);
  }
  return withoutSharedDomains(hosts);
}

/** One service a host: of the client's own namespace, else the first (Kubernetes before ServiceEntries). */
export function visibleServices(all: readonly KnownService[], scope: Scope): Map<string, KnownService> {
  const chosen = new Map<string, KnownService>();
  for (const service of all) {
    if (exported(service.exportTo, service.namespace, scope.namespace) === null) continue;
    const present = chosen.get(service.host);
    if (present === undefined) chosen.set(service.host, service);
    else if (present.namespace === service.namespace) chosen.set(service.host, withPorts(present, service));
    else if (service.namespace === scope.namespace) chosen.set(service.host, service);
  }
  return chosen;
}

function withPorts(service: KnownService, more: KnownService): KnownService {
  const numbers = new Set(service.ports.map((port) => port.number));
  const added = more.ports.filter((port) => !numbers.has(port.number));
  return added.length === 0 ? service : { ...service, ports: [...service.ports, ...added] };
}

const RANK = { private: 0, named: 1, public: 2 } as const;

/** The hosts of VirtualServices that speak to this workload; several for one host in the order in which they claim it. */
function claimedHosts(all: readonly VirtualService[], scope: Scope): HostIndex<VirtualService> {
  const here = scope.gateway ?? 'mesh';
  const ranked: { readonly rank: number; readonly service: VirtualService }[] = [];
  for (const service of all) {
    const { namespace } = service.metadata;
    const visibility = exported(service.spec.exportTo, namespace, scope.namespace);
    const gateways = service.spec.gateways?.length ? service.spec.gateways : ['mesh'];
    if (visibility === null || !gateways.some((gateway) => fullGateway(gateway, namespace) === here))
      continue;
    ranked.push({ rank: RANK[visibility], service });
  }
  const index = new HostIndex<VirtualService>();
  for (const { service } of ranked.sort((one, other) => one.rank - other.rank))
    for (const host of service.spec.hosts ?? [])
      index.add(fullName(host, service.metadata.namespace), service);
  return index;
}

/** Hosts of VirtualServices without a service; a wildcard only if no service falls under it. */
function hostsBeside(
  claims: HostIndex<VirtualService>,
  services: ReadonlyMap<string, KnownService>,
): string[] {
  const beside = claims.names().filter((host) => {
    if (services.has(host)) return false;
    return !host.startsWith('*') || ![...services.keys()].some((known) => hostMatches(host, known));
  });
  return beside.sort(compareSpecificity);
}

function unknownService(host: string): KnownService {
  return {
    host,
    namespace: namespaceOf(host) ?? '',
    ports: [],
    location: 'mesh',
    resolution: 'static',
    addresses: [],
    subjectAltNames: [],
    exportTo: undefined,
    entry: null,
  };
}

function effectiveHost(service: KnownService, view: View): EffectiveHost {
  const { scope, claims, destinations } = view;
  const { host } = service;
  const claiming = claims.best(host);
  // In the mesh the first one keeps the host; at a gateway the rules of all are put together, catch-alls last.
  const speaking = scope.gateway === undefined ? claiming.slice(0, 1) : claiming;
  const routes = speaking.flatMap((claim) => effectiveRoutes(claim, scope, destinations));
  if (speaking.length > 1) {
    const last = (route: (typeof routes)[number]) => route.match === undefined || isCatchAll(route.match);
    routes.sort((one, other) => Number(last(one)) - Number(last(other)));
  }
  return {
    host,
    domains: domainsOf(service, scope, routes.length > 0),
    ports: service.ports,
    location: service.location,
    resolution: service.resolution,
    virtualService: routes.length === 0 ? null : speaking[0]!.id,
    routes,
    clusters: clustersOf(service, view),
    ...rateLimitOf(service, view),
  };
}

/** A gateway opens what VirtualServices of its own name, and nothing else. */
function domainsOf({ host, addresses }: KnownService, scope: Scope, routed: boolean): string[] {
  if (scope.gateway !== undefined) return routed ? [host] : [];
  return [host, ...shortNames(host, scope.namespace), ...addresses];
}

function clustersOf(service: KnownService, { prepared, scope, rules }: View): EffectiveHost['clusters'] {
  const { host, namespace, ports, location, subjectAltNames } = service;
  const rule = rules.of(host, namespace);
  const resilience = rulesFor(prepared.resiliencePolicies, host, scope, namespace)[0]?.spec ?? null;
  return ports.flatMap(({ number: port }) =>
    [undefined, ...(rule?.subsets ?? [])].map((subset) =>
      effectiveCluster({
        host,
        location,
        port,
        subset,
        policy: clusterPolicy(rule, subset, port),
        resilience,
        subjectAltNames,
      }),
    ),
  );
}

function rateLimitOf(
  { host, namespace }: KnownService,
  { prepared, scope }: View,
): Pick<EffectiveHost, 'rateLimit'> {
  const limit = rulesFor(prepared.rateLimits, host, scope, namespace)[0];
  return limit === undefined ? {} : { rateLimit: effectiveRateLimit(limit) };
}

function destinationsOf(rules: DestinationRules, services: ReadonlyMap<string, KnownService>): Destinations {
  return {
    onlyPort: (host) => {
      const ports = services.get(host)?.ports;
      return ports?.length === 1 ? ports[0]!.number : undefined;
    },
    isSticky: (host, subset, port) => {
      const rule = rules.of(host, services.get(host)?.namespace);
      const part = rule?.subsets.find((candidate) => candidate.name === subset);
      return clusterPolicy(rule, part, port).loadBalancer?.consistentHash !== undefined;
    },
  };
}

/** A name belongs to one host: to the one that is called so in full, else to the first that has it as another name. */
function withoutSharedDomains(hosts: readonly EffectiveHost[]): EffectiveHost[] {
  const owners = new Map<string, string>();
  for (const { host } of hosts) owners.set(host, host);
  for (const { host, domains } of hosts)
    for (const domain of domains) if (!owners.has(domain)) owners.set(domain, host);
  return hosts.map((host) => ({
    ...host,
    domains: host.domains.filter((domain) => owners.get(domain) === host.host),
  }));
}
