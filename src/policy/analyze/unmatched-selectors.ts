/**
 * A selector that selects no workload, where it is known which there are. IST0101 for a Gateway, Sidecar or Telemetry, as Istio has it;
 * IST0127 for what guards workloads.
 * @source Istio `pkg/config/analysis/analyzers/{authz,gateway,sidecar,telemetry}`
 */
import type { FieldPath } from '../kinds/kind.js';
import { ROOT_NAMESPACE } from '../resolve/names.js';
import { type Attached, type Labels, labelsOf, selects, within } from './selectors.js';
import type { Analyzer, KnownWorkload, Report, Subject, Subjects } from './world.js';

export const unmatchedSelectors: Analyzer = (world, report) => {
  const { workloads } = world;
  if (workloads === null) return;
  for (const policy of world.authorizationPolicies.asked) {
    if (policy.spec.targetRef !== undefined || policy.spec.targetRefs?.length) continue;
    const { namespace } = policy.metadata;
    if (policy.spec.selector !== undefined) guard(policy, within(namespace, workloads), report);
    else if (namespace !== ROOT_NAMESPACE && within(namespace, workloads).length === 0)
      report(policy, {
        code: 'IST0127',
        level: 'warning',
        path: ['metadata', 'namespace'],
        message: `no workload is in namespace '${namespace}', so this has no effect; correct the namespace`,
      });
  }
  guardAll(world.requestAuthentications, workloads, report);
  guardAll(world.peerAuthentications, workloads, report);
  guardAll(world.resiliencePolicies, workloads, report);
  guardAll(world.rateLimits, workloads, report);
  for (const subject of world.sidecars.asked)
    need(subject, subject.spec.workloadSelector?.labels, workloads, ['workloadSelector', 'labels'], report);
  for (const subject of world.telemetries.asked)
    need(subject, subject.spec.selector?.matchLabels, workloads, ['selector', 'matchLabels'], report);
  // The workloads of a Gateway may be in any namespace.
  for (const subject of world.gateways.asked)
    if (!workloads.some(({ labels }) => selects(subject.spec.selector, labels)))
      missing(subject, subject.spec.selector, ['selector'], report);
};

function guardAll(policies: Subjects<Attached>, workloads: readonly KnownWorkload[], report: Report): void {
  for (const policy of policies.asked)
    if (Object.keys(policy.spec.selector?.matchLabels ?? {}).length > 0)
      guard(policy, within(policy.metadata.namespace, workloads), report);
}

function guard(policy: Subject<Attached>, workloads: readonly KnownWorkload[], report: Report): void {
  const labels = policy.spec.selector?.matchLabels;
  if (workloads.some((workload) => selects(labels, workload.labels))) return;
  report(policy, {
    code: 'IST0127',
    level: 'warning',
    path: ['spec', 'selector', 'matchLabels'],
    message: `no workload has the labels ${labelsOf(labels)}, so this has no effect; compare them with those of the workloads`,
  });
}

function need(
  subject: Subject<unknown>,
  labels: Labels | undefined,
  workloads: readonly KnownWorkload[],
  path: FieldPath,
  report: Report,
): void {
  if (labels === undefined || Object.keys(labels).length === 0) return;
  const own = workloads.filter(({ namespace }) => namespace === subject.metadata.namespace);
  if (!own.some((workload) => selects(labels, workload.labels))) missing(subject, labels, path, report);
}

function missing(
  subject: Subject<unknown>,
  labels: Labels | undefined,
  path: FieldPath,
  report: Report,
): void {
  report(subject, {
    code: 'IST0101',
    level: 'error',
    path: ['spec', ...path],
    message: `no workload has the labels ${labelsOf(labels)}; compare them with those of the workloads`,
  });
}
