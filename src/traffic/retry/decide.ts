/**
 * Retry decision: does this call get another attempt, and after how long? Pure: budget, time and chance are handed in.
 * @source Envoy `retry_state_impl.cc` for conditions and order; RFC 9110 §9.2.2 for what is safe to repeat
 */
import { backoffMs } from '../../base/backoff.js';
import { headerValue } from '../../base/headers.js';
import type { Random } from '../../base/random.js';
import type { Outcome } from '../../model/outcome.js';
import { matchingCondition } from './conditions.js';
import type { RetryPolicy } from './policy.js';

export interface RetryFacts {
  readonly outcome: Outcome;
  /** In upper case. */
  readonly method: string;
  readonly bodyReplayable: boolean;
  /** 0 after the first attempt. */
  readonly retriesSoFar: number;
  /** What is left of the whole call's time, milliseconds; Infinity for no deadline. */
  readonly deadlineRemainingMs: number;
  readonly budgetAllows: boolean;
  readonly random: Random;
}

/** Why there is no further attempt. */
export type RetryStop =
  /** The outcome is none that policy wants repeated. */
  | 'no-condition'
  /** It may have been carried out, and carrying it out twice is not the same as once. */
  | 'not-idempotent'
  | 'body-not-replayable'
  /** `attempts` of the policy are used up: flag URX. */
  | 'limit'
  /** The cluster bears no more retries just now: flag UO. */
  | 'retry-overflow'
  /** The wait would outlast the call. */
  | 'deadline';

export type RetryVerdict =
  /** `because` is the `retry-on` word that matched. */
  | { readonly kind: 'retry'; readonly delayMs: number; readonly because: string }
  | { readonly kind: 'stop'; readonly because: RetryStop };

/**
 * In Envoy's order: condition, limit, budget; with ours before the limit: what is not safe to repeat is not repeated. A request that
 * certainly never left may always be repeated; any other only if its method is idempotent or the operator asked for retries on
 * this route by name, and only if its body can be sent again.
 */
export function decideRetry(policy: RetryPolicy, facts: RetryFacts): RetryVerdict {
  const because = policy.attempts > 0 ? matchingCondition(policy, facts.outcome) : undefined;
  if (because === undefined) return STOP['no-condition'];
  const { outcome } = facts;
  const neverLeft = outcome.kind === 'failed' && outcome.sent === 'no';
  if (!neverLeft && !policy.explicit && !isIdempotent(facts.method)) return STOP['not-idempotent'];
  if (!facts.bodyReplayable) return STOP['body-not-replayable'];
  if (facts.retriesSoFar >= policy.attempts) return STOP.limit;
  if (!facts.budgetAllows) return STOP['retry-overflow'];
  const delayMs = delayOf(policy, facts, because);
  return delayMs < facts.deadlineRemainingMs ? { kind: 'retry', delayMs, because } : STOP.deadline;
}

/** Carrying it out twice has the effect of once. @source RFC 9110 §9.2.2 */
export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method);
}

const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** Longest `Retry-After` that is heeded, milliseconds: Envoy's cap for rate-limited backoff. */
const LONGEST_RETRY_AFTER_MS = 300_000;

/**
 * `Retry-After` counts only for a response that says it limits the rate: the whole service speaks then. In any other it is one
 * endpoint that is in trouble, and the next attempt goes to another.
 */
function delayOf(
  policy: RetryPolicy,
  { outcome, retriesSoFar, random }: RetryFacts,
  because: string,
): number {
  if (outcome.kind === 'response') {
    // Too Early says that the same request succeeds once the handshake is over, which it is by now.
    if (outcome.status === 425) return 0;
    const retryAfter =
      because === 'envoy-ratelimited' ? headerValue(outcome.headers, 'retry-after') : undefined;
    const seconds = retryAfter !== undefined && /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) : 0;
    const waitMs = seconds * 1_000;
    if (waitMs > 0 && waitMs <= LONGEST_RETRY_AFTER_MS) return Math.floor(waitMs * (1 + random.next() / 2));
  }
  const backoff = { baseDelayMs: policy.backoffMs, maxDelayMs: policy.backoffMs * 10 };
  return backoffMs(backoff, retriesSoFar + 1, random);
}

const STOP: { readonly [because in RetryStop]: { readonly kind: 'stop'; readonly because: because } } = {
  'no-condition': { kind: 'stop', because: 'no-condition' },
  'not-idempotent': { kind: 'stop', because: 'not-idempotent' },
  'body-not-replayable': { kind: 'stop', because: 'body-not-replayable' },
  limit: { kind: 'stop', because: 'limit' },
  'retry-overflow': { kind: 'stop', because: 'retry-overflow' },
  deadline: { kind: 'stop', because: 'deadline' },
};
