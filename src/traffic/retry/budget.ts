/**
 * How many retries a cluster bears at once. Pure.
 * @source Envoy `resource_manager_impl.h`; its defaults, 20 % and 3
 */
import type { RetryBudgetPolicy } from './policy.js';

/**
 * What holds where policy names neither a budget nor `maxRetries`: Istio's default is no limit, under which retries alone can keep
 * a cluster down that was overloaded once. A budget does not bind as long as failures are few. Ten at once, not Envoy's three: when
 * a process dies, all that it had in flight is lost in the same moment, and a small service has no 20 % to pay for that with.
 */
export const DEFAULT_BUDGET: RetryBudgetPolicy = { budgetPercent: 20, minRetryConcurrency: 10 };

/**
 * Retries that may be outstanding, waiting ones included, while `active` attempts of the cluster are in flight.
 * @param maxRetries holds only where there is no `budget`
 * @example allowedRetries({ budgetPercent: 20, minRetryConcurrency: 3 }, undefined, 50); // => 10
 */
export function allowedRetries(
  budget: RetryBudgetPolicy | null,
  maxRetries: number | undefined,
  active: number,
): number {
  if (budget === null && maxRetries !== undefined) return maxRetries;
  const { budgetPercent, minRetryConcurrency } = budget ?? DEFAULT_BUDGET;
  return Math.max(Math.floor((active * budgetPercent) / 100), minRetryConcurrency);
}
