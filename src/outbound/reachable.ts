/** Whom a call to an authority would reach, whatever it asks there: for those who want to know before they call. */
import type { Destination } from '../model/destination.js';
import { splitAuthority } from '../policy/compile.js';
import type { OutboundSnapshot } from './bind.js';
import type { BoundCluster } from './bound-cluster.js';

/** An endpoint that takes calls; null: there is none, or policy knows no such host. */
export function reachableBy(
  snapshot: OutboundSnapshot,
  authority: string,
  scheme: 'http' | 'https',
): Destination | null {
  const { host: name, port } = splitAuthority(authority, scheme);
  const host = snapshot.hosts.lookup(name);
  if (host === undefined) {
    const open = snapshot.mesh.outboundTrafficPolicy === 'ALLOW_ANY' && name !== '';
    return open ? takenBy(snapshot.addressed.unknown(name, port, scheme)) : null;
  }
  for (const { policy } of snapshot.clusters.values()) {
    if (policy.port !== port || !policy.name.endsWith(`|${host.host}`)) continue;
    const cluster = snapshot.wildcards.has(policy.name)
      ? snapshot.addressed.under(policy, name)
      : snapshot.clusters.get(policy.name)!;
    const taken = takenBy(cluster);
    if (taken !== null) return taken;
  }
  return null;
}

function takenBy({ endpoints }: BoundCluster): Destination | null {
  const available = endpoints.find(({ unavailable }) => !unavailable);
  return available?.destination ?? null;
}
