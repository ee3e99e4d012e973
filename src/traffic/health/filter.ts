import type { AttemptFilter } from '../../model/filter.js';
import { IMMEDIATE_FAIL_HEADER } from './decide.js';
import type { HealthState } from './state.js';

/** Hears from the answers to calls that an endpoint wants to be left out. It refuses nothing: the picker leaves such endpoints out. */
export function healthFilter(state: HealthState): AttemptFilter {
  return {
    name: 'health',
    admit: () => null,
    settle(attempt, outcome) {
      if (outcome.kind !== 'response' || outcome.headers[IMMEDIATE_FAIL_HEADER] === undefined) return;
      if (outcome.local === undefined) state.record(attempt.endpoint, 'told');
    },
  };
}
