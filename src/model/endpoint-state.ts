import type { Destination } from './destination.js';
import type { Endpoint } from './endpoint.js';

/**
 * What this process remembers of one endpoint of one cluster: what pickers read and filters write. Keyed by cluster and
 * endpoint key; outlives snapshots.
 */
export class EndpointState {
  /** Attempts under way. Written by the load filter. */
  inFlight = 0;
  /** Out of picking: ejected, or unhealthy. The one thing that pickers look at; only `ejected` and `healthy` change it. */
  unavailable = false;
  /** Set when the endpoint was first seen, monotonic milliseconds; slow start counts from here. */
  readonly addedAt: number;
  /** Replaced when a new snapshot describes the same endpoint differently. */
  endpoint: Endpoint;
  destination: Destination;
  #ejected = false;
  #healthy = true;

  constructor(destination: Destination, addedAt: number) {
    this.destination = destination;
    this.endpoint = destination.endpoint;
    this.addedAt = addedAt;
  }

  /** Taken out of picking by outlier detection, which alone sets it. */
  get ejected(): boolean {
    return this.#ejected;
  }

  set ejected(ejected: boolean) {
    this.#ejected = ejected;
    this.unavailable = ejected || !this.#healthy;
  }

  /** False: taken out of picking by health checks, which alone set it. */
  get healthy(): boolean {
    return this.#healthy;
  }

  set healthy(healthy: boolean) {
    this.#healthy = healthy;
    this.unavailable = this.#ejected || !healthy;
  }
}
