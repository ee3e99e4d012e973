/**
 * One adaptive limit. It has no timers: windows end with the first request after their time, which is the first one to notice.
 * @source Envoy `gradient_controller.cc`
 */
import type { Clock } from '../../base/clock.js';
import type { Random } from '../../base/random.js';
import { type LoopFacts, nextLimit, nextMeasurementMs, percentile } from './decide.js';
import type { ConcurrencyPolicy } from './policy.js';

/** Latencies that are kept of a window; of more, a fair sample. */
const MOST_SAMPLES = 1_024;
/** Windows in a row at the least limit, after which the measurement itself is doubted. @source Envoy */
const DOUBTFUL_WINDOWS = 5;

export interface ConcurrencyParts {
  readonly clock: Clock;
  readonly random: Random;
}

export class ConcurrencyState {
  /** What may be under way at once. */
  limit: number;
  /** What is under way. */
  active = 0;
  #policy: ConcurrencyPolicy;
  readonly #clock: Clock;
  readonly #random: Random;
  /** Latency of an idle service; null until it was measured. */
  #minRttMs: number | null = null;
  /** The limit that holds again when the measurement under way is over; null: none is. */
  #deferred: number | null;
  /** Requests from before say nothing of a service with little to do. */
  #measuredSince: number;
  #measureAt = Number.POSITIVE_INFINITY;
  #windowEndsAt = Number.POSITIVE_INFINITY;
  #atMinimum = 0;
  #samples: number[] = [];
  #seen = 0;
  readonly #loop = new LoopTurns();
  /** Of the event loop on an idle service. */
  #minLoopMs = 0;

  constructor(policy: ConcurrencyPolicy, { clock, random }: ConcurrencyParts) {
    this.#policy = policy;
    this.#clock = clock;
    this.#random = random;
    this.limit = policy.minLimit;
    this.#deferred = policy.initialLimit;
    this.#measuredSince = clock.now();
  }

  /** Is the smallest latency being measured, with the least limit in force? */
  get measuring(): boolean {
    return this.#deferred !== null;
  }

  get minRttMs(): number | null {
    return this.#minRttMs;
  }

  /** Takes over changed bounds; what was learnt stays. */
  setPolicy(policy: ConcurrencyPolicy): void {
    this.#policy = policy;
    const within = (limit: number) => Math.max(policy.minLimit, Math.min(policy.maxLimit, limit));
    if (this.#deferred !== null) this.#deferred = within(this.#deferred);
    this.limit = this.measuring ? policy.minLimit : within(this.limit);
  }

  /** Brings the limit up to date. */
  tick(): void {
    const now = this.#clock.now();
    if (this.measuring) return;
    if (now >= this.#measureAt) this.#measure(now);
    else if (now >= this.#windowEndsAt) this.#endWindow(now);
  }

  /**
   * @param below lets in while fewer than this are under way. @default the limit
   * @returns false: too much is under way; otherwise to be given back with {@link leave}
   */
  enter(below: number = this.limit): boolean {
    if (this.active >= below) return false;
    this.active += 1;
    return true;
  }

  leave(): void {
    this.active -= 1;
  }

  /** Something that began at `startedAt` was answered now. */
  sample(startedAt: number): void {
    this.tick();
    if (startedAt < this.#measuredSince) return;
    const now = this.#clock.now();
    this.#keep(now - startedAt);
    if (this.measuring && this.#seen >= this.#policy.minRttRequests) this.#endMeasurement(now);
  }

  /** A turn of the event loop took `turnMs`; `toleratedMs` are nothing to act on. Where nobody says so latency decides alone. */
  turn(turnMs: number, toleratedMs: number): void {
    this.#loop.add(turnMs, toleratedMs);
  }

  #keep(latencyMs: number): void {
    this.#seen += 1;
    if (this.#samples.length < MOST_SAMPLES) this.#samples.push(latencyMs);
    else {
      const place = Math.floor(this.#random.next() * this.#seen);
      if (place < MOST_SAMPLES) this.#samples[place] = latencyMs;
    }
  }

  #takeSamples(): number {
    const value = percentile(this.#samples, this.#policy.percentile);
    this.#clear();
    return value;
  }

  #clear(): void {
    this.#samples = [];
    this.#seen = 0;
    this.#loop.clear();
  }

  #measure(now: number): void {
    this.#deferred = this.limit;
    this.limit = this.#policy.minLimit;
    this.#atMinimum = 0;
    this.#measuredSince = now;
    this.#clear();
  }

  #endMeasurement(now: number): void {
    this.#minLoopMs = this.#loop.delayMs;
    this.#minRttMs = this.#takeSamples();
    this.limit = this.#deferred!;
    this.#deferred = null;
    this.#measureAt = now + nextMeasurementMs(this.#policy, this.#random);
    this.#windowEndsAt = now + this.#policy.sampleWindowMs;
  }

  #endWindow(now: number): void {
    this.#windowEndsAt = now + this.#policy.sampleWindowMs;
    if (this.#seen === 0) return;
    const { limit } = this;
    const loop = this.#loop.facts(this.#minLoopMs);
    const sampleRttMs = this.#takeSamples();
    this.limit = nextLimit(this.#policy, { limit, minRttMs: this.#minRttMs!, sampleRttMs, loop });
    const least = this.#policy.minLimit;
    this.#atMinimum = limit === least && this.limit === least ? this.#atMinimum + 1 : 0;
    if (this.#atMinimum >= DOUBTFUL_WINDOWS) this.#measure(now);
  }
}

/** The turns of the event loop in one window. */
class LoopTurns {
  #sum = 0;
  #squares = 0;
  #toleratedMs = 0;

  add(turnMs: number, toleratedMs: number): void {
    this.#sum += turnMs;
    this.#squares += turnMs * turnMs;
    this.#toleratedMs = toleratedMs;
  }

  /** Length of the turn that whoever arrives at any time falls into: a long one is the likelier to be met. */
  get delayMs(): number {
    return this.#sum === 0 ? 0 : this.#squares / this.#sum;
  }

  facts(minMs: number): LoopFacts | undefined {
    return this.#sum === 0 ? undefined : { sampleMs: this.delayMs, minMs, toleratedMs: this.#toleratedMs };
  }

  clear(): void {
    this.#sum = 0;
    this.#squares = 0;
  }
}
