/**
 * How many exchanges a workload takes at once, from the connection pools of its Sidecar: an ingress listener's own, whole, in place of
 * the one for all.
 * @source Istio `pilot/pkg/networking/core/cluster_builder.go` (inbound clusters, one a port)
 */
import type { EffectiveInbound } from '../effective.js';
import type { ConnectionPoolSpec } from '../kinds/destination-rule.js';
import type { SidecarSpec } from '../kinds/sidecar.js';

export function inboundPool(sidecar: SidecarSpec | undefined): Pick<EffectiveInbound, 'maxRequests'> {
  const others = most(sidecar?.inboundConnectionPool);
  const ports: Record<string, number> = {};
  for (const { port, connectionPool } of sidecar?.ingress ?? []) {
    if (port?.number === undefined || connectionPool === undefined) continue;
    // A pool of the port's own that sets no limit has none (0, to JSON, would be one).
    ports[port.number] = most(connectionPool) ?? UNLIMITED;
  }
  if (others === undefined && Object.keys(ports).length === 0) return {};
  return { maxRequests: { ...(others !== undefined && { others }), ports } };
}

/** Envoy's own, which nobody reaches; JSON cannot say Infinity. */
const UNLIMITED = 4_294_967_295;

/** 0 is the same as absent, as in Istio. */
function most(pool: ConnectionPoolSpec | undefined): number | undefined {
  return pool?.http?.http2MaxRequests || undefined;
}
