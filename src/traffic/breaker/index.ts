export { breakerFilter } from './filter.js';
export { type BreakerOptions, BreakerState, type BreakerVerdict, type CircuitState } from './state.js';
