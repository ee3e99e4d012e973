/** The keys of the store: what lies where. Workloads are told of what lies under `mesh/`, and of nothing else. */

export const MESH_PREFIX = 'mesh/';
/** One key a resource: `mesh/resources/<kind>/<namespace>/<name>`. */
export const RESOURCES_PREFIX = 'mesh/resources/';
/** Written with every change of resources: the revision of this key is the revision of the policy. */
export const HEAD_KEY = 'mesh/head';
/** One key a registration, by lease. */
export const WORKLOADS_PREFIX = 'mesh/workloads/';
/** Tokens by their ID; only a hash of the secret is kept. */
export const TOKENS_PREFIX = 'tokens/';
/** One key an issued certificate, by its serial number; for audits, by lease. */
export const ISSUED_PREFIX = 'issued/';

export function resourceKey(kind: string, namespace: string, name: string): string {
  return `${RESOURCES_PREFIX}${kind}/${namespace}/${name}`;
}
