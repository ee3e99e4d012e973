/** What the outbound side looks like just now, for people and programs. */
import type { Health } from '../traffic/health/index.js';
import type { OutboundSnapshot } from './bind.js';

export interface EndpointStatus {
  /** `address:port`. */
  readonly key: string;
  /** The DNS name by which the address was found; null: policy knows the endpoint by its address. */
  readonly name: string | null;
  readonly inFlight: number;
  readonly ejected: boolean;
  /** By health checks; `pending`: none has told anything yet; null: policy asks for none, or this process does not work with it. */
  readonly health: Health | null;
  readonly spiffeId: string | null;
}

export interface ClusterStatus {
  readonly name: string;
  /** null: policy asks for no breaker. */
  readonly circuit: 'closed' | 'open' | 'half-open' | null;
  readonly active: number;
  /** Open, of `mesh.connect`. */
  readonly connections: number;
  readonly retriesOutstanding: number;
  /** Attempts that may be under way at once, as it was measured; null: policy asks for no adaptive limit. */
  readonly concurrencyLimit: number | null;
  readonly endpoints: readonly EndpointStatus[];
}

export function clusterStatuses(snapshot: OutboundSnapshot | null): readonly ClusterStatus[] {
  return [...(snapshot?.clusters.values() ?? [])].map(({ policy, state, endpoints }) => ({
    name: policy.name,
    circuit: state.breaker?.state ?? null,
    active: state.limit.active,
    connections: state.connections.active,
    retriesOutstanding: state.budget.outstanding,
    concurrencyLimit: state.concurrency?.limit ?? null,
    endpoints: endpoints.map((endpoint) => ({
      key: endpoint.endpoint.key,
      name: endpoint.endpoint.name ?? null,
      inFlight: endpoint.inFlight,
      ejected: endpoint.ejected,
      health: state.health?.state.healthOf(endpoint) ?? null,
      spiffeId: endpoint.endpoint.spiffeId ?? null,
    })),
  }));
}
