/** What a mesh tells of itself just now. */
import type { Origin } from '../adapters/origin.js';
import type { OutboundSnapshot } from '../outbound/bind.js';
import { type ClusterStatus, clusterStatuses } from '../outbound/status.js';
import type { PolicySourceStatus } from '../policy/source.js';
import type { ListenerRegistration } from '../ports/control-protocol.js';
import type { Settings } from '../settings.js';
import { identityOf, type MeshIdentity } from './identity.js';

export interface MeshStatus {
  readonly workload: Settings['workload'];
  /** null without an identity. */
  readonly identity: MeshIdentity | null;
  /** Of the policy in force. */
  readonly revision: number;
  readonly source: PolicySourceStatus;
  readonly listeners: readonly ListenerRegistration[];
  readonly clusters: readonly ClusterStatus[];
}

export function statusOf(
  workload: Settings['workload'],
  { identity, source }: Origin,
  listeners: readonly ListenerRegistration[],
  snapshot: OutboundSnapshot | null,
): MeshStatus {
  return {
    workload,
    identity: identityOf(identity),
    revision: snapshot?.revision ?? 0,
    source: source.status.current(),
    listeners,
    clusters: clusterStatuses(snapshot),
  };
}
