/** What the outbound side looks like just now, for people and programs. */
import type { OutboundSnapshot } from './bind.js';

export interface EndpointStatus {
  /** `address:port`. */
  readonly key: string;
  readonly inFlight: number;
  readonly ejected: boolean;
  readonly spiffeId: string | null;
}

export interface ClusterStatus {
  readonly name: string;
  /** null: policy asks for no breaker. */
  readonly circuit: 'closed' | 'open' | 'half-open' | null;
  readonly active: number;
  readonly retriesOutstanding: number;
  readonly endpoints: readonly EndpointStatus[];
}

export function clusterStatuses(snapshot: OutboundSnapshot | null): readonly ClusterStatus[] {
  return [...(snapshot?.clusters.values() ?? [])].map(({ policy, state, endpoints }) => ({
    name: policy.name,
    circuit: state.breaker?.state ?? null,
    active: state.limit.active,
    retriesOutstanding: state.budget.outstanding,
    endpoints: endpoints.map(({ endpoint, inFlight, ejected }) => ({
      key: endpoint.key,
      inFlight,
      ejected,
      spiffeId: endpoint.spiffeId ?? null,
    })),
  }));
}
