/**
 * `targetRef` and `targetRefs`: what a policy is attached to in place of a selector.
 * @source Istio `type/v1beta1/selector.proto`, `pkg/config/validation/validation.go` (policy target references)
 */
import { z } from 'zod';
import type { TargetReference } from '../../security/authorize/policy.js';
import type { FieldPath, Findings } from './kind.js';

export const targetReference = z.strictObject({
  group: z.string().optional(),
  kind: z.string().optional(),
  name: z.string().optional(),
  namespace: z.string().optional(),
});

/** Kinds by API group; Kubernetes' own group is empty, or `core`. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  '': ['Service'],
  core: ['Service'],
  'gateway.networking.k8s.io': ['Gateway', 'GatewayClass'],
  'networking.istio.io': ['ServiceEntry'],
};

/** @source Istio's CRDs */
const MOST_TARGETS = 16;

interface Attachment {
  readonly selector?: unknown;
  readonly targetRef?: TargetReference | undefined;
  readonly targetRefs?: readonly TargetReference[] | undefined;
}

/** Checks the references, and says that they reach no ordinary workload. */
export function checkTargetReferences(spec: Attachment, findings: Findings): void {
  const listed: [FieldPath, TargetReference][] = (spec.targetRefs ?? []).map((reference, index) => [
    ['spec', 'targetRefs', index],
    reference,
  ]);
  if (spec.targetRef !== undefined) listed.unshift([['spec', 'targetRef'], spec.targetRef]);
  if (listed.length === 0) return;
  if (spec.targetRef !== undefined && (spec.targetRefs?.length ?? 0) > 0)
    findings.error(['spec', 'targetRef'], "only one of 'targetRef' and 'targetRefs' can be set");
  if (spec.selector !== undefined)
    findings.error(['spec', 'selector'], "only one of 'selector' and 'targetRefs' can be set");
  if ((spec.targetRefs?.length ?? 0) > MOST_TARGETS)
    findings.error(
      ['spec', 'targetRefs'],
      `${spec.targetRefs?.length} targets: expected ${MOST_TARGETS} at most`,
    );
  for (const [path, reference] of listed) {
    const { group = '', kind = '', name = '', namespace = '' } = reference;
    if (name === '') findings.error([...path, 'name'], 'the target has no name');
    if (namespace !== '')
      findings.error([...path, 'namespace'], "a target is in the policy's own namespace; leave this out");
    if (!(Object.hasOwn(KINDS, group) && KINDS[group]!.includes(kind)))
      findings.error(
        [...path, 'kind'],
        `'${group}/${kind}' cannot be a target: expected a Service, ServiceEntry, Gateway or GatewayClass`,
      );
  }
  findings.info(
    listed[0]![0],
    'a policy with targets is for gateways and waypoints and does not apply to workloads; use a selector',
  );
}
