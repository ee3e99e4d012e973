export { askedRetries, asksForRetries } from './asked.js';
export { allowedInWindow, allowedRetries, DEFAULT_VOLUME } from './budget.js';
export { matchingCondition } from './conditions.js';
export {
  decideRetry,
  isIdempotent,
  type RetryFacts,
  type RetryStop,
  type RetryVerdict,
  repeatsWhenLate,
} from './decide.js';
export { type RetryOptions, retryAttempts } from './loop.js';
export { RetryBudget } from './state.js';
export {
  ATTEMPT_HEADER,
  isFailure,
  isRepeated,
  isRepeatedWhenLate,
  isSpent,
  ON_TIMEOUT,
  RETRIES_HEADER,
  SPENT,
  spends,
} from './tree.js';
