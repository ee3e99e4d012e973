/**
 * How much of one cluster is in use by this process. The counter outlives policy; only the thresholds are replaced.
 *
 * Pending is what exceeds the connections that the cluster may have. Envoy counts a request as pending until a connection takes it, so
 * that a burst is refused while connections are being opened, and the same burst a moment later is not; here whoever may have a
 * connection is not pending. Once all connections are open that is the same number.
 * @source Envoy `resource_manager_impl.h`
 */
import type { LimitPolicy } from './policy.js';

/**
 * How many connections the cluster may have: as many as policy says, but one to each endpoint in any case, as an endpoint without any
 * could take no call. The transport keeps to the same bound.
 * @source Envoy `conn_pool_base.cc`, `tryCreateNewConnection`
 */
export interface LimitCapacity {
  /** Infinity for no limit, or where requests share connections (HTTP/2). */
  readonly maxConnections: number;
  readonly endpoints: number;
}

export class LimitState {
  /** Attempts in flight, those that wait for a connection included. */
  active = 0;
  /** Was anything ever taken? */
  used = false;
  #maxRequests = Number.POSITIVE_INFINITY;
  /** Connections and the places in front of them; Infinity for no limit. */
  #maxHeld = Number.POSITIVE_INFINITY;
  #connections = Number.POSITIVE_INFINITY;

  constructor(policy: LimitPolicy, capacity: LimitCapacity) {
    this.update(policy, capacity);
  }

  /** Takes over a changed policy or list of endpoints; what is in use stays counted. */
  update(policy: LimitPolicy, { maxConnections, endpoints }: LimitCapacity): void {
    this.#maxRequests = policy.maxRequests ?? Number.POSITIVE_INFINITY;
    this.#connections = Math.max(maxConnections, endpoints, 1);
    this.#maxHeld = this.#connections + (policy.maxPendingRequests ?? Number.POSITIVE_INFINITY);
  }

  /** Attempts that wait for a connection. */
  get pending(): number {
    return Math.max(0, this.active - this.#connections);
  }

  /** @returns false if a limit is reached; otherwise to be given back with {@link release} */
  take(): boolean {
    if (this.active >= this.#maxHeld || this.active >= this.#maxRequests) return false;
    this.active += 1;
    this.used = true;
    return true;
  }

  release(): void {
    this.active -= 1;
  }
}
