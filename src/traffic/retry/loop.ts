/**
 * The attempts after a first failure. p-retry drives them: it counts, asks whether to go on and ends the loop; when to go on, and
 * after how long, is {@link decideRetry}'s, and the waiting is ours, on the mesh's clock and ended by the call itself. A call whose
 * first attempt succeeds never comes here.
 */
import pRetry from 'p-retry';
import type { Clock } from '../../base/clock.js';
import type { Sent } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import type { Call } from '../../model/call.js';
import type { Outcome } from '../../model/outcome.js';
import { isReplayable } from '../../model/request-body.js';
import { givenUp, waitForCall } from '../../model/waiting.js';
import { decideRetry, type RetryStop } from './decide.js';
import type { RetryPolicy } from './policy.js';
import type { RetryBudget } from './state.js';

export interface RetryOptions {
  readonly call: Call;
  /** How the first attempt ended. */
  readonly first: Outcome;
  readonly policy: RetryPolicy;
  /** Of the cluster that the call goes to. */
  readonly budget: RetryBudget;
  /** The call is made for an exchange that is a retry itself. @default false */
  readonly repeatedAbove?: boolean;
  /** Retries of the policy that were made already, beside the first attempt. @default 0 */
  readonly retriesBefore?: number;
  /** When whoever waits for the call asks again; monotonic milliseconds. @default Infinity: never */
  readonly repeatedAboveAt?: number;
  /** Attempts of that cluster in flight. */
  readonly active: () => number;
  /** Makes attempt number `retryNumber + 1`; 1 is the first retry. Never rejects. */
  readonly run: (retryNumber: number) => Promise<Outcome>;
  readonly clock: Clock;
  readonly random: Random;
  /** Told before each wait. `because` is the `retry-on` word. */
  readonly onRetry?: (retryNumber: number, delayMs: number, because: string) => void;
  /** Told once, when policy would have the last outcome repeated but something forbids it, before the outcome is returned. */
  readonly onStop?: (because: Exclude<RetryStop, 'no-condition'>) => void;
}

/** Thrown to p-retry to ask for another attempt; nobody else sees it. */
const AGAIN = new Error('another attempt is wanted');

const DISCARDED = new Error('the response is discarded because the call is tried again');

/**
 * Tries again as policy allows. Resolves with the last outcome as it is, but that it says `sent: 'maybe'` if an earlier one did; one that used up all attempts leaves the flag URX on the
 * call, one that found the budget empty UO. A call given up meanwhile ends as cancelled or timed out. Of a response that is not
 * the last the body is dropped before the wait, so that its attempt is released.
 */
export async function retryAttempts(options: RetryOptions): Promise<Outcome> {
  const { call, policy, budget, clock } = options;
  const { repeatedAboveAt = Number.POSITIVE_INFINITY } = options;
  let outcome = options.first;
  /** May an attempt before the last have reached a peer? */
  let sent: Sent = 'no';
  let delayMs = 0;
  let retries = options.retriesBefore ?? 0;
  let backoffs = 0;
  /** The retry that is next, or under way, is one of the budget's. */
  let counted = false;

  const attempt = async (number: number): Promise<void> => {
    if (number > 1) outcome = await retryOnce();
    const free = outcome.kind === 'failed' && budget.isFree(outcome.sent);
    const now = clock.now();
    const verdict = decideRetry(policy, {
      outcome,
      method: call.method,
      bodyReplayable: isReplayable(call.body),
      retriesSoFar: retries,
      backoffs,
      deadlineRemainingMs: call.deadlineAt - now,
      budgetAllows: free || budget.allows(options.active(), now),
      repeatedAbove: options.repeatedAbove ?? false,
      late:
        repeatedAboveAt === Number.POSITIVE_INFINITY
          ? undefined
          : { remainingMs: repeatedAboveAt - now, lastedMs: now - (call.current?.startedAt ?? now) },
      wallNow: clock.wallNow(),
      random: options.random,
    });
    if (verdict.kind === 'stop') {
      if (verdict.because === 'limit') call.flags.add('URX');
      if (verdict.because === 'retry-overflow') call.flags.add('UO');
      // The retry is handed up, not saved: else each layer would add its share of them.
      if (verdict.because === 'retried-above' && budget.take(options.active(), now)) budget.release();
      if (verdict.because !== 'no-condition') options.onStop?.(verdict.because);
      return;
    }
    counted = !free && budget.take(options.active(), now);
    delayMs = verdict.delayMs;
    backoffs = verdict.restarts === true ? 0 : backoffs + 1;
    options.onRetry?.(retries + 1, delayMs, verdict.because);
    throw AGAIN;
  };

  const giveBack = (): void => {
    if (counted) budget.release();
    counted = false;
  };

  const retryOnce = async (): Promise<Outcome> => {
    retries += 1;
    try {
      return await options.run(retries);
    } finally {
      giveBack();
    }
  };

  const pause = async (): Promise<void> => {
    if (outcome.kind === 'response') outcome.body.drop(DISCARDED);
    if (outcome.kind === 'response' || (outcome.kind === 'failed' && outcome.sent === 'maybe'))
      sent = 'maybe';
    if (await waitForCall(clock, call, delayMs)) return;
    giveBack();
    outcome = givenUp(call, sent);
  };

  try {
    await pRetry(attempt, {
      retries: policy.attempts,
      // p-retry's own waiting is switched off: it takes its time and chance from globals and can be ended by a signal only.
      minTimeout: 0,
      onFailedAttempt: ({ error }) => (error === AGAIN ? pause() : undefined),
      shouldRetry: ({ error }) => error === AGAIN && call.cancelledBy === undefined,
    });
  } catch (error) {
    if (error !== AGAIN) throw error;
  }
  return honest(outcome, sent);
}

/** Whoever reads `sent: 'no'` may repeat what they asked for: that holds for the call only if it held for each attempt. */
function honest(outcome: Outcome, sentBefore: Sent): Outcome {
  if (sentBefore === 'no' || (outcome.kind !== 'failed' && outcome.kind !== 'rejected')) return outcome;
  return outcome.sent === 'maybe' ? outcome : { ...outcome, sent: 'maybe' };
}
