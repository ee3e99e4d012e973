/**
 * Which endpoints of one cluster are well, by what checks found. Keyed by EndpointState; survives policy and endpoint changes.
 * @source Envoy `health_checker_base_impl.cc`
 */
import type { EndpointState } from '../../model/endpoint-state.js';
import { type CheckResult, isNetworkFailure } from './decide.js';
import type { HealthCheckPolicy } from './policy.js';

/** `pending`: no check has told anything yet. */
export type Health = 'pending' | 'healthy' | 'unhealthy';

export interface HealthOptions {
  readonly policy: HealthCheckPolicy;
  readonly onHealthy?: (endpoint: EndpointState) => void;
  readonly onUnhealthy?: (endpoint: EndpointState, because: CheckResult) => void;
  /** With each check that finds a healthy endpoint healthy. */
  readonly onPassed?: (endpoint: EndpointState) => void;
}

class HealthRecord {
  health: Health = 'pending';
  /** In a row. */
  failures = 0;
  successes = 0;
}

export class HealthState {
  readonly #options: HealthOptions;
  #policy: HealthCheckPolicy;
  readonly #records = new Map<EndpointState, HealthRecord>();
  #healthy = 0;
  #pending = 0;
  /** Do those that no check knows yet have to wait? */
  #holding = false;

  constructor(options: HealthOptions) {
    this.#options = options;
    this.#policy = options.policy;
  }

  setPolicy(policy: HealthCheckPolicy): void {
    this.#policy = policy;
  }

  /** null: not an endpoint of the cluster. */
  healthOf(endpoint: EndpointState): Health | null {
    return this.#records.get(endpoint)?.health ?? null;
  }

  /** The cluster's endpoints from now on. Those that left are forgotten. */
  update(endpoints: readonly EndpointState[]): void {
    const present = new Set(endpoints);
    for (const [endpoint, { health }] of this.#records) {
      if (present.has(endpoint)) continue;
      this.#records.delete(endpoint);
      endpoint.healthy = true;
      this.#count(health, -1);
    }
    for (const endpoint of present) {
      if (this.#records.has(endpoint)) continue;
      this.#records.set(endpoint, new HealthRecord());
      this.#count('pending', 1);
      endpoint.healthy = !this.#holding;
    }
    this.#holdPending();
  }

  /** What a check found, or what the endpoint said of itself (`told`). */
  record(endpoint: EndpointState, result: CheckResult): void {
    const record = this.#records.get(endpoint);
    if (record === undefined || result === 'unknown') return;
    if (result === 'passed') this.#pass(endpoint, record);
    else this.#fail(endpoint, record, result);
  }

  /** Lets every endpoint be picked again: nobody would do it later. */
  dispose(): void {
    this.update([]);
  }

  #pass(endpoint: EndpointState, record: HealthRecord): void {
    record.failures = 0;
    if (record.health !== 'healthy') {
      record.successes += 1;
      // The first result of all is believed at once: what has just started should not wait for a threshold.
      if (record.health === 'unhealthy' && record.successes < this.#policy.healthyThreshold) return;
      this.#become(endpoint, record, 'healthy');
      this.#options.onHealthy?.(endpoint);
    }
    this.#options.onPassed?.(endpoint);
  }

  #fail(endpoint: EndpointState, record: HealthRecord, result: CheckResult): void {
    record.successes = 0;
    if (record.health === 'unhealthy') return;
    if (record.health === 'healthy') {
      record.failures += 1;
      if (isNetworkFailure(result) && record.failures < this.#policy.unhealthyThreshold) return;
    }
    this.#become(endpoint, record, 'unhealthy');
    this.#options.onUnhealthy?.(endpoint, result);
  }

  #become(endpoint: EndpointState, record: HealthRecord, health: Health): void {
    this.#count(record.health, -1);
    this.#count(health, 1);
    record.health = health;
    endpoint.healthy = health === 'healthy';
    this.#holdPending();
  }

  #count(health: Health, change: 1 | -1): void {
    if (health === 'healthy') this.#healthy += change;
    else if (health === 'pending') this.#pending += change;
  }

  /**
   * A new endpoint waits for its first pass, as in Envoy, where there are as many that are known to be well. Where there are not, at the
   * start above all, those that nobody knows yet are picked from: no start is an outage, nor all load on whoever answered first.
   */
  #holdPending(): void {
    const holding = this.#healthy > 0 && this.#healthy >= this.#pending;
    if (holding === this.#holding) return;
    this.#holding = holding;
    for (const [endpoint, { health }] of this.#records) if (health === 'pending') endpoint.healthy = !holding;
  }
}
