import type { Clock } from '../../base/clock.js';
import { headerValue } from '../../base/headers.js';
import type { EndpointState } from '../../model/endpoint-state.js';
import type { AttemptFilter } from '../../model/filter.js';
import { latencyOf, noteLatency } from '../../model/latency.js';
import type { Outcome, Responded } from '../../model/outcome.js';
import { loadFilter } from './filter.js';

/** Shorter than any clock tells, and more than nothing: what is measured is known. */
const SHORTEST_MS = 0.001;
/** How much of the difference to what is typical one more success takes away. */
const TYPICAL_GAIN = 0.05;

/**
 * The load filter of clusters that are balanced by latency: it also takes note of how long each attempt took until its outcome was
 * known (the head of the response).
 *
 * A failure doubles the latency that is believed of its endpoint, up to `decayMs`: a server that fails at once would else be the
 * fastest of all and draw the calls that it fails. What it is given then is about one failing attempt in each 0.7 × `decayMs`
 * (ln 2, in which a doubling fades), whatever share of them fails; few failures among many successes cost it next to nothing.
 * An attempt that its caller gave up says how long it took at least.
 */
export function measuringLoadFilter(
  clock: Clock,
  decayMs: number,
  endpoints: readonly EndpointState[],
): AttemptFilter {
  // For an endpoint that fails before it was ever seen to succeed.
  let typicalMs = mean(endpoints);
  return {
    ...loadFilter,
    settle({ endpoint, startedAt }, outcome) {
      const verdict = verdictOf(outcome);
      if (verdict === 'nothing') return;
      const now = clock.now();
      const tookMs = Math.max(SHORTEST_MS, now - startedAt);
      const believedMs = latencyOf(endpoint, now, decayMs);
      if (verdict === 'good') {
        typicalMs += (tookMs - typicalMs) * (typicalMs === 0 ? 1 : TYPICAL_GAIN);
        noteLatency(endpoint, tookMs, now, decayMs);
      } else if (verdict === 'bad') {
        const doubled = Math.min(2 * (believedMs || typicalMs), decayMs);
        noteLatency(endpoint, Math.max(tookMs, doubled), now, decayMs);
      } else if (tookMs > believedMs) noteLatency(endpoint, tookMs, now, decayMs);
    },
  };
}

function mean(endpoints: readonly EndpointState[]): number {
  let sum = 0;
  let known = 0;
  for (const { latencyMs } of endpoints) {
    sum += latencyMs;
    if (latencyMs > 0) known += 1;
  }
  return known === 0 ? 0 : sum / known;
}

type Verdict = 'good' | 'bad' | 'at least' | 'nothing';

function verdictOf(outcome: Outcome): Verdict {
  switch (outcome.kind) {
    case 'response':
      if (outcome.local !== undefined) return 'nothing';
      return isFailure(outcome) ? 'bad' : 'good';
    case 'failed':
      return outcome.reset === 'local-reset' ? 'at least' : 'bad';
    case 'cancelled':
      return 'at least';
    case 'rejected':
      return 'nothing';
  }
}

/** Errors of the server, and a server that has too much to do and says so. */
function isFailure({ status, headers }: Responded): boolean {
  if (status >= 500 || status === 429) return true;
  if (headers['grpc-status'] === undefined) return false;
  return GRPC_FAILURES.has(headerValue(headers, 'grpc-status') ?? '');
}

/** UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, INTERNAL, UNAVAILABLE, DATA_LOSS. */
const GRPC_FAILURES: ReadonlySet<string> = new Set(['2', '4', '8', '13', '14', '15']);
