import type { AttemptFilter } from '../../model/filter.js';
import { awaitsTrailers } from '../../model/grpc-end.js';
import type { OutlierState } from './state.js';

/** Tells the cluster's outlier detection how each attempt ended. It refuses nothing: the picker leaves ejected endpoints out. */
export function outlierFilter(state: OutlierState): AttemptFilter {
  return {
    name: 'outlier',
    admit: () => null,
    settle: (attempt, outcome) => {
      if (!awaitsTrailers(attempt.call, outcome)) state.record(attempt.endpoint, outcome);
    },
    // Envoy takes the head for a success and does not look at trailers: who streams its errors would never be found out.
    conclude: (attempt, outcome) => state.record(attempt.endpoint, outcome),
  };
}
