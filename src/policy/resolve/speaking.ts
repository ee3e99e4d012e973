/**
 * Which VirtualServices speak for a host to a workload, and what they say in one table.
 * @source Istio `httproute.go`, `route.go` separateVSHostsAndServices, `tls.go` getConfigsForHost, `core/gateway.go`
 *   buildGatewayHTTPRouteConfig; spec traffic.md §1.4
 */
import type { EffectiveRoute } from '../../traffic/route/policy.js';
import type { EffectiveConnectionRoute } from '../../traffic/tcp-route/policy.js';
import type { ServicePort } from '../effective.js';
import type { Scope } from '../resource.js';
import { tcpRoutes, tlsRoutes } from './connection-routes.js';
import type { HostIndex } from './host-index.js';
import { isCatchAll } from './matches.js';
import { exported } from './names.js';
import { compareAge } from './order.js';
import { type Destinations, effectiveRoutes } from './routes.js';
import type { KnownVirtualService } from './virtual-services.js';

export interface Listening {
  readonly byHost: HostIndex<KnownVirtualService>;
  readonly scope: Scope;
  /** Do the rules speak to this workload of `host`, which they call `name`? */
  hears(routes: KnownVirtualService, name: string, host: string): boolean;
}

/** The host that is asked about. */
export interface Asked {
  readonly host: string;
  readonly ports: readonly ServicePort[];
  /** Is there a service of that name? */
  readonly known: boolean;
}

export interface Spoken {
  /** `ns/name` of the one behind all rules that name no other; null: nobody speaks. */
  readonly virtualService: string | null;
  readonly routes: readonly EffectiveRoute[];
  readonly tls: readonly EffectiveConnectionRoute[];
  readonly tcp: readonly EffectiveConnectionRoute[];
}

export function spokenFor(asked: Asked, listening: Listening, known: Destinations): Spoken {
  const { scope } = listening;
  const all = claiming(asked, listening);
  if (all.length === 0) return { virtualService: null, routes: [], tls: [], tcp: [] };
  const http =
    scope.gateway === undefined
      ? meshRoutes(closest(asked, listening), asked, (one) => effectiveRoutes(one, scope, known))
      : gatewayRoutes(all.map((one) => byOne(one, effectiveRoutes(one, scope, known))));
  const tls = all.flatMap((one) => byOne(one, tlsRoutes(one, scope, known)));
  const tcp = all.flatMap((one) => byOne(one, tcpRoutes(one, scope, known)));
  const virtualService = (http[0] ?? tls[0] ?? tcp[0])?.virtualService ?? null;
  return {
    virtualService,
    routes: http.map((route) => unlessBy(virtualService, route)),
    tls: tls.map((route) => unlessBy(virtualService, route)),
    tcp: tcp.map((route) => unlessBy(virtualService, route)),
  };
}

type By<Route> = Route & { readonly virtualService: string };

function byOne<Route extends object>({ id }: KnownVirtualService, routes: readonly Route[]): By<Route>[] {
  return routes.map((route) => ({ ...route, virtualService: id }));
}

function unlessBy<Route extends object>(speaker: string | null, route: By<Route>): Route {
  if (route.virtualService !== speaker) return route;
  const { virtualService: _speaker, ...rest } = route;
  return rest as unknown as Route;
}

const RANK = { private: 0, named: 1, public: 2 } as const;

/** What is private to the caller's namespace goes first, then what is shown to it by name, then what is shown to all. */
function inOrder(list: readonly KnownVirtualService[], { namespace }: Scope): KnownVirtualService[] {
  const rank = ({ spec, metadata }: KnownVirtualService) =>
    RANK[exported(spec.exportTo, metadata.namespace, namespace) ?? 'public'];
  return [...list].sort((one, other) => rank(one) - rank(other) || compareAge(one, other));
}

/** All that have a name for the host, however wide; in the mesh wide names are for services only. */
function claiming({ host, known }: Asked, { byHost, hears, scope }: Listening): KnownVirtualService[] {
  const found = new Set<KnownVirtualService>();
  const names = known || scope.gateway !== undefined ? byHost.covering(host) : [host];
  for (const name of names) for (const one of byHost.get(name)) if (hears(one, name, host)) found.add(one);
  return inOrder([...found], scope);
}

/** Those with the closest name. Of a wildcard over a service only the first counts (Istio). */
function closest({ host, known }: Asked, { byHost, hears, scope }: Listening): KnownVirtualService[] {
  const list = inOrder(
    byHost.best(host, (one, name) => hears(one, name, host)),
    scope,
  );
  const wide = host.startsWith('*') ? known : !list.some(({ hosts }) => hosts.includes(host));
  return wide ? list.slice(0, 1) : list;
}

/** The first that has routes for a port keeps the port. */
function meshRoutes(
  list: readonly KnownVirtualService[],
  { ports }: Asked,
  routesOf: (one: KnownVirtualService) => readonly EffectiveRoute[],
): By<EffectiveRoute>[] {
  const kept: By<EffectiveRoute>[] = [];
  const taken = new Set<number>();
  for (const one of list) {
    const own = byOne(one, routesOf(one)).flatMap((route) => onOtherPorts(route, taken, ports));
    kept.push(...own);
    if (own.some(({ match }) => match?.port === undefined)) break;
    for (const { match } of own) taken.add(match!.port!);
  }
  return kept;
}

function onOtherPorts<Route extends EffectiveRoute>(
  route: Route,
  taken: ReadonlySet<number>,
  ports: readonly ServicePort[],
): Route[] {
  const { match } = route;
  if (match?.port !== undefined) return taken.has(match.port) ? [] : [route];
  if (taken.size === 0) return [route];
  const left = ports.filter(({ number }) => !taken.has(number));
  return left.map(({ number }) => ({ ...route, match: { ...match, port: number } }));
}

/** The rules of all; those that take everything come last. */
function gatewayRoutes(tables: readonly By<EffectiveRoute>[][]): By<EffectiveRoute>[] {
  if (tables.length < 2) return tables[0] ?? [];
  return tables.flat().sort((one, other) => Number(takesAll(one)) - Number(takesAll(other)));
}

/** The port is not asked of a call but of the listener (Istio). */
function takesAll({ match = {} }: EffectiveRoute): boolean {
  const { port: _listener, ...rest } = match;
  return Object.keys(rest).length === 0 || isCatchAll(rest);
}
