import type { AttemptFilter } from '../../model/filter.js';

/** Counts the attempts in flight of each endpoint, which the picker compares. The counter is the endpoint's own. */
export const loadFilter: AttemptFilter = {
  name: 'load',
  admit(attempt) {
    attempt.endpoint.inFlight += 1;
    return null;
  },
  release(attempt) {
    attempt.endpoint.inFlight -= 1;
  },
};
