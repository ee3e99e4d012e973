import type { AttemptFilter } from '../../model/filter.js';
import type { Rejected } from '../../model/outcome.js';
import type { ConcurrencyState } from './state.js';

/** @source Envoy `adaptive_concurrency_filter.cc`, response code details */
export const REACHED = 'reached_concurrency_limit';

const REFUSED: Rejected = Object.freeze({
  kind: 'rejected',
  code: 'HEDDLE_OVERLOADED',
  flag: 'UO',
  status: 503,
  because: REACHED,
});

/** Refuses attempts beyond the adaptive limit. What is measured is the time until a response's head is there. */
export function concurrencyFilter(state: ConcurrencyState): AttemptFilter {
  return {
    name: 'concurrency',
    admit() {
      state.tick();
      return state.enter() ? null : REFUSED;
    },
    settle(attempt, outcome) {
      if (outcome.kind === 'response') state.sample(attempt.startedAt);
    },
    release: () => state.leave(),
  };
}
