/**
 * Retry decision: does this call get another attempt, and after how long? Pure: budget, time and chance are handed in.
 * @source Envoy `retry_state_impl.cc` for conditions and order; RFC 9110 §9.2.2 for what is safe to repeat
 */
import type { Random } from '../../base/random.js';
import type { Outcome } from '../../model/outcome.js';
import { matchingCondition } from './conditions.js';
import { decideDelay } from './delay.js';
import type { RetryPolicy } from './policy.js';
import { isSpent } from './tree.js';

export interface RetryFacts {
  readonly outcome: Outcome;
  /** In upper case. */
  readonly method: string;
  readonly bodyReplayable: boolean;
  /** 0 after the first attempt. */
  readonly retriesSoFar: number;
  /** Waits of growing length since the first attempt, or since the server said itself how long to wait. @default retriesSoFar */
  readonly backoffs?: number;
  /** What is left of the whole call's time, milliseconds; Infinity for no deadline. */
  readonly deadlineRemainingMs: number;
  readonly budgetAllows: boolean;
  /** The call is made for an exchange that is a retry itself. @default false */
  readonly repeatedAbove?: boolean;
  /**
   * Set if whoever waits for us asks again when we are late: how long until then, and how long the attempt took that has just ended,
   * which is as long as the next one may take; milliseconds.
   */
  readonly late?: { readonly remainingMs: number; readonly lastedMs: number } | undefined;
  /** Milliseconds since the epoch. @default 0 */
  readonly wallNow?: number;
  readonly random: Random;
}

/** Why there is no further attempt. */
export type RetryStop =
  /** The outcome is none that policy wants repeated. */
  | 'no-condition'
  /** It may have been carried out, and carrying it out twice is not the same as once. */
  | 'not-idempotent'
  | 'body-not-replayable'
  /** The peer, or one that it called, has retried already: another one multiplies. */
  | 'spent-below'
  /** The call belongs to a retry of whoever called us: another one multiplies. */
  | 'repeated-above'
  /** The server says that it wants no more of this (gRPC). */
  | 'pushback'
  /** `attempts` of the policy are used up: flag URX. */
  | 'limit'
  /** The cluster bears no more retries just now: flag UO. */
  | 'retry-overflow'
  /** Whoever called us will have asked again before a retry is over. It is theirs then, but paid for from the budget here. */
  | 'retried-above'
  /** The wait would outlast the call. */
  | 'deadline';

export type RetryVerdict =
  /** `because` is the `retry-on` word that matched; `restarts`: the next backoff is as short as the first. */
  | { readonly kind: 'retry'; readonly delayMs: number; readonly because: string; readonly restarts?: true }
  | { readonly kind: 'stop'; readonly because: RetryStop };

/**
 * In Envoy's order: condition, limit, budget; with ours before the limit: what is not safe to repeat is not repeated, and what another
 * layer repeats is not repeated here. A request that certainly never left may always be repeated; any other only if its method is
 * idempotent or the operator asked for retries on this route by name, and only if its body can be sent again.
 */
export function decideRetry(policy: RetryPolicy, facts: RetryFacts): RetryVerdict {
  const because = matchingCondition(policy, facts.outcome);
  if (because === undefined) return STOP['no-condition'];
  const { outcome, retriesSoFar } = facts;
  const neverLeft = outcome.kind === 'failed' && outcome.sent === 'no';
  if (!neverLeft && !policy.explicit && !isIdempotent(facts.method)) return STOP['not-idempotent'];
  if (!facts.bodyReplayable) return STOP['body-not-replayable'];
  if (isSpent(outcome)) return STOP['spent-below'];
  if (facts.repeatedAbove === true && !neverLeft) return STOP['repeated-above'];
  const { backoffs = retriesSoFar, wallNow = 0, random } = facts;
  const delay = decideDelay(policy, { outcome, backoffs, wallNow, random }, because);
  if (delay.kind === 'never') return STOP.pushback;
  if (retriesSoFar >= policy.attempts) return STOP.limit;
  if (!facts.budgetAllows) return STOP['retry-overflow'];
  const { late } = facts;
  if (late !== undefined && !neverLeft && delay.ms + late.lastedMs > late.remainingMs)
    return STOP['retried-above'];
  if (delay.ms >= facts.deadlineRemainingMs) return STOP.deadline;
  const verdict = { kind: 'retry', delayMs: delay.ms, because } as const;
  return delay.kind === 'told' && delay.restarts ? { ...verdict, restarts: true } : verdict;
}

/** Does an attempt that is over because of its per-try timeout have another after it, as far as policy is concerned? */
export function repeatsWhenLate(policy: RetryPolicy, method: string, retriesSoFar: number): boolean {
  return (
    retriesSoFar < policy.attempts &&
    (policy.explicit || isIdempotent(method)) &&
    (policy.on.includes('5xx') || policy.on.includes('gateway-error') || policy.on.includes('reset'))
  );
}

/** Carrying it out twice has the effect of once. @source RFC 9110 §9.2.2 */
export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method);
}

const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

const STOP: { readonly [because in RetryStop]: { readonly kind: 'stop'; readonly because: because } } = {
  'no-condition': { kind: 'stop', because: 'no-condition' },
  'not-idempotent': { kind: 'stop', because: 'not-idempotent' },
  'body-not-replayable': { kind: 'stop', because: 'body-not-replayable' },
  'spent-below': { kind: 'stop', because: 'spent-below' },
  'repeated-above': { kind: 'stop', because: 'repeated-above' },
  pushback: { kind: 'stop', because: 'pushback' },
  limit: { kind: 'stop', because: 'limit' },
  'retry-overflow': { kind: 'stop', because: 'retry-overflow' },
  'retried-above': { kind: 'stop', because: 'retried-above' },
  deadline: { kind: 'stop', because: 'deadline' },
};
