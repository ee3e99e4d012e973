/**
 * How many retries a cluster bears. Pure. Where policy says nothing: a share of the calls of the last seconds. Where it sets a budget
 * or `maxRetries`: a number at once, as in Envoy.
 * @source Envoy `resource_manager_impl.h` for what policy sets; Finagle `RetryBudget` for a share of the volume
 */
import type { RetryBudgetPolicy } from './policy.js';

/**
 * Istio's default is no limit, under which retries alone can keep a cluster down that was overloaded once. A share of what is in flight,
 * as Envoy's budget has it, does not hold them down either: it is worth more the longer the attempts take, so that a cluster
 * that has become slow gets more retries, not fewer. A share of the calls is the same for all.
 */
export const DEFAULT_VOLUME = {
  /** Of the calls in the window, at most so many are retried: a leaf that always fails sees at most 1.2 times the calls. */
  percent: 20,
  /**
   * What a quiet service may always retry in a window. Three, so that one bad moment is survived; not more, because all processes that
   * call a leaf have it, and with a call a second 3 of 10 is above the share already.
   */
  least: 3,
  /** Long enough that a process that dies under load takes no more with it than the retries of the window. */
  windowMs: 10_000,
} as const;

/** Retries that may have been made in the window, of `calls` in it. */
export function allowedInWindow(calls: number): number {
  return Math.max(Math.floor((calls * DEFAULT_VOLUME.percent) / 100), DEFAULT_VOLUME.least);
}

/**
 * Retries that may be outstanding at once, waiting ones included, while `active` attempts of the cluster are in flight; undefined if
 * policy sets nothing.
 * @param maxRetries holds only where there is no `budget`
 * @example allowedRetries({ budgetPercent: 20, minRetryConcurrency: 3 }, undefined, 50); // => 10
 */
export function allowedRetries(
  budget: RetryBudgetPolicy | null,
  maxRetries: number | undefined,
  active: number,
): number | undefined {
  if (budget === null) return maxRetries;
  return Math.max(Math.floor((active * budget.budgetPercent) / 100), budget.minRetryConcurrency);
}
