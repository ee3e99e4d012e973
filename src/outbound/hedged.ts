/** The first attempt of a call whose host is hedged, with those that policy lets run beside it. */
import type { Outcome } from '../model/outcome.js';
import { mayHedge, raceAttempts } from '../traffic/hedge/index.js';
import type { HedgePolicy } from '../traffic/hedge/policy.js';
import { repeatsWhenLate } from '../traffic/retry/index.js';
import { beginAttempt, NO_ENDPOINT } from './attempt.js';
import type { BoundCluster } from './bound-cluster.js';
import type { Outbound } from './call.js';
import type { OutboundCall } from './outbound-call.js';

/**
 * How the call is hedged; null: not at all. A retry of whoever called us is not: it is the second attempt already. What the caller asks
 * for by header comes before what policy says, as far as its retries go.
 */
export function hedgingOf(call: OutboundCall, cluster: BoundCluster): HedgePolicy | null {
  const { method, retries, asked } = call;
  const policy = cluster.policy.hedging;
  if (asked?.hedge !== true) {
    if (policy === undefined || !mayHedge(policy, method, call.body)) return null;
    return call.serving?.repeated === true ? null : policy;
  }
  const delayMs = retries?.perTryTimeoutMs ?? 0;
  if (retries === null || delayMs <= 0 || call.serving?.repeated === true) return null;
  if (!repeatsWhenLate(retries, method, 0)) return null;
  const onTimeout = { maxAttempts: 1 + retries.attempts, delayMs, methods: [method] };
  return mayHedge(onTimeout, method, call.body) ? onTimeout : null;
}

export function runHedged(
  outbound: Outbound,
  call: OutboundCall,
  cluster: BoundCluster,
  policy: HedgePolicy,
): Promise<Outcome> {
  const endpoint = cluster.pick(call);
  if (endpoint === undefined) return Promise.resolve(NO_ENDPOINT);
  const { clock, deadlines } = outbound;
  const { budget, limit } = cluster.state;
  return raceAttempts({
    call,
    policy,
    clock,
    deadlines,
    budget,
    active: () => limit.active,
    first: beginAttempt(outbound, call, cluster, endpoint),
    another: () => {
      // What the caller asks for itself it gets on the same endpoint, too, if there is no other (Envoy).
      const other = cluster.pickOther(call) ?? (call.asked?.hedge === true ? cluster.pick(call) : undefined);
      return other === undefined ? null : () => beginAttempt(outbound, call, cluster, other);
    },
  });
}
