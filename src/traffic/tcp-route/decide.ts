/**
 * Where a connection goes that is not HTTP as we see it. Pure, and without an allocation.
 * @source Envoy `filter_chain_manager_impl.cc` findFilterChain; spec traffic.md §3
 */

import { contains, type Groups } from '../../base/ip.js';
import type { Random } from '../../base/random.js';
import { pickWeighted } from '../split/decide.js';
import type { CompiledConnectionRoute, ConnectionForward, ConnectionTable, SubnetRoutes } from './compile.js';

export interface ConnectionFacts {
  /** The port that the caller addressed. */
  readonly port: number;
  /** Name that the client asks for (TLS), lower case; null: none. */
  readonly sni: string | null;
  /** Address that the caller addressed, as `parseIp` gives it; null: a name that nobody has looked up. */
  readonly destination: Groups | null;
}

export type ConnectionVerdict =
  | ConnectionForward
  /** There are rules for this port, and none is for this connection: it is closed, flag NR. */
  | { readonly kind: 'noRoute'; readonly because: 'no-route-matched' };

const NO_ROUTE: ConnectionVerdict = { kind: 'noRoute', because: 'no-route-matched' };

/** The route is drawn once a connection. */
export function decideConnection(
  table: ConnectionTable,
  facts: ConnectionFacts,
  random: Random,
): ConnectionVerdict {
  const subnets = table.ports.get(facts.port) ?? table.others;
  const route = findRoute(subnets, facts);
  if (route !== null) return conclude(route, facts.port, random);
  // TLS to a port of which no rule speaks goes to the service; where rules speak, a name that they do not know goes nowhere.
  if (table.fallback !== null && (table.kind === 'tcp' || subnets.length === 0))
    return conclude(table.fallback, facts.port, random);
  return NO_ROUTE;
}

/** The most specific subnet decides alone: if it has no route for the name, a wider one is not asked (Envoy). */
function findRoute(subnets: readonly SubnetRoutes[], facts: ConnectionFacts): CompiledConnectionRoute | null {
  for (const entry of subnets) {
    const inside =
      entry.subnet === null || (facts.destination !== null && contains(entry.subnet, facts.destination));
    if (inside) return routeForName(entry, facts.sni);
  }
  return null;
}

/** The exact name, else the longest wildcard above it, else the route that asks for no name. */
function routeForName(entry: SubnetRoutes, sni: string | null): CompiledConnectionRoute | null {
  if (sni === null) return entry.any;
  const exact = entry.exact.get(sni);
  if (exact !== undefined) return exact;
  for (const wildcard of entry.wildcards)
    if (sni.length > wildcard[0].length && sni.endsWith(wildcard[0])) return wildcard[1];
  return entry.any;
}

function conclude(route: CompiledConnectionRoute, port: number, random: Random): ConnectionForward {
  const index = pickWeighted(route.destinations, route.totalWeight, random);
  return route.destinations[index]!.forPort(port).verdict;
}
