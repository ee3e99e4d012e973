/**
 * The order of the filters and the one way to run them. `admit` in order until one refuses; `settle` in reverse for exactly those
 * that admitted; `release` in reverse when the last byte was read or the attempt dropped.
 *
 * | # | scope | filter | why here |
 * | --- | --- | --- | --- |
 * | 1 | call | trace | outermost: its span covers the retries |
 * | 2 | call | rate-limit | takes its tokens once, not once a retry; before anything else is done for the call |
 * | 3 | call | fault | before any state of the cluster is touched: an injected fault must not open a breaker |
 * | 4 | call | mirror | sees the call once, not once a retry |
 * | 5 | attempt | load | counts in-flight work that the picker reads |
 * | 6 | attempt | breaker, outlier, health | after the pick, before the limit: an open circuit must not take a slot |
 * | 7 | attempt | concurrency, limit | the last refusals before real cost |
 * | 8 | attempt | identity | needs the endpoint's expected SPIFFE ID |
 * | 9 | attempt | metrics, attempt span | innermost: what really went to the wire |
 */
import type { Attempt } from '../model/attempt.js';
import type { Call } from '../model/call.js';
import type { AttemptFilter, CallFilter } from '../model/filter.js';
import type { Outcome, Rejected } from '../model/outcome.js';

/** Names of the filters, outermost first. */
export const CALL_ORDER = ['trace', 'rate-limit', 'fault', 'mirror'] as const;
export const ATTEMPT_ORDER = [
  'load',
  'breaker',
  'outlier',
  'health',
  'concurrency',
  'limit',
  'identity',
  'attempt-span',
] as const;

/** Puts filters into the order above; those that policy does not ask for are absent. */
export function inOrder<T extends { readonly name: string }>(
  order: readonly string[],
  filters: readonly (T | null | undefined)[],
): readonly T[] {
  const present = filters.filter((filter): filter is T => filter !== null && filter !== undefined);
  return present.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
}

/** The first refusal, or null if all admitted. `attempt.admitted` says how many did. */
export function admit(filters: readonly AttemptFilter[], attempt: Attempt): Rejected | null {
  for (let i = 0; i < filters.length; i += 1) {
    const refusal = filters[i]!.admit(attempt);
    if (refusal !== null) return refusal;
    attempt.admitted = i + 1;
  }
  return null;
}

export function settle(filters: readonly AttemptFilter[], attempt: Attempt, outcome: Outcome): void {
  for (let i = attempt.admitted - 1; i >= 0; i -= 1) filters[i]!.settle?.(attempt, outcome);
}

/** For those that were told of a head that said nothing. */
export function conclude(filters: readonly AttemptFilter[], attempt: Attempt, outcome: Outcome): void {
  for (let i = attempt.admitted - 1; i >= 0; i -= 1) filters[i]!.conclude?.(attempt, outcome);
}

/** Doing it twice is harmless. */
export function release(filters: readonly AttemptFilter[], attempt: Attempt): void {
  const admitted = attempt.admitted;
  attempt.admitted = 0;
  for (let i = admitted - 1; i >= 0; i -= 1) filters[i]!.release?.(attempt);
}

/**
 * The first answer of a call filter, or null if all admitted. Synchronous unless a filter has to wait.
 * @param from where to go on after a filter that waited
 */
export function admitCall(
  filters: readonly CallFilter[],
  call: Call & { admitted: number },
  from = 0,
): Outcome | null | Promise<Outcome | null> {
  for (let i = from; i < filters.length; i += 1) {
    const answer = filters[i]!.admit(call);
    if (answer instanceof Promise) {
      return answer.then((outcome) => {
        if (outcome !== null) return outcome;
        call.admitted = i + 1;
        return admitCall(filters, call, i + 1);
      });
    }
    if (answer !== null) return answer;
    call.admitted = i + 1;
  }
  return null;
}

export function settleCall(
  filters: readonly CallFilter[],
  call: Call & { admitted: number },
  outcome: Outcome,
): void {
  for (let i = call.admitted - 1; i >= 0; i -= 1) filters[i]!.settle?.(call, outcome);
}

export function releaseCall(filters: readonly CallFilter[], call: Call & { admitted: number }): void {
  const admitted = call.admitted;
  call.admitted = 0;
  for (let i = admitted - 1; i >= 0; i -= 1) filters[i]!.release?.(call);
}
