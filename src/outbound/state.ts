/**
 * What this process remembers of clusters and endpoints, keyed by what it is about, so that it outlives every snapshot:
 * a new policy changes thresholds, not memories.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../base/clock.js';
import type { Random } from '../base/random.js';
import { parseClusterName } from '../model/cluster.js';
import type { Destination } from '../model/destination.js';
import { type Availability, EndpointState } from '../model/endpoint-state.js';
import type { EffectiveCluster } from '../policy/effective.js';
import type { Balancer } from '../ports/balancer.js';
import type { Width } from '../traffic/balance/index.js';
import { BreakerState } from '../traffic/breaker/index.js';
import { ConcurrencyState } from '../traffic/concurrency/index.js';
import { LimitState } from '../traffic/limit/index.js';
import { OutlierState } from '../traffic/outlier/index.js';
import { RetryBudget } from '../traffic/retry/index.js';
import { HealthChecks } from './health.js';
import type { CheckWire } from './health-check.js';

/** Told now and then, for logs and metrics. */
export type StateEvent = (name: string, attributes: Readonly<Record<string, string | number>>) => void;

export interface ClusterParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly event: StateEvent;
  /** What health checks go over. @default nobody checks, whatever policy says */
  readonly checks?: CheckWire | undefined;
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
  health: HealthChecks | null = null;
  breaker: BreakerState | null = null;
  concurrency: ConcurrencyState | null = null;
  /** How much of its lists of endpoints this process works with. */
  readonly widths: Width[] = [];
  readonly #availability: Availability = { changes: 0 };
  readonly #name: string;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #event: StateEvent;
  readonly #checks: CheckWire | undefined;
  /** Of the last snapshot. */
  #balancer: Balancer | null = null;

  constructor(policy: EffectiveCluster, { clock, random, event, checks }: ClusterParts) {
    this.#name = policy.name;
    this.#clock = clock;
    this.#random = random;
    this.#event = event;
    this.#checks = checks;
    this.limit = new LimitState(policy.limits, UNLIMITED);
    this.connections = new LimitState({}, UNLIMITED);
    this.budget = new RetryBudget(policy.retryBudget ?? null, policy.limits.maxRetries);
  }

  /** Takes over a snapshot's view; endpoints that stay keep their memory, those that left are forgotten. */
  update(policy: EffectiveCluster, destinations: readonly Destination[]): readonly EndpointState[] {
    const present = destinations.map((destination) => this.#endpoint(destination));
    const keys = new Set(destinations.map(({ endpoint }) => endpoint.key));
    for (const key of this.endpoints.keys()) if (!keys.has(key)) this.endpoints.delete(key);
    const { maxConnections, http2 } = policy.connection;
    this.limit.update(policy.limits, {
      // Requests over HTTP/2 share a connection: none waits for one of its own.
      maxConnections:
        http2 === true ? Number.POSITIVE_INFINITY : (maxConnections ?? Number.POSITIVE_INFINITY),
      endpoints: present.length,
    });
    this.connections.update(maxConnections === undefined ? {} : { maxRequests: maxConnections }, UNLIMITED);
    this.budget.setPolicy(policy.retryBudget ?? null, policy.limits.maxRetries);
    this.#updateOutlier(policy, present);
    this.#updateBreaker(policy);
    this.#updateConcurrency(policy);
    return present;
  }

  /**
   * Checks the endpoints that the balancer works with: who has a thousand callers is not asked by all of them how it is.
   * @param balancer over what {@link update} returned
   */
  checkThoseOf(balancer: Balancer, { health, name }: EffectiveCluster): void {
    const working = health === undefined ? [] : balancer.working();
    this.#balancer = balancer;
    if (health === undefined || this.#checks === undefined) {
      this.health?.dispose();
      this.health = null;
      return;
    }
    this.health ??= new HealthChecks({
      ...{ clock: this.#clock, random: this.#random, wire: this.#checks, policy: health },
      service: serviceOf(name),
      used: () => this.limit.used || this.connections.used,
      onHealthy: (state) => {
        state.warmsFrom = this.#clock.now();
        this.#event('endpoint.healthy', { cluster: this.#name, endpoint: state.endpoint.key });
      },
      onUnhealthy: ({ endpoint }, because) =>
        this.#event('endpoint.unhealthy', { cluster: this.#name, endpoint: endpoint.key, because }),
      onPassed: (endpoint) => this.outlier?.readmit(endpoint),
    });
    this.health.update(health, working);
  }

  /** The balancer works with others now. Calls that began before the last change of policy have balancers that nobody follows. */
  worksWithOthers(balancer: Balancer, { health }: EffectiveCluster): void {
    if (balancer === this.#balancer && health !== undefined) this.health?.update(health, balancer.working());
  }

  dispose(): void {
    this.health?.dispose();
    this.outlier?.dispose();
    this.breaker?.dispose();
  }

  #endpoint(destination: Destination): EndpointState {
    const { key } = destination.endpoint;
    let state = this.endpoints.get(key);
    if (state === undefined) {
      state = new EndpointState(destination, this.#clock.now(), this.#availability);
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
            random: this.#random,
            onTransition: (state) => this.#event('circuit.changed', { cluster: this.#name, state }),
          });
  }
}

/** The host that a cluster is about; under a wildcard, the very one that was called. */
function serviceOf(name: string): string {
  const host = parseClusterName(name)?.host ?? name;
  return host.slice(host.indexOf('@') + 1);
}
