/**
 * Resolving: what all resources together say to one workload. Deterministic, and independent of the order of documents except
 * through their creation times.
 */

import { parseClusterName } from '../../model/cluster.js';
import type { EffectiveEndpoints, EffectiveHost, EffectiveMesh, EffectivePolicy } from '../effective.js';
import type { RegisteredService, Resource, Scope } from '../resource.js';
import { entryEndpoints, mergeEndpoints } from './endpoints.js';
import { effectiveHosts, visibleServices } from './hosts.js';
import { resolveInbound } from './inbound.js';
import { type Prepared, prepare } from './prepare.js';
import { inboundResilience } from './resilience.js';

export { fullName } from './names.js';
export { type Prepared, prepare } from './prepare.js';

export interface ResolveOptions {
  /** The store's number for the state that the resources are. */
  readonly revision: number;
  readonly mesh: EffectiveMesh;
}

/**
 * @param services that workloads registered; ServiceEntries and Service documents are among the resources
 * @param endpoints that workloads registered
 * @throws MeshError `HEDDLE_INVALID_POLICY` for a security policy of the wrong shape: leaving it out would open what it closes
 */
export function resolve(
  resources: readonly Resource[],
  services: readonly RegisteredService[],
  endpoints: readonly EffectiveEndpoints[],
  scope: Scope,
  options: ResolveOptions,
): EffectivePolicy {
  return resolvePrepared(prepare(resources, services), endpoints, scope, options);
}

/** The same, for many workloads of one state: prepare once. */
export function resolvePrepared(
  prepared: Prepared,
  endpoints: readonly EffectiveEndpoints[],
  scope: Scope,
  options: ResolveOptions,
): EffectivePolicy {
  const hosts = effectiveHosts(prepared, scope);
  return {
    revision: options.revision,
    mesh: options.mesh,
    hosts,
    endpoints: endpointsOf(prepared, endpoints, hosts, scope, options.mesh),
    inbound: {
      ...resolveInbound(prepared.resources, scope),
      ...inboundResilience(prepared.protection, scope),
    },
  };
}

/** Of visible hosts only: a workload does not learn where others are. */
function endpointsOf(
  prepared: Prepared,
  registered: readonly EffectiveEndpoints[],
  hosts: readonly EffectiveHost[],
  scope: Scope,
  mesh: EffectiveMesh,
): EffectiveEndpoints[] {
  const visible = new Set(hosts.map(({ host }) => host));
  const chosen = visibleServices(prepared.services, scope);
  const found = registered.filter(({ host }) => visible.has(host));
  for (const service of prepared.services) {
    if (chosen.get(service.host)?.namespace !== service.namespace) continue;
    const own = entryEndpoints(service, mesh.trustDomain);
    if (own !== null) found.push(own);
  }
  return mergeEndpoints(found);
}

/** The other hosts whose clusters a host's routes and mirrors name: whoever calls it must know them too. */
export function destinationHosts(host: EffectiveHost): string[] {
  const found = new Set<string>();
  const add = (cluster: string) => {
    const parts = parseClusterName(cluster);
    if (parts !== undefined && parts.host !== host.host) found.add(parts.host);
  };
  for (const route of host.routes) {
    if (route.action.kind === 'forward') for (const { cluster } of route.action.destinations) add(cluster);
    for (const { cluster } of route.mirrors ?? []) add(cluster);
  }
  return [...found];
}
