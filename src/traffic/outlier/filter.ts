import type { AttemptFilter } from '../../model/filter.js';
import type { OutlierState } from './state.js';

/** Tells the cluster's outlier detection how each attempt ended. It refuses nothing: the picker leaves ejected endpoints out. */
export function outlierFilter(state: OutlierState): AttemptFilter {
  return {
    name: 'outlier',
    admit: () => null,
    settle: (attempt, outcome) => state.record(attempt.endpoint, outcome),
  };
}
