/**
 * Connection routes, compiled: for each port a list of subnets, the longest first, and in each the names that clients ask for. It is how
 * Envoy looks for a filter chain: port, then address, then name; the most specific of each wins and there is no way back.
 * @source Istio `tls.go` buildSidecarOutboundTLSFilterChainOpts, buildSidecarOutboundTCPFilterChainOpts; Envoy
 * `filter_chain_manager_impl.cc`
 */

import { parseSubnet, type Subnet, subnetKey } from '../../base/ip.js';
import { clusterName, parseClusterName } from '../../model/cluster.js';
import { totalWeight } from '../split/decide.js';
import type { ConnectionDestination, EffectiveConnectionRoute } from './policy.js';

export class CompiledConnectionDestination {
  /** `outbound|PORT|SUBSET|HOST`, the port settled. */
  readonly cluster: string;
  readonly host: string;
  readonly subset: string;
  /** 0 in a route: the port that the caller addressed. Never 0 in a verdict. */
  readonly port: number;
  readonly weight: number;
  /** Made once so that deciding allocates nothing. */
  readonly verdict: ConnectionForward;
  readonly #route: CompiledConnectionRoute;
  readonly #ports: Map<number, CompiledConnectionDestination> = new Map();

  /** @throws RangeError if `cluster` is not the name of one */
  constructor(route: CompiledConnectionRoute, { weight }: ConnectionDestination, cluster: string) {
    const parts = parseClusterName(cluster);
    if (parts === undefined)
      throw new RangeError(`'${cluster}' is not the name of a cluster: expected outbound|PORT|SUBSET|HOST`);
    this.cluster = cluster;
    this.host = parts.host;
    this.subset = parts.subset;
    this.port = parts.port;
    this.weight = weight;
    this.#route = route;
    this.verdict = { kind: 'forward', route, destination: this };
  }

  /** This destination for a connection to `port`. */
  forPort(port: number): CompiledConnectionDestination {
    if (this.port !== 0) return this;
    let settled = this.#ports.get(port);
    if (settled === undefined) {
      const name = clusterName(port, this.subset, this.host);
      settled = new CompiledConnectionDestination(this.#route, { cluster: name, weight: this.weight }, name);
      this.#ports.set(port, settled);
    }
    return settled;
  }
}

export class CompiledConnectionRoute {
  readonly effective: EffectiveConnectionRoute;
  readonly index: number;
  readonly destinations: readonly CompiledConnectionDestination[];
  readonly totalWeight: number;
  readonly subnets: readonly Subnet[];
  /** Without `*`, which every name is; empty: any name, and none. */
  readonly names: readonly string[];

  /** @throws RangeError on a subnet or a cluster's name that is none, or if there is no destination */
  constructor(route: EffectiveConnectionRoute) {
    this.effective = route;
    this.index = route.index;
    if (route.destinations.length === 0) throw new RangeError('there is no destination');
    this.destinations = route.destinations.map(
      (destination) => new CompiledConnectionDestination(this, destination, destination.cluster),
    );
    this.totalWeight = totalWeight(this.destinations);
    this.subnets = (route.match?.destinationSubnets ?? []).map((text) => {
      const subnet = parseSubnet(text);
      if (subnet === null) throw new RangeError(`'${text}' is neither an address nor a CIDR block`);
      return subnet;
    });
    const names = (route.match?.sniHosts ?? []).map((name) => name.toLowerCase());
    this.names = names.includes('*') ? [] : names;
  }
}

export interface ConnectionForward {
  readonly kind: 'forward';
  readonly route: CompiledConnectionRoute;
  readonly destination: CompiledConnectionDestination;
}

/** What is asked of connections to addresses of one subnet. */
export class SubnetRoutes {
  /** null: every address, and one that is not known. */
  readonly subnet: Subnet | null;
  readonly exact: Map<string, CompiledConnectionRoute> = new Map();
  /** `.example.com`, the longest first. */
  wildcards: readonly (readonly [suffix: string, route: CompiledConnectionRoute])[] = [];
  /** Whatever the name; null: no. */
  any: CompiledConnectionRoute | null = null;

  constructor(subnet: Subnet | null) {
    this.subnet = subnet;
  }

  /** The first route that asks for the same keeps it: the later one is never reached. */
  add(route: CompiledConnectionRoute): void {
    if (route.names.length === 0) this.any ??= route;
    for (const name of route.names) {
      const suffix = name.startsWith('*') ? name.slice(1) : null;
      if (suffix === null) {
        if (!this.exact.has(name)) this.exact.set(name, route);
      } else if (!this.wildcards.some(([present]) => present === suffix))
        this.wildcards = [...this.wildcards, [suffix, route] as const].sort(
          ([one], [other]) => other.length - one.length,
        );
    }
  }
}

/** The connection routes of one host and one kind (`tls` or `tcp`). */
export interface ConnectionTable {
  readonly routes: readonly CompiledConnectionRoute[];
  /** For ports that a route asks for. */
  readonly ports: ReadonlyMap<number, readonly SubnetRoutes[]>;
  /** For all other ports. Empty: no route speaks of them. */
  readonly others: readonly SubnetRoutes[];
  /** Where connections go of which no route speaks; null: nowhere. */
  readonly fallback: CompiledConnectionRoute | null;
  /** `tcp`: a connection to an address of which no route speaks falls back too. `tls`: it has no route. */
  readonly kind: 'tls' | 'tcp';
}

export interface CompileConnections {
  readonly kind: 'tls' | 'tcp';
  /** In the order in which they are tried. */
  readonly routes: readonly EffectiveConnectionRoute[];
  /** @default none */
  readonly fallback?: EffectiveConnectionRoute;
}

/** @throws RangeError that names the route and what is wrong with it */
export function compileConnections({ kind, routes, fallback }: CompileConnections): ConnectionTable {
  const compiled = routes.map((route) => {
    try {
      return new CompiledConnectionRoute(route);
    } catch (error) {
      const because = error instanceof Error ? error.message : String(error);
      throw new RangeError(`${kind}[${route.index}]: ${because}`, { cause: error });
    }
  });
  const named = new Set(routes.flatMap(({ match }) => (match?.port === undefined ? [] : [match.port])));
  return {
    routes: compiled,
    ports: new Map([...named].map((port) => [port, subnetsOf(compiled, port)])),
    others: subnetsOf(compiled, undefined),
    fallback: fallback === undefined ? null : new CompiledConnectionRoute(fallback),
    kind,
  };
}

/** @param port undefined: one that no route asks for */
function subnetsOf(
  routes: readonly CompiledConnectionRoute[],
  port: number | undefined,
): readonly SubnetRoutes[] {
  const found = new Map<string, SubnetRoutes>();
  const into = (subnet: Subnet | null, route: CompiledConnectionRoute) => {
    const key = subnet === null ? '' : subnetKey(subnet);
    let entry = found.get(key);
    if (entry === undefined) {
      entry = new SubnetRoutes(subnet);
      found.set(key, entry);
    }
    entry.add(route);
  };
  for (const route of routes) {
    const { match } = route.effective;
    if (match?.port !== undefined && match.port !== port) continue;
    for (const subnet of route.subnets.length === 0 ? [null] : route.subnets) into(subnet, route);
    // A rule that asks for nothing takes every connection: what stands behind it is not there (Istio).
    if (route.subnets.length === 0 && match?.sniHosts === undefined) break;
  }
  return [...found.values()].sort((one, other) => (other.subnet?.bits ?? -1) - (one.subnet?.bits ?? -1));
}
