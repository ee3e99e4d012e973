/**
 * The attempts of one hedged call, side by side. The first good response wins and the others are cancelled at once; if none is good
 * the last outcome is the call's. A call whose first attempt answers in time has cost a deadline on the wheel, and nothing else.
 */
import type { Clock } from '../../base/clock.js';
import { Deadline, type Deadlines } from '../../base/deadlines.js';
import type { Attempt } from '../../model/attempt.js';
import type { Call } from '../../model/call.js';
import type { Outcome } from '../../model/outcome.js';
import { decideHedge, isGood } from './decide.js';
import type { HedgePolicy } from './policy.js';

/** An attempt that has been begun. */
export interface Begun {
  readonly attempt: Attempt;
  /** Never rejects. */
  readonly outcome: Promise<Outcome>;
}

export interface RaceOptions {
  readonly call: Call;
  readonly policy: HedgePolicy;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  /** The cluster's; further attempts take from it as retries do. */
  readonly budget: {
    allows(active: number, now: number): boolean;
    take(active: number, now: number): boolean;
    release(): void;
  };
  /** Attempts of the cluster in flight. */
  readonly active: () => number;
  readonly first: Begun;
  /** What begins one more on an endpoint that the call does not use yet; null: there is none. */
  readonly another: () => (() => Begun) | null;
}

const LOST = new Error('another attempt of the call was answered first');

/** Leaves the attempt that counts in `call.current`. */
export function raceAttempts(options: RaceOptions): Promise<Outcome> {
  return new Promise((resolve) => new Race(options, resolve).start());
}

class Race extends Deadline {
  readonly #options: RaceOptions;
  readonly #resolve: (outcome: Outcome) => void;
  readonly #running = new Set<Attempt>();
  #begun = 0;
  #over = false;

  constructor(options: RaceOptions, resolve: (outcome: Outcome) => void) {
    super();
    this.#options = options;
    this.#resolve = resolve;
  }

  start(): void {
    const { call, first } = this.#options;
    call.onCancel = () => this.#cancelAll(call.cancelledBy?.kind === 'deadline' ? 'deadline' : 'cancelled');
    this.#add(first, false);
    this.#wait();
  }

  /** Nobody has answered for `delayMs`. */
  override expire(): void {
    const { call, policy, budget, active, another, clock } = this.#options;
    if (this.#over || call.cancelledBy !== undefined) return;
    const begin = another();
    const verdict = decideHedge(policy, {
      begun: this.#begun,
      otherEndpoint: begin !== null,
      budgetAllows: budget.allows(active(), clock.now()),
    });
    if (verdict.kind === 'stop' || begin === null) {
      // Both can change while the call waits; the number of attempts cannot.
      if (verdict.kind === 'stop' && verdict.because !== 'limit') this.#wait();
      return;
    }
    budget.take(active(), clock.now());
    this.#add(begin(), true);
    this.#wait();
  }

  /** For the next attempt, if there can be one before the call's own deadline. */
  #wait(): void {
    const { call, policy, clock, deadlines } = this.#options;
    if (this.#over || this.#begun >= policy.maxAttempts) return;
    const at = clock.now() + policy.delayMs;
    if (at < call.deadlineAt) deadlines.arm(this, at);
  }

  #add({ attempt, outcome }: Begun, budgeted: boolean): void {
    this.#begun += 1;
    this.#running.add(attempt);
    void outcome.then((ended) => {
      if (budgeted) this.#options.budget.release();
      this.#ended(attempt, ended);
    });
  }

  #ended(attempt: Attempt, outcome: Outcome): void {
    this.#running.delete(attempt);
    if (this.#over) {
      if (outcome.kind === 'response') outcome.body.drop(LOST);
      return;
    }
    if (!isGood(outcome) && this.#running.size > 0) {
      if (outcome.kind === 'response') outcome.body.drop(LOST);
      return;
    }
    const { call, deadlines } = this.#options;
    this.#over = true;
    deadlines.disarm(this);
    call.onCancel = null;
    call.current = attempt;
    this.#cancelAll('cancelled');
    this.#resolve(outcome);
  }

  #cancelAll(stop: 'deadline' | 'cancelled'): void {
    for (const attempt of [...this.#running]) attempt.cancel(stop);
  }
}
