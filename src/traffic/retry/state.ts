import type { Sent } from '../../base/errors.js';
import { allowedRetries } from './budget.js';
import type { RetryBudgetPolicy } from './policy.js';

/** The retries of one cluster that are outstanding: they wait, or are in flight. Survives policy changes. */
export class RetryBudget {
  #policy: RetryBudgetPolicy | null;
  #maxRetries: number | undefined;
  #outstanding = 0;

  /** @param maxRetries the fixed limit that holds where there is no budget; without either the default budget holds */
  constructor(policy: RetryBudgetPolicy | null, maxRetries: number | undefined) {
    this.#policy = policy;
    this.#maxRetries = maxRetries;
  }

  get outstanding(): number {
    return this.#outstanding;
  }

  setPolicy(policy: RetryBudgetPolicy | null, maxRetries: number | undefined): void {
    this.#policy = policy;
    this.#maxRetries = maxRetries;
  }

  /**
   * Need a retry after an attempt that ended so not be counted? One that never reached a server has cost none anything, so the retry
   * multiplies nothing: a process that dies while calls come in bursts must not cost more than the budget's worth of them. What
   * policy says itself counts all, as in Envoy.
   */
  isFree(sent: Sent): boolean {
    return sent === 'no' && this.#policy === null && this.#maxRetries === undefined;
  }

  /**
   * Would {@link take} succeed now?
   * @param active attempts of the cluster in flight
   */
  allows(active: number): boolean {
    return this.#outstanding < allowedRetries(this.#policy, this.#maxRetries, active);
  }

  /** @returns false if the budget is used up; otherwise to be given back with {@link release} */
  take(active: number): boolean {
    if (!this.allows(active)) return false;
    this.#outstanding += 1;
    return true;
  }

  release(): void {
    this.#outstanding -= 1;
  }
}
