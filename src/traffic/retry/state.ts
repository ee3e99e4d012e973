import type { Sent } from '../../base/errors.js';
import { allowedInWindow, allowedRetries, DEFAULT_VOLUME } from './budget.js';
import type { RetryBudgetPolicy } from './policy.js';
import { Window } from './window.js';

/** Requests lost with idle connections that go out again in a window, however few calls there are. */
const RESENDS = 32;

/**
 * What one cluster has been asked for and how much of it again. Hedges count as retries. Survives policy changes. Instants are
 * monotonic milliseconds.
 *
 * By default the sum of all retries ever made is at most a fifth of all calls, or three in the window: whatever slice a call is counted
 * in, the retries that it pays for are counted in the same one or a later one, so no call pays twice.
 */
export class RetryBudget {
  #policy: RetryBudgetPolicy | null;
  #maxRetries: number | undefined;
  #outstanding = 0;
  readonly #calls = new Window(DEFAULT_VOLUME.windowMs);
  readonly #retries = new Window(DEFAULT_VOLUME.windowMs);

  /** @param maxRetries the fixed limit that holds where there is no budget; without either the default holds */
  constructor(policy: RetryBudgetPolicy | null, maxRetries: number | undefined) {
    this.#policy = policy;
    this.#maxRetries = maxRetries;
  }

  /** Retries that wait or are in flight. */
  get outstanding(): number {
    return this.#outstanding;
  }

  setPolicy(policy: RetryBudgetPolicy | null, maxRetries: number | undefined): void {
    this.#policy = policy;
    this.#maxRetries = maxRetries;
  }

  /** A call to the cluster that may be retried has begun. */
  called(at: number): void {
    this.#calls.add(at);
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
  allows(active: number, now: number): boolean {
    const atOnce = allowedRetries(this.#policy, this.#maxRetries, active);
    if (atOnce !== undefined) return this.#outstanding < atOnce;
    return this.#retries.total(now) < allowedInWindow(this.#calls.total(now));
  }

  /** @returns false if the budget is used up; otherwise {@link release} is to be called when the retry has ended */
  take(active: number, now: number): boolean {
    if (!this.allows(active, now)) return false;
    this.#outstanding += 1;
    this.#retries.add(now);
    return true;
  }

  release(): void {
    this.#outstanding -= 1;
  }

  /**
   * May a request that was lost with an idle connection be sent again at once? It counts as a retry: nobody can tell a server that closes
   * idle connections from one that breaks off whatever it is asked. But a server that closes all of them at once is no trouble.
   */
  takeResend(now: number): boolean {
    if (this.#retries.total(now) >= Math.max(allowedInWindow(this.#calls.total(now)), RESENDS)) return false;
    this.#retries.add(now);
    return true;
  }

  /** The requests that were sent again were answered well: the connections were at fault, and nothing was multiplied. */
  refund(resends: number, now: number): void {
    this.#retries.add(now, -resends);
  }
}
