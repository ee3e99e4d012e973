/**
 * What this process remembers of clusters and endpoints, keyed by what it is about, so that it outlives every snapshot:
 * a new policy changes thresholds, not memories.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../base/clock.js';
import type { Random } from '../base/random.js';
import type { Destination } from '../model/destination.js';
import { EndpointState } from '../model/endpoint-state.js';
import type { EffectiveCluster } from '../policy/effective.js';
import { BreakerState } from '../traffic/breaker/index.js';
import { ConcurrencyState } from '../traffic/concurrency/index.js';
import { LimitState } from '../traffic/limit/index.js';
import { OutlierState } from '../traffic/outlier/index.js';
import { RetryBudget } from '../traffic/retry/index.js';

/** Told now and then, for logs and metrics. */
export type StateEvent = (name: string, attributes: Readonly<Record<string, string | number>>) => void;

export interface ClusterParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly event: StateEvent;
}

const UNLIMITED = { maxConnections: Number.POSITIVE_INFINITY, endpoints: 1 };

/** One cluster's memory. */
export class ClusterState {
  readonly endpoints = new Map<string, EndpointState>();
  readonly limit: LimitState;
  /** Connections that are not HTTP, until they are closed. */
  readonly connections: LimitState;
  readonly budget: RetryBudget;
  outlier: OutlierState | null = null;
  breaker: BreakerState | null = null;
  concurrency: ConcurrencyState | null = null;
  readonly #name: string;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #event: StateEvent;

  constructor(policy: EffectiveCluster, { clock, random, event }: ClusterParts) {
    this.#name = policy.name;
    this.#clock = clock;
    this.#random = random;
    this.#event = event;
    this.limit = new LimitState(policy.limits, UNLIMITED);
    this.connections = new LimitState({}, UNLIMITED);
    this.budget = new RetryBudget(policy.retryBudget ?? null, policy.limits.maxRetries);
  }

  /** Takes over a snapshot's view; endpoints that stay keep their memory, those that left are forgotten. */
  update(policy: EffectiveCluster, destinations: readonly Destination[]): readonly EndpointState[] {
    const present = destinations.map((destination) => this.#endpoint(destination));
    const keys = new Set(destinations.map(({ endpoint }) => endpoint.key));
    for (const key of this.endpoints.keys()) if (!keys.has(key)) this.endpoints.delete(key);
    this.limit.update(policy.limits, {
      maxConnections: policy.connection.maxConnections ?? Number.POSITIVE_INFINITY,
      endpoints: present.length,
    });
    const { maxConnections } = policy.connection;
    this.connections.update(maxConnections === undefined ? {} : { maxRequests: maxConnections }, UNLIMITED);
    this.budget.setPolicy(policy.retryBudget ?? null, policy.limits.maxRetries);
    this.#updateOutlier(policy, present);
    this.#updateBreaker(policy);
    this.#updateConcurrency(policy);
    return present;
  }

  dispose(): void {
    this.outlier?.dispose();
    this.breaker?.dispose();
  }

  #endpoint(destination: Destination): EndpointState {
    const { key } = destination.endpoint;
    let state = this.endpoints.get(key);
    if (state === undefined) {
      state = new EndpointState(destination, this.#clock.now());
      this.endpoints.set(key, state);
    }
    state.endpoint = destination.endpoint;
    state.destination = destination;
    return state;
  }

  #updateOutlier(policy: EffectiveCluster, present: readonly EndpointState[]): void {
    if (policy.outlier === undefined) {
      this.outlier?.dispose();
      this.outlier = null;
      return;
    }
    this.outlier ??= new OutlierState({
      clock: this.#clock,
      random: this.#random,
      policy: policy.outlier,
      onEjected: ({ endpoint }, because, ejectedMs) =>
        this.#event('endpoint.ejected', { cluster: this.#name, endpoint: endpoint.key, because, ejectedMs }),
      onReturned: ({ endpoint }) =>
        this.#event('endpoint.returned', { cluster: this.#name, endpoint: endpoint.key }),
      onSpared: ({ endpoint }, because) =>
        this.#event('endpoint.spared', { cluster: this.#name, endpoint: endpoint.key, because }),
    });
    this.outlier.setPolicy(policy.outlier);
    this.outlier.update(present);
  }

  #updateConcurrency({ concurrency }: EffectiveCluster): void {
    if (concurrency === undefined) {
      this.concurrency = null;
      return;
    }
    this.concurrency ??= new ConcurrencyState(concurrency, { clock: this.#clock, random: this.#random });
    this.concurrency.setPolicy(concurrency);
  }

  #updateBreaker(policy: EffectiveCluster): void {
    if (isDeepStrictEqual(this.breaker?.policy, policy.breaker)) return;
    this.breaker?.dispose();
    this.breaker =
      policy.breaker === undefined
        ? null
        : new BreakerState(policy.breaker, {
            clock: this.#clock,
            onTransition: (state) => this.#event('circuit.changed', { cluster: this.#name, state }),
          });
  }
}
