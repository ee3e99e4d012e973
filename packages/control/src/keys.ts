/** The keys of the store: what lies where. Workloads are told of what lies under `mesh/`, and of nothing else. */

import { createHash } from 'node:crypto';
import type { Workload } from 'heddle/ports';

export const MESH_PREFIX = 'mesh/';
/** One key a resource: `mesh/resources/<kind>/<namespace>/<name>`. */
export const RESOURCES_PREFIX = 'mesh/resources/';
/** Written with every change of resources: the revision of this key is the revision of the policy. */
export const HEAD_KEY = 'mesh/head';
/** One key a registration, by lease: `mesh/workloads/<namespace>/<service account>/<hash of the name>/<id>`. */
export const WORKLOADS_PREFIX = 'mesh/workloads/';
/** Tokens by their ID; only a hash of the secret is kept. */
export const TOKENS_PREFIX = 'tokens/';
/** One key an issued certificate: `issued/<hour in which it may go>/<serial number>`. */
export const ISSUED_PREFIX = 'issued/';
/** The first hour whose records have not been dropped. */
export const SWEPT_KEY = 'ca/swept';
/** Roots and intermediates, and their phases: one value. */
export const CA_KEY = 'ca/state';
/** Who may get which identity, and for how long. */
export const ISSUANCE_KEY = 'ca/issuance';
/** One key an entry of the deny list. */
export const DENIED_PREFIX = 'ca/denied/';

/** One key a foreign trust domain: `federation/domains/<trust domain>`. */
export const FEDERATION_PREFIX = 'federation/domains/';
/** Number of our own bundle, as foreign trust domains see it. */
export const OWN_BUNDLE_KEY = 'federation/own';

/** Under it lie all registrations of a workload: the one it has, and those whose lease has not run out. */
export function workloadPrefix({ namespace, serviceAccount, name }: Workload): string {
  // A name may have any characters, a key of the store has a limit.
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 32);
  return `${WORKLOADS_PREFIX}${namespace}/${serviceAccount}/${hash}/`;
}

export function resourceKey(kind: string, namespace: string, name: string): string {
  return `${RESOURCES_PREFIX}${kind}/${namespace}/${name}`;
}
