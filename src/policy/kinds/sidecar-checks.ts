/**
 * Sidecar: what its schema cannot say.
 * @source Istio `pkg/config/validation/validation.go` ValidateSidecar; spec validation.md §5
 */
import type { ResourceMetadata } from '../resource.js';
import { checkDestination, checkSelectorLabels, fqdnFault } from './common.js';
import type { FieldPath, Findings } from './kind.js';
import type { SidecarSpec } from './sidecar.js';
import { checkEgress } from './sidecar-egress-checks.js';
import { checkIngress } from './sidecar-ingress-checks.js';
import { checkInboundPool } from './sidecar-pool-checks.js';

export function checkSidecar(spec: SidecarSpec, findings: Findings, metadata: ResourceMetadata): void {
  const { workloadSelector: selector, ingress = [], egress = [], outboundTrafficPolicy } = spec;
  const path = ['spec', 'workloadSelector', 'labels'];
  checkSelectorLabels(selector?.labels, path, findings);
  if (selector !== undefined && Object.keys(selector.labels ?? {}).length === 0)
    findings.warning(path, 'the selector has no labels: it selects every workload of the namespace');
  if (
    ingress.length === 0 &&
    egress.length === 0 &&
    outboundTrafficPolicy === undefined &&
    spec.inboundConnectionPool === undefined
  )
    findings.error(
      ['spec'],
      'it says nothing: set egress, ingress, outboundTrafficPolicy or inboundConnectionPool',
    );
  checkIngress(ingress, ['spec', 'ingress'], findings);
  checkInboundPool(spec.inboundConnectionPool, ['spec', 'inboundConnectionPool'], findings);
  checkEgress(egress, metadata.namespace, ['spec', 'egress'], findings);
  checkOutbound(outboundTrafficPolicy, ['spec', 'outboundTrafficPolicy'], findings);
}

function checkOutbound(
  policy: SidecarSpec['outboundTrafficPolicy'],
  path: FieldPath,
  findings: Findings,
): void {
  if (policy === undefined) return;
  const { mode = 'REGISTRY_ONLY', egressProxy } = policy;
  if (mode === 'ALLOW_ANY_DYNAMIC_DNS') {
    findings.error([...path, 'mode'], `${mode} can be set for the whole mesh only; write ALLOW_ANY`);
    return;
  }
  if (egressProxy === undefined) return;
  const at = [...path, 'egressProxy'];
  if (mode !== 'ALLOW_ANY') {
    findings.error(at, `${mode} lets no unknown call out, so no proxy gets one; write mode ALLOW_ANY`);
    return;
  }
  const fault = fqdnFault(egressProxy.host);
  if (fault !== null) findings.error([...at, 'host'], `'${egressProxy.host}' is not a host: ${fault}`);
  if (egressProxy.port === undefined) findings.error([...at, 'port'], "'port' is missing");
  // What is not a name is no destination either; once is enough.
  if (fault === null) checkDestination(egressProxy, at, findings);
}
