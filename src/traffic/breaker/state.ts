/**
 * The error-rate breaker of one cluster. opossum keeps the rolling window, the thresholds, the state machine and its timers; we
 * ask it before an attempt and tell it afterwards. It is fired when the outcome is known, not when the attempt begins: then the
 * window holds finished attempts only, a cancelled one never enters it, and an attempt from before the circuit opened cannot
 * pass for the probe. opossum takes its time from the platform; this file is the only one that knows it.
 * @source opossum 9, lib/circuit.js
 */
import CircuitBreaker from 'opossum';
import { type Clock, LONGEST_TIMER_MS } from '../../base/clock.js';
import { type Random, systemRandom } from '../../base/random.js';
import { decideRamp } from './decide.js';
import type { BreakerPolicy } from './policy.js';

export type CircuitState = 'closed' | 'open' | 'half-open';

export interface BreakerOptions {
  /** For saying how long an open circuit stays so, and for how full one may be that has just closed. */
  readonly clock: Clock;
  /** Who is let through while it fills. @default the platform's */
  readonly random?: Random;
  readonly onTransition?: (state: CircuitState) => void;
}

/** Whether an attempt may go. A `probe` must be settled or abandoned as one. */
export type BreakerVerdict = 'pass' | 'probe' | 'refused';

export class BreakerState {
  readonly policy: BreakerPolicy;
  readonly #clock: Clock;
  readonly #circuit: CircuitBreaker<[boolean], void>;
  /** The one attempt that a half-open circuit lets through is under way. */
  #probing = false;
  #openedAt = 0;
  /** Since when it fills again; null: it is open, or full. */
  #closedAt: number | null = null;
  readonly #random: Random;
  readonly #rampMs: number;
  /** Attempts that passed and have not ended. */
  #underWay = 0;

  constructor(policy: BreakerPolicy, { clock, onTransition, random = systemRandom }: BreakerOptions) {
    this.policy = policy;
    this.#clock = clock;
    this.#random = random;
    this.#rampMs = policy.rampMs ?? policy.openMs;
    // The platform takes a longer time for a millisecond.
    const windowMs = Math.min(policy.windowMs, LONGEST_TIMER_MS);
    this.#circuit = new CircuitBreaker(replay, {
      name: 'heddle',
      // The mesh's deadlines end attempts.
      timeout: false,
      // opossum opens above the threshold; 100 would never open it.
      errorThresholdPercentage: Math.min(policy.errorThresholdPercent, 99.99),
      volumeThreshold: policy.volumeThreshold,
      rollingCountTimeout: windowMs,
      rollingCountBuckets: bucketsOf(windowMs),
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      resetTimeout: Math.min(policy.openMs, LONGEST_TIMER_MS),
    });
    this.#circuit.on('open', () => {
      this.#probing = false;
      this.#closedAt = null;
      this.#openedAt = clock.now();
      onTransition?.('open');
    });
    this.#circuit.on('halfOpen', () => onTransition?.('half-open'));
    this.#circuit.on('close', () => {
      this.#probing = false;
      this.#closedAt = this.#rampMs > 0 ? clock.now() : null;
      onTransition?.('closed');
    });
  }

  get state(): CircuitState {
    if (this.#circuit.halfOpen) return 'half-open';
    return this.#circuit.opened ? 'open' : 'closed';
  }

  /** Can this memory serve `policy`? If not, a new one begins, with its circuit closed. */
  follows(policy: BreakerPolicy): boolean {
    const own = this.policy;
    return (
      own.errorThresholdPercent === policy.errorThresholdPercent &&
      own.volumeThreshold === policy.volumeThreshold &&
      own.windowMs === policy.windowMs &&
      own.openMs === policy.openMs &&
      own.rampMs === policy.rampMs
    );
  }

  /** Milliseconds until a probe may go; undefined if that is not known: one is under way, or the circuit fills again. */
  get retryAfterMs(): number | undefined {
    if (!this.#circuit.opened) return undefined;
    return Math.max(0, Math.ceil(this.#openedAt + this.policy.openMs - this.#clock.now()));
  }

  /** May an attempt go now? */
  enter(): BreakerVerdict {
    if (this.#circuit.opened) return 'refused';
    if (!this.#circuit.halfOpen)
      return this.#closedAt === null || this.#fits(this.#closedAt) ? this.#pass() : 'refused';
    if (this.#probing) return 'refused';
    this.#probing = true;
    return 'probe';
  }

  #pass(): BreakerVerdict {
    this.#underWay += 1;
    return 'pass';
  }

  /** Is there room for one more while the circuit fills? */
  #fits(closedAt: number): boolean {
    const elapsedMs = this.#clock.now() - closedAt;
    const rampMs = this.#rampMs;
    if (elapsedMs >= rampMs) {
      this.#closedAt = null;
      return true;
    }
    return decideRamp({ elapsedMs, rampMs, underWay: this.#underWay, draw: this.#random.next() });
  }

  /**
   * How an attempt that had entered ended. The circuit moves within the microtasks that follow.
   * @param verdict what {@link enter} said of it
   */
  settle(verdict: BreakerVerdict, succeeded: boolean): void {
    if (verdict === 'pass') this.#underWay -= 1;
    // What entered before the circuit opened says nothing about how the cluster is now.
    if (verdict === 'pass' && !this.#circuit.closed) return;
    this.#circuit.fire(succeeded).catch(ignore);
  }

  /** An attempt that had entered ended without telling anything: it was refused further on, or the caller gave up. */
  abandon(verdict: BreakerVerdict): void {
    if (verdict === 'probe') this.#probing = false;
    else if (verdict === 'pass') this.#underWay -= 1;
  }

  /** Stops opossum's timers. */
  dispose(): void {
    this.#circuit.shutdown();
  }
}

/** What opossum protects: the outcome that is known already, as the promise that it expects. */
function replay(succeeded: boolean): Promise<void> {
  return succeeded ? SUCCEEDED : Promise.reject(FAILED);
}

const SUCCEEDED = Promise.resolve();
const FAILED = new Error('the attempt failed');

function ignore(): void {}

/** Ten slices, as opossum has by default, but none shorter than 10 ms: each slice is a timer tick. */
function bucketsOf(windowMs: number): number {
  return Math.max(1, Math.min(10, Math.floor(windowMs / 10)));
}
