import type { Attempt } from '../../model/attempt.js';
import type { AttemptFilter } from '../../model/filter.js';
import { awaitsTrailers, httpEquivalent } from '../../model/grpc-end.js';
import type { Outcome, Rejected } from '../../model/outcome.js';
import type { BreakerState } from './state.js';

/**
 * Refuses attempts while the circuit is open, lets one through to probe when it is half-open, a growing share when that succeeded, and reports how the others ended.
 * A 5xx, a gRPC status that stands for one, and anything that broke are failures; a refusal of ours and a call given up are nothing.
 */
export function breakerFilter(state: BreakerState): AttemptFilter {
  // The attempt that probes, if one does: all others that were admitted passed a closed circuit.
  let probe: Attempt | null = null;
  return {
    name: 'breaker',
    admit(attempt) {
      const verdict = state.enter();
      if (verdict === 'refused') return refusal(state.retryAfterMs);
      if (verdict === 'probe') probe = attempt;
      return null;
    },
    settle(attempt, outcome) {
      if (!awaitsTrailers(attempt.call, outcome)) this.conclude?.(attempt, outcome);
    },
    conclude(attempt, outcome) {
      const verdict = attempt === probe ? 'probe' : 'pass';
      if (attempt === probe) probe = null;
      const succeeded = verdictOf(outcome);
      if (succeeded === undefined) state.abandon(verdict);
      else state.settle(verdict, succeeded);
    },
    release(attempt) {
      if (attempt !== probe) return;
      probe = null;
      state.abandon('probe');
    },
  };
}

function verdictOf(outcome: Outcome): boolean | undefined {
  if (outcome.kind === 'response') return httpEquivalent(outcome) < 500;
  return outcome.kind === 'failed' && outcome.reset !== 'local-reset' ? false : undefined;
}

function refusal(retryAfterMs: number | undefined): Rejected {
  const rejected: Rejected = {
    kind: 'rejected',
    code: 'HEDDLE_CIRCUIT_OPEN',
    flag: 'UO',
    status: 503,
    because: 'circuit-open',
  };
  return retryAfterMs === undefined ? rejected : { ...rejected, retryAfterMs };
}
