export { limitFilter, OVERFLOW } from './filter.js';
export { type LimitCapacity, LimitState } from './state.js';
