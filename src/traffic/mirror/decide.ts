/**
 * Which copies of a call are sent. Each mirror is drawn on its own.
 * @source Envoy `router.cc` shadow policies
 */
import type { Random } from '../../base/random.js';
import { clusterName, parseClusterName } from '../../model/cluster.js';
import type { MirrorPolicy } from './policy.js';

const NONE: readonly string[] = [];

/**
 * Names of the clusters that get a copy.
 * @param port that the caller addressed: it stands in for a port of 0 in a cluster's name
 */
export function decideMirrors(
  mirrors: readonly MirrorPolicy[],
  call: { readonly method: string; readonly port: number },
  random: Random,
): readonly string[] {
  // A tunnel has no end that could be copied.
  if (mirrors.length === 0 || call.method === 'CONNECT') return NONE;
  const chosen: string[] = [];
  for (const mirror of mirrors) {
    // In steps of 0.0001 percent; what lies between two steps is cut off (Istio).
    if (Math.floor(random.next() * 1_000_000) < Math.trunc(mirror.percentage * 10_000))
      chosen.push(mirrorCluster(mirror, call.port));
  }
  return chosen;
}

/** The mirror's cluster, for a call that addressed `port`. */
export function mirrorCluster(mirror: MirrorPolicy, port: number): string {
  if (!mirror.cluster.startsWith('outbound|0|')) return mirror.cluster;
  const parts = parseClusterName(mirror.cluster);
  return parts === undefined || parts.port !== 0
    ? mirror.cluster
    : clusterName(port, parts.subset, parts.host);
}
