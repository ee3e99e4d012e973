export { outlierFilter } from './filter.js';
export type { OutlierOptions, OutlierReason } from './options.js';
export { OutlierState } from './state.js';
