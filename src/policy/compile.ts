/**
 * Compiling: an EffectiveHost, which may come over the wire, as matchers and tables. Everything that can be wrong with it is
 * found here, before it is put in force.
 */
import { MeshError } from '../base/errors.js';
import { clusterName } from '../model/cluster.js';
import { DEFAULT_RETRY_POLICY } from '../traffic/retry/policy.js';
import {
  CompiledRoute,
  compileRouteTable,
  type EffectiveRoute,
  type RouteTable,
} from '../traffic/route/index.js';
import { type ConnectionTable, compileConnections } from '../traffic/tcp-route/index.js';
import type { EffectiveCluster, EffectiveHost } from './effective.js';

export { buildHostTable, HostTable, splitAuthority } from './host-table.js';

export interface CompiledHost {
  readonly host: string;
  readonly domains: readonly string[];
  /** `ns/name`; null: none speaks for the host. */
  readonly virtualService: string | null;
  /** Where no VirtualService speaks of HTTP it holds `defaultRoute` alone. */
  readonly table: RouteTable;
  /** What its rules say of connections; null: there are none, and they go to the service itself. */
  readonly tls: ConnectionTable | null;
  readonly tcp: ConnectionTable | null;
  /** By name. */
  readonly clusters: ReadonlyMap<string, EffectiveCluster>;
  /** To the whole of the addressed port, with Istio's default retries and no timeout. */
  readonly defaultRoute: CompiledRoute;
  /** As it was resolved. */
  readonly effective: EffectiveHost;
}

/** @throws MeshError `HEDDLE_INVALID_POLICY` that names the host, the route and what is wrong with it */
export function compileHost(host: EffectiveHost): CompiledHost {
  try {
    const fallback = defaultRoute(host.host);
    return {
      host: host.host,
      domains: host.domains,
      virtualService: host.virtualService,
      table:
        host.routes.length === 0 ? compileRouteTable([fallback]) : compileRouteTable(host.routes, fallback),
      tls: host.tls === undefined ? null : connectionTable(host, 'tls'),
      tcp: host.tcp === undefined ? null : connectionTable(host, 'tcp'),
      clusters: new Map(host.clusters.map((cluster) => [cluster.name, cluster])),
      defaultRoute: new CompiledRoute(fallback),
      effective: host,
    };
  } catch (cause) {
    const because = cause instanceof Error ? cause.message : String(cause);
    const where = host.virtualService === null ? '' : `, VirtualService ${host.virtualService}`;
    throw new MeshError(`the policy of ${host.host}${where} cannot be used: ${because}`, {
      code: 'HEDDLE_INVALID_POLICY',
      service: host.host,
      cause,
    });
  }
}

/**
 * The rules of a host for connections of one kind; without any, connections go to the service itself.
 * @throws RangeError that names the rule and what is wrong with it
 */
export function connectionTable(host: EffectiveHost, kind: 'tls' | 'tcp'): ConnectionTable {
  const destinations = [{ cluster: clusterName(0, '', host.host), weight: 100 }];
  return compileConnections({ kind, routes: host[kind] ?? [], fallback: { index: -1, destinations } });
}

/** A port of 0 stands for the one that is addressed. */
function defaultRoute(host: string): EffectiveRoute {
  return {
    index: -1,
    name: 'default',
    action: { kind: 'forward', destinations: [{ cluster: clusterName(0, '', host), weight: 100 }] },
    timeoutMs: null,
    retries: DEFAULT_RETRY_POLICY,
  };
}
