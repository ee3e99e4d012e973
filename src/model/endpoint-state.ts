import type { Destination } from './destination.js';
import type { Endpoint } from './endpoint.js';

/** Of a list of endpoints: how often one of them became available, or unavailable, or began to warm up. Whoever counts them need count again only then. */
export interface Availability {
  changes: number;
}

/** null: they have none in common, so nothing says when to count again. */
export function sharedAvailability(endpoints: readonly EndpointState[]): Availability | null {
  const shared = endpoints[0]?.availability ?? null;
  return endpoints.every(({ availability }) => availability === shared) ? shared : null;
}

/**
 * What this process remembers of one endpoint of one cluster: what pickers read and filters write. Keyed by cluster and
 * endpoint key; outlives snapshots.
 */
export class EndpointState {
  /** Attempts under way. Written by the load filter. */
  inFlight = 0;
  /** Out of picking: ejected, or unhealthy. The one thing that pickers look at; only `ejected` and `healthy` change it. */
  unavailable = false;
  /** Shared by the endpoints of one cluster. */
  readonly availability: Availability;
  /** The latency that was believed at `latencyAt`, milliseconds; 0: none was seen. Written by the load filter, where policy asks for it. */
  latencyMs = 0;
  /** Monotonic milliseconds. */
  latencyAt = 0;
  /** When the endpoint was first seen, monotonic milliseconds. */
  readonly addedAt: number;
  /** Replaced when a new snapshot describes the same endpoint differently. */
  endpoint: Endpoint;
  destination: Destination;
  /** This endpoint in a list, for calls that have tried no other. */
  readonly alone: readonly EndpointState[] = [this];
  #ejected = false;
  #healthy = true;
  #warmsFrom: number;

  constructor(destination: Destination, addedAt: number, availability: Availability = { changes: 0 }) {
    this.availability = availability;
    this.destination = destination;
    this.endpoint = destination.endpoint;
    this.addedAt = addedAt;
    this.#warmsFrom = addedAt;
  }

  /**
   * Where slow start counts from, monotonic milliseconds: when the endpoint was first seen, or last came to pass health checks. An
   * ejection that ends does not begin it anew.
   * @source Envoy `slow_start.rst`; `last_hc_pass_time`
   */
  get warmsFrom(): number {
    return this.#warmsFrom;
  }

  set warmsFrom(now: number) {
    this.#warmsFrom = now;
    this.availability.changes += 1;
  }

  /** Taken out of picking by outlier detection, which alone sets it. */
  get ejected(): boolean {
    return this.#ejected;
  }

  set ejected(ejected: boolean) {
    this.#ejected = ejected;
    this.#settle();
  }

  /** False: taken out of picking by health checks, which alone set it. */
  get healthy(): boolean {
    return this.#healthy;
  }

  set healthy(healthy: boolean) {
    this.#healthy = healthy;
    this.#settle();
  }

  #settle(): void {
    const unavailable = this.#ejected || !this.#healthy;
    if (unavailable === this.unavailable) return;
    this.unavailable = unavailable;
    this.availability.changes += 1;
  }
}
