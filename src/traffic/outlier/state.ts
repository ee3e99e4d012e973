/**
 * What is remembered of one cluster's endpoints, and who of them is ejected. Keyed by EndpointState; survives policy and
 * endpoint changes. One timer a cluster, running only while an endpoint is ejected or has a past that still fades, and, where policy
 * goes by numbers, while there are calls.
 * @source Envoy `outlier_detection_impl.cc`
 */
import type { Timer } from '../../base/clock.js';
import type { EndpointState } from '../../model/endpoint-state.js';
import type { Outcome } from '../../model/outcome.js';
import { countedStatus, ejectionMs, isGatewayError, mayEject, NO_VERDICT, nextMultiplier } from './decide.js';
import type { OutlierOptions, OutlierReason } from './options.js';
import { outliersAmong } from './outliers.js';
import type { OutlierPolicy } from './policy.js';
import { EndpointRecord } from './record.js';

const ALWAYS = 100;

export class OutlierState {
  readonly #options: OutlierOptions;
  #policy: OutlierPolicy;
  /** Of the cluster's endpoints, and of no others. */
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
    const present = new Set(endpoints);
    for (const endpoint of this.#records.keys()) if (!present.has(endpoint)) this.#forget(endpoint);
    for (const endpoint of present)
      if (!this.#records.has(endpoint)) this.#records.set(endpoint, new EndpointRecord());
  }

  /** What became of one attempt. */
  record(endpoint: EndpointState, outcome: Outcome): void {
    const policy = this.#policy;
    const status = countedStatus(outcome, policy.errorCodes);
    if (status === NO_VERDICT) return;
    const record = this.#records.get(endpoint);
    if (record === undefined) return;
    if (policy.splitLocalOrigin && outcome.kind === 'failed') {
      this.#local(endpoint, record);
      return;
    }
    const succeeded = status < 500 || status > 599;
    if (policy.successRate !== undefined || policy.failurePercentage !== undefined) {
      record.total += 1;
      if (succeeded) record.succeeded += 1;
      if (this.#sweep === null) this.#schedule();
    }
    if (succeeded) record.beginAnew();
    else this.#external(endpoint, record, isGatewayError(status));
  }

  /** A health check found the endpoint well: it need not wait for a sweep. Does nothing if it is not ejected. */
  readmit(endpoint: EndpointState): void {
    const record = this.#records.get(endpoint);
    if (record !== undefined && endpoint.ejected) this.#return(endpoint, record, this.#options.clock.now());
  }

  /** Stops the timer and lets every endpoint back: nobody would do it later. */
  dispose(): void {
    this.#sweep?.cancel();
    this.#sweep = null;
    for (const endpoint of this.#records.keys()) this.#forget(endpoint);
  }

  /** No response, where that is counted apart. */
  #local(endpoint: EndpointState, record: EndpointRecord): void {
    record.localFailures += 1;
    if (record.localFailures !== this.#policy.consecutiveLocalOriginFailures) return;
    if (this.#detected(endpoint, record, 'consecutive-local-origin-failures')) record.localFailures = 0;
  }

  #external(endpoint: EndpointState, record: EndpointRecord, gatewayError: boolean): void {
    const policy = this.#policy;
    // A response with an error, too, came over a connection that works.
    if (policy.splitLocalOrigin) record.localFailures = 0;
    if (gatewayError) {
      record.gatewayErrors += 1;
      // Exactly at the threshold, so that what fails on behind a full budget asks once a threshold, not with every failure.
      if (record.gatewayErrors === policy.consecutiveGatewayErrors) {
        if (this.#detected(endpoint, record, 'consecutive-gateway-errors')) record.gatewayErrors = 0;
      }
    } else {
      record.gatewayErrors = 0;
    }
    record.failures += 1;
    if (record.failures === policy.consecutive5xx) {
      if (this.#detected(endpoint, record, 'consecutive-5xx')) record.failures = 0;
    }
  }

  /**
   * An outlier: out with it, if it is not out already and the budget and the lot agree.
   * @returns whether the counter begins anew: whatever came of it, unless it was out already
   */
  #detected(
    endpoint: EndpointState,
    record: EndpointRecord,
    reason: OutlierReason,
    enforcingPercent = ALWAYS,
  ): boolean {
    if (endpoint.ejected) return false;
    const { clock, random, onEjected, onOverflow, onSpared } = this.#options;
    const policy = this.#policy;
    if (!mayEject(this.#ejected, this.#records.size, policy.maxEjectionPercent)) {
      onOverflow?.(endpoint, reason);
    } else if (enforcingPercent < ALWAYS && random.next() * 100 >= enforcingPercent) {
      onSpared?.(endpoint, reason);
    } else {
      endpoint.ejected = true;
      this.#ejected += 1;
      record.multiplier = nextMultiplier(policy, record.multiplier);
      record.ejectedAt = clock.now();
      if (this.#sweep === null) this.#schedule();
      onEjected?.(endpoint, reason, ejectionMs(policy, record.multiplier));
    }
    return true;
  }

  #schedule(): void {
    this.#sweep = this.#options.clock.after(this.#policy.intervalMs, () => {
      // Still set meanwhile: whoever is ejected by this sweep needs no other timer.
      this.#sweepNow(this.#options.clock.now());
      this.#sweep = null;
      if (this.#isBusy()) this.#schedule();
    });
  }

  /** In Envoy's order: back come those whose time is over, out go those whom the numbers tell, and what is past fades. */
  #sweepNow(now: number): void {
    for (const [endpoint, record] of this.#records) {
      if (endpoint.ejected && now - record.ejectedAt >= ejectionMs(this.#policy, record.multiplier))
        this.#return(endpoint, record, now);
      record.turn();
    }
    for (const { endpoint, record, reason, enforcingPercent } of outliersAmong(this.#records, this.#policy))
      this.#detected(endpoint, record, reason, enforcingPercent);
    for (const [endpoint, record] of this.#records) {
      if (!endpoint.ejected && record.multiplier > 0 && now - record.returnedAt >= this.#policy.intervalMs)
        record.multiplier -= 1;
    }
  }

  /** Is there anything for the next sweep? */
  #isBusy(): boolean {
    for (const [endpoint, { multiplier, tally }] of this.#records)
      if (endpoint.ejected || multiplier > 0 || tally.total > 0) return true;
    return false;
  }

  #return(endpoint: EndpointState, record: EndpointRecord, now: number): void {
    endpoint.ejected = false;
    this.#ejected -= 1;
    record.returnedAt = now;
    record.beginAnew();
    this.#options.onReturned?.(endpoint);
  }

  #forget(endpoint: EndpointState): void {
    this.#records.delete(endpoint);
    if (!endpoint.ejected) return;
    endpoint.ejected = false;
    this.#ejected -= 1;
  }
}
