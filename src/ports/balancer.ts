import type { EndpointState } from '../model/endpoint-state.js';

/** What a picker may look at. */
export interface PickFacts {
  /** Hash of the configured request attribute, unsigned 32 bit; undefined: none was found. */
  readonly hash: number | undefined;
  /** Endpoints that earlier attempts of the same call used; avoided while others can be had. */
  readonly tried: readonly EndpointState[];
  /** A retry that is to leave the localities that earlier attempts used. @source Istio `retryRemoteLocalities` */
  readonly elsewhere?: boolean;
  /** Panic is not asked for: other endpoints stand in. */
  readonly calm?: true;
}

/**
 * Picks an endpoint for an attempt. A view of one list of endpoints; a new list makes a new balancer. Synchronous, called once
 * an attempt. Ejected endpoints are left out.
 */
export interface Balancer {
  /** undefined: no endpoint can take the attempt (flag UH). */
  pick(facts: PickFacts): EndpointState | undefined;
  /** Those that it picks from, and those that would be next: of a long list a part, else all of it. Who else is there is not called. */
  working(): readonly EndpointState[];
}
