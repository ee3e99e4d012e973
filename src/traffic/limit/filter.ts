import type { AttemptFilter } from '../../model/filter.js';
import type { Rejected } from '../../model/outcome.js';
import type { LimitState } from './state.js';

/** What Envoy answers when a threshold is reached: never retried, never charged to an endpoint. */
export const OVERFLOW: Rejected = Object.freeze({
  kind: 'rejected',
  code: 'HEDDLE_OVERLOADED',
  flag: 'UO',
  status: 503,
  because: 'overflow',
});

/** Refuses what exceeds the cluster's limits. It always counts, limits or not: the retry budget is a share of this count. */
export function limitFilter(state: LimitState): AttemptFilter {
  return {
    name: 'limit',
    admit: () => (state.take() ? null : OVERFLOW),
    release: () => state.release(),
  };
}
