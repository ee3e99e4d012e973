export type { RateLimitFacts } from './decide.js';
export { type Limited, MOST_KEYS, RateLimiter } from './state.js';
