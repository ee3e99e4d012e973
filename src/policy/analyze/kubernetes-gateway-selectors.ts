/**
 * IST0166: a policy selects workloads of a Gateway of Kubernetes by their labels, which has no effect there: it needs `targetRefs`.
 * @source Istio `pkg/config/analysis/analyzers/k8sgateway/workloadselector.go`
 */
import { selects } from './selectors.js';
import type { Analyzer } from './world.js';

const GATEWAY_NAME = 'gateway.networking.k8s.io/gateway-name';

export const kubernetesGatewaySelectors: Analyzer = (world, report) => {
  const behind = (world.workloads ?? []).filter(({ labels }) => Object.hasOwn(labels, GATEWAY_NAME));
  if (behind.length === 0) return;
  for (const policies of [world.authorizationPolicies, world.requestAuthentications, world.telemetries])
    for (const subject of policies.asked) {
      const { selector, targetRef } = subject.spec as {
        readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
        readonly targetRef?: unknown;
      };
      if (selector === undefined || targetRef !== undefined) continue;
      const chosen = behind.find(
        (one) => one.namespace === subject.metadata.namespace && selects(selector.matchLabels, one.labels),
      );
      if (chosen !== undefined)
        report(subject, {
          code: 'IST0166',
          level: 'warning',
          path: ['spec', 'selector'],
          message: `it selects workloads of the Kubernetes Gateway '${chosen.labels[GATEWAY_NAME]}', where selectors have no effect; name the Gateway in 'targetRefs'`,
        });
    }
};
