/**
 * IST0162: a Gateway listens on a port that no Service of its workloads has. Only where documents of Kubernetes say which workloads
 * there are: a process that registers says its ports itself.
 * @source Istio `pkg/config/analysis/analyzers/gateway/gateway.go`
 */

import { textsIn } from './kubernetes.js';
import { type Labels, selects } from './selectors.js';
import type { Analyzer, World } from './world.js';

export const gatewayPorts: Analyzer = (world, report) => {
  const workloads = world.kubernetes.workloads;
  if (workloads === null) return;
  for (const gateway of world.gateways.asked) {
    const chosen = workloads.filter(({ labels }) => selects(gateway.spec.selector, labels));
    if (chosen.length === 0) continue;
    const ports = new Set(chosen.flatMap(({ namespace, labels }) => portsOf(namespace, labels, world)));
    for (const [index, { port }] of (gateway.spec.servers ?? []).entries())
      if (port !== undefined && !ports.has(port.number ?? 0))
        report(gateway, {
          code: 'IST0162',
          level: 'warning',
          path: ['spec', 'servers', index, 'port', 'number'],
          message: `no Service of the gateway's workloads has port ${port.number ?? 0}, so nobody reaches it; add the port to the Service`,
        });
  }
};

/** Both numbers of each port of the Services that select a workload. */
function portsOf(namespace: string, labels: Labels, { plainServices }: World): number[] {
  return plainServices.all.flatMap(({ metadata, spec }) => {
    if (metadata.namespace !== namespace || !selects(textsIn(spec.selector), labels)) return [];
    const tcp = (spec.ports ?? []).filter(({ protocol = 'TCP' }) => protocol === 'TCP');
    return tcp.flatMap(({ port, targetPort }) => {
      const target = Number(targetPort);
      return Number.isInteger(target) ? [port, target] : [port];
    });
  });
}
