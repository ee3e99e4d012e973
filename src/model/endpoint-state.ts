import type { Destination } from './destination.js';
import type { Endpoint } from './endpoint.js';

/**
 * What this process remembers of one endpoint of one cluster: what pickers read and filters write. Keyed by cluster and
 * endpoint key; outlives snapshots.
 */
export class EndpointState {
  /** Attempts under way. Written by the load filter. */
  inFlight = 0;
  /** Taken out of picking by outlier detection. Written by the outlier filter. */
  ejected = false;
  /** Set when the endpoint was first seen, monotonic milliseconds; slow start counts from here. */
  readonly addedAt: number;
  /** Replaced when a new snapshot describes the same endpoint differently. */
  endpoint: Endpoint;
  destination: Destination;

  constructor(destination: Destination, addedAt: number) {
    this.destination = destination;
    this.endpoint = destination.endpoint;
    this.addedAt = addedAt;
  }
}
