export { concurrencyFilter, REACHED } from './filter.js';
export { ConcurrencyState } from './state.js';
