/**
 * Resolving: what all resources together say to one workload. Deterministic, and independent of the order of documents except
 * through their creation times.
 */

import { parseClusterName } from '../../model/cluster.js';
import type { EffectiveEndpoints, EffectiveHost, EffectiveMesh, EffectivePolicy } from '../effective.js';
import type { RegisteredService, Resource, Scope } from '../resource.js';
import { type Prepared, prepare } from './prepare.js';
import { ScopedPolicy } from './scoped-policy.js';

export { fullName } from './names.js';
export { Prepared, prepare, type ResourceChange, type ResourceName } from './prepare.js';
export { ScopedPolicy } from './scoped-policy.js';

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
  return resolvePrepared(prepare(resources, services, endpoints), scope, options);
}

/** The same, for many workloads of one state: prepare once. To follow changes keep a {@link ScopedPolicy}. */
export function resolvePrepared(
  prepared: Prepared,
  scope: Scope,
  { revision, mesh }: ResolveOptions,
): EffectivePolicy {
  return new ScopedPolicy(prepared, scope, mesh).policy(revision);
}

/** The other hosts whose clusters a host's routes and mirrors name: whoever calls it must know them too. */
export function destinationHosts(host: EffectiveHost): string[] {
  const found = new Set<string>();
  const add = (cluster: string) => {
    const parts = parseClusterName(cluster);
    if (parts !== undefined && parts.host !== host.host) found.add(parts.host);
  };
  for (const { destinations } of [...(host.tls ?? []), ...(host.tcp ?? [])])
    for (const { cluster } of destinations) add(cluster);
  for (const route of host.routes) {
    if (route.action.kind === 'forward') for (const { cluster } of route.action.destinations) add(cluster);
    for (const { cluster } of route.mirrors ?? []) add(cluster);
  }
  return [...found];
}
