export { allowedRetries, DEFAULT_BUDGET } from './budget.js';
export { matchingCondition } from './conditions.js';
export { decideRetry, isIdempotent, type RetryFacts, type RetryStop, type RetryVerdict } from './decide.js';
export { type RetryOptions, retryAttempts } from './loop.js';
export { RetryBudget } from './state.js';
