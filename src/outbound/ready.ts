/** Calls that rather wait than fail while nobody can take them: gRPC's wait-for-ready. */
import { backoffMs } from '../base/backoff.js';
import type { Outcome } from '../model/outcome.js';
import { givenUp, waitForCall } from '../model/waiting.js';
import { runAttempt } from './attempt.js';
import type { BoundCluster } from './bound-cluster.js';
import type { Outbound } from './call.js';
import type { OutboundCall } from './outbound-call.js';

/** Between two attempts to reach somebody. */
const WAIT = { baseDelayMs: 50, maxDelayMs: 1_000 };

/** Was there nobody to send to? */
export function isUnready(outcome: Outcome): boolean {
  if (outcome.kind === 'rejected') return outcome.code === 'HEDDLE_NO_ENDPOINT';
  return outcome.kind === 'failed' && outcome.sent === 'no' && outcome.code === 'HEDDLE_CONNECT_FAILED';
}

/** Tries until an attempt reaches an endpoint, or the call is given up. Policy and endpoints are read anew each time. */
export async function whenReady(
  outbound: Outbound,
  call: OutboundCall,
  cluster: BoundCluster,
  first: Outcome,
): Promise<Outcome> {
  const { clock, random } = outbound;
  let outcome = first;
  for (let wait = 1; isUnready(outcome) && !outbound.closed; wait += 1) {
    if (!(await waitForCall(clock, call, backoffMs(WAIT, wait, random)))) return givenUp(call, 'no');
    const now = outbound.snapshot?.clusters.get(cluster.policy.name) ?? cluster;
    // Whoever was not reached counts no attempts.
    outcome = await runAttempt(outbound, call, now, 1);
  }
  return outcome;
}
