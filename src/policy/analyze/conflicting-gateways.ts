/**
 * IST0145: two Gateways for the same workloads have a server for the same port and host; only the older one's is heard.
 * @source Istio `pkg/config/analysis/analyzers/gateway/conflictinggateway.go`; `pilot/pkg/model/gateway.go` CheckDuplicates
 */
import type { GatewayServerSpec, GatewaySpec } from '../kinds/gateway.js';
import { fewNames } from './few-names.js';
import { labelsOf, selects } from './selectors.js';
import type { Analyzer, KnownWorkload, Subject } from './world.js';

export const conflictingGateways: Analyzer = ({ gateways, workloads }, report) => {
  const byPort = new Map<number, { gateway: Subject<GatewaySpec>; server: GatewayServerSpec }[]>();
  for (const gateway of gateways.all)
    for (const server of gateway.spec.servers ?? []) {
      const port = server.port?.number ?? 0;
      const present = byPort.get(port);
      if (present === undefined) byPort.set(port, [{ gateway, server }]);
      else present.push({ gateway, server });
    }
  for (const gateway of gateways.asked)
    for (const [index, server] of (gateway.spec.servers ?? []).entries()) {
      const port = server.port?.number ?? 0;
      const shared = new Set<string>();
      const others = (byPort.get(port) ?? []).filter(({ gateway: other, server: its }) => {
        if (other.id === gateway.id || (its.bind ?? '') !== (server.bind ?? '')) return false;
        const hosts = (server.hosts ?? []).filter((host) => its.hosts?.includes(host));
        if (hosts.length === 0 || !meet(gateway.spec, other.spec, workloads ?? [])) return false;
        for (const host of hosts) shared.add(host);
        return true;
      });
      if (others.length === 0) continue;
      const names = fewNames(others.map((other) => other.gateway.id));
      report(gateway, {
        code: 'IST0145',
        level: 'error',
        path: ['spec', 'servers', index, 'hosts'],
        message: `${names} serves ${[...shared].join(', ')} on port ${port} of the same workloads, too; only the oldest is heard. Merge them`,
      });
    }
};

/** The same selector; or one that asks for more, and a workload that both select. */
function meet(one: GatewaySpec, other: GatewaySpec, workloads: readonly KnownWorkload[]): boolean {
  const [first, second] = [labelsOf(one.selector), labelsOf(other.selector)];
  if (first === second) return true;
  if (!selects(one.selector, other.selector ?? {}) && !selects(other.selector, one.selector ?? {}))
    return false;
  return workloads.some(({ labels }) => selects(one.selector, labels) && selects(other.selector, labels));
}
