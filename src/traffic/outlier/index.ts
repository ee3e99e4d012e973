export { outlierFilter } from './filter.js';
export { type OutlierOptions, type OutlierReason, OutlierState } from './state.js';
