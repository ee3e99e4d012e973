/**
 * IST0167: a Sidecar for workloads of Istio's ambient mode, which have none. Heddle does not know the mode; documents of Kubernetes may
 * say that a namespace is in it.
 * @source Istio `pkg/config/analysis/analyzers/sidecar/selector.go`, `util/in_mesh.go`
 */
import { selects } from './selectors.js';
import type { Analyzer, World } from './world.js';

export const ambientSidecars: Analyzer = ({ sidecars, kubernetes, workloads }, report) => {
  for (const subject of sidecars.asked) {
    const { namespace } = subject.metadata;
    const labels = subject.spec.workloadSelector?.labels ?? {};
    const plain = Object.keys(labels).length === 0;
    const ambient = plain
      ? isAmbient(namespace, kubernetes)
      : (workloads ?? []).some(
          (one) =>
            one.namespace === namespace &&
            selects(labels, one.labels) &&
            redirects(kubernetes, `${namespace}/${one.name ?? ''}`),
        );
    if (ambient)
      report(subject, {
        code: 'IST0167',
        level: 'warning',
        path: plain ? ['metadata', 'namespace'] : ['spec', 'workloadSelector', 'labels'],
        message: `${plain ? `namespace '${namespace}' is` : 'the workloads are'} in ambient mode, where a Sidecar has no effect; take it out`,
      });
  }
};

export function isAmbient(namespace: string, kubernetes: World['kubernetes']): boolean {
  const labels = kubernetes.namespaces.get(namespace)?.resource.metadata.labels ?? {};
  if (labels['istio-injection'] === 'enabled' || (labels['istio.io/rev'] ?? '') !== '') return false;
  return labels['istio.io/dataplane-mode'] === 'ambient';
}

function redirects(kubernetes: World['kubernetes'], id: string): boolean {
  const annotations = kubernetes.find('Pod', id)?.resource.metadata.annotations;
  return annotations?.['ambient.istio.io/redirection'] === 'enabled';
}
