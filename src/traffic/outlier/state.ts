/**
 * What is remembered of one cluster's endpoints, and who of them is ejected. Keyed by EndpointState; survives policy and
 * endpoint changes. One timer a cluster, running only while an endpoint is ejected or has a past that still fades.
 * @source Envoy `outlier_detection_impl.cc`
 */
import type { Clock, Timer } from '../../base/clock.js';
import type { EndpointState } from '../../model/endpoint-state.js';
import type { Outcome } from '../../model/outcome.js';
import { countedStatus, ejectionMs, isGatewayError, mayEject, NO_VERDICT, nextMultiplier } from './decide.js';
import type { OutlierPolicy } from './policy.js';

/** Which counter reached its threshold. */
export type OutlierReason =
  | 'consecutive-5xx'
  | 'consecutive-gateway-errors'
  | 'consecutive-local-origin-failures';

export interface OutlierOptions {
  readonly clock: Clock;
  readonly policy: OutlierPolicy;
  readonly onEjected?: (endpoint: EndpointState, reason: OutlierReason, ejectedMs: number) => void;
  readonly onReturned?: (endpoint: EndpointState) => void;
  /** An endpoint should have gone, but `maxEjectionPercent` of them are out already. */
  readonly onOverflow?: (endpoint: EndpointState, reason: OutlierReason) => void;
}

class EndpointRecord {
  failures = 0;
  gatewayErrors = 0;
  localFailures = 0;
  /** Ejections so far, less those that faded. */
  multiplier = 0;
  ejectedAt = 0;
  returnedAt = 0;
}

export class OutlierState {
  readonly #options: OutlierOptions;
  #policy: OutlierPolicy;
  #endpoints: ReadonlySet<EndpointState> = new Set();
  /** Only of endpoints that failed at least once: the usual outcome finds nothing here. */
  readonly #records = new Map<EndpointState, EndpointRecord>();
  #ejected = 0;
  #sweep: Timer | null = null;

  constructor(options: OutlierOptions) {
    this.#options = options;
    this.#policy = options.policy;
  }

  /** Endpoints ejected now. */
  get ejected(): number {
    return this.#ejected;
  }

  setPolicy(policy: OutlierPolicy): void {
    this.#policy = policy;
  }

  /** The cluster's endpoints from now on. Those that left are forgotten, and free again should they come back. */
  update(endpoints: readonly EndpointState[]): void {
    this.#endpoints = new Set(endpoints);
    for (const endpoint of this.#records.keys()) {
      if (!this.#endpoints.has(endpoint)) this.#forget(endpoint);
    }
  }

  /** What became of one attempt. */
  record(endpoint: EndpointState, outcome: Outcome): void {
    const status = countedStatus(outcome, this.#policy.errorCodes);
    if (status === NO_VERDICT || !this.#endpoints.has(endpoint)) return;
    const policy = this.#policy;
    if (outcome.kind === 'failed' && policy.splitLocalOrigin) {
      const record = this.#recordOf(endpoint);
      record.localFailures += 1;
      if (record.localFailures !== policy.consecutiveLocalOriginFailures) return;
      if (this.#eject(endpoint, record, 'consecutive-local-origin-failures')) record.localFailures = 0;
    } else if (status >= 500 && status <= 599) {
      this.#external(endpoint, this.#recordOf(endpoint), isGatewayError(status));
    } else {
      const record = this.#records.get(endpoint);
      if (record === undefined) return;
      record.failures = 0;
      record.gatewayErrors = 0;
      record.localFailures = 0;
    }
  }

  /** Stops the timer and lets every endpoint back: nobody would do it later. */
  dispose(): void {
    this.#sweep?.cancel();
    this.#sweep = null;
    for (const endpoint of this.#records.keys()) this.#forget(endpoint);
  }

  #external(endpoint: EndpointState, record: EndpointRecord, gatewayError: boolean): void {
    const policy = this.#policy;
    // A response with an error, too, came over a connection that works.
    if (policy.splitLocalOrigin) record.localFailures = 0;
    if (gatewayError) {
      record.gatewayErrors += 1;
      // Exactly at the threshold, so that what fails on behind a full budget asks once a threshold, not with every failure.
      if (record.gatewayErrors === policy.consecutiveGatewayErrors) {
        if (this.#eject(endpoint, record, 'consecutive-gateway-errors')) record.gatewayErrors = 0;
      }
    } else {
      record.gatewayErrors = 0;
    }
    record.failures += 1;
    if (record.failures === policy.consecutive5xx) {
      if (this.#eject(endpoint, record, 'consecutive-5xx')) record.failures = 0;
    }
  }

  /** @returns whether the threshold was acted on, even if only by finding the budget used up; not if it was out already */
  #eject(endpoint: EndpointState, record: EndpointRecord, reason: OutlierReason): boolean {
    if (endpoint.ejected) return false;
    const policy = this.#policy;
    if (!mayEject(this.#ejected, this.#endpoints.size, policy.maxEjectionPercent)) {
      this.#options.onOverflow?.(endpoint, reason);
      return true;
    }
    endpoint.ejected = true;
    this.#ejected += 1;
    record.multiplier = nextMultiplier(policy, record.multiplier);
    record.ejectedAt = this.#options.clock.now();
    this.#schedule();
    this.#options.onEjected?.(endpoint, reason, ejectionMs(policy, record.multiplier));
    return true;
  }

  #schedule(): void {
    this.#sweep ??= this.#options.clock.after(this.#policy.intervalMs, () => {
      this.#sweep = null;
      this.#sweepNow(this.#options.clock.now());
    });
  }

  #sweepNow(now: number): void {
    let fading = false;
    for (const [endpoint, record] of this.#records) {
      if (endpoint.ejected) {
        if (now - record.ejectedAt >= ejectionMs(this.#policy, record.multiplier))
          this.#return(endpoint, record, now);
      } else if (record.multiplier > 0 && now - record.returnedAt >= this.#policy.intervalMs) {
        record.multiplier -= 1;
      }
      if (endpoint.ejected || record.multiplier > 0) fading = true;
    }
    if (fading) this.#schedule();
  }

  #return(endpoint: EndpointState, record: EndpointRecord, now: number): void {
    endpoint.ejected = false;
    this.#ejected -= 1;
    record.returnedAt = now;
    record.failures = 0;
    record.gatewayErrors = 0;
    record.localFailures = 0;
    this.#options.onReturned?.(endpoint);
  }

  #recordOf(endpoint: EndpointState): EndpointRecord {
    let record = this.#records.get(endpoint);
    if (record === undefined) {
      record = new EndpointRecord();
      this.#records.set(endpoint, record);
    }
    return record;
  }

  #forget(endpoint: EndpointState): void {
    this.#records.delete(endpoint);
    if (!endpoint.ejected) return;
    endpoint.ejected = false;
    this.#ejected -= 1;
  }
}
