/** The first attempt of a call whose host is hedged, with those that policy lets run beside it. */
import type { Outcome } from '../model/outcome.js';
import { raceAttempts } from '../traffic/hedge/index.js';
import type { HedgePolicy } from '../traffic/hedge/policy.js';
import { beginAttempt, NO_ENDPOINT } from './attempt.js';
import type { BoundCluster } from './bound-cluster.js';
import type { Outbound } from './call.js';
import type { OutboundCall } from './outbound-call.js';

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
      const other = cluster.pickOther(call);
      return other === undefined ? null : () => beginAttempt(outbound, call, cluster, other);
    },
  });
}
