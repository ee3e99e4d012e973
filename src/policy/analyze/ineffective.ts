/**
 * Policies that have no effect. IST0127: a selector that selects no workload, where the workloads are known. HDL0005: a
 * PeerAuthentication that an older one of the same scope shuts out, or one whose selector stands in the root namespace.
 * IST0002: fields that Istio has deprecated. IST0140: a gateway's route that passes by the subsets of the mesh's own routes.
 * @source Istio `pkg/config/analysis/analyzers/{authz,deprecation,virtualservice}`
 */
import { selectsLabels } from '../resolve/inbound.js';
import { fullName, ROOT_NAMESPACE } from '../resolve/names.js';
import { destinationsOf } from './destinations.js';
import type { Analyzer } from './world.js';

export const unmatchedSelectors: Analyzer = ({ authorizationPolicies, workloads }, report) => {
  if (workloads === null) return;
  for (const policy of authorizationPolicies) {
    const { namespace } = policy.metadata;
    if (policy.spec.selector === undefined) continue;
    const candidates = workloads.filter((one) => namespace === ROOT_NAMESPACE || one.namespace === namespace);
    if (candidates.some((workload) => selectsLabels(policy.spec, workload))) continue;
    report(policy, {
      code: 'IST0127',
      level: 'warning',
      path: ['spec', 'selector', 'matchLabels'],
      message:
        'no workload has these labels, so this has no effect; compare them with those of the workloads',
    });
  }
};

export const shutOutAuthentication: Analyzer = ({ peerAuthentications }, report) => {
  const ordered = [...peerAuthentications].sort((one, other) => {
    const age = birth(one.metadata.creationTimestamp) - birth(other.metadata.creationTimestamp);
    return age !== 0 ? age : one.metadata.name < other.metadata.name ? -1 : 1;
  });
  const scopes = new Map<string, string>();
  for (const subject of ordered) {
    const { namespace, name } = subject.metadata;
    const labels = Object.entries(subject.spec.selector?.matchLabels ?? {}).sort();
    const ineffective = (message: string) =>
      report(subject, { code: 'HDL0005', level: 'warning', path: ['spec'], message });
    if (namespace === ROOT_NAMESPACE && labels.length > 0)
      ineffective(
        `a selector in ${ROOT_NAMESPACE} selects nothing; move it to the namespace of the workloads`,
      );
    const scope = JSON.stringify([namespace, labels]);
    const older = scopes.get(scope);
    if (older === undefined) scopes.set(scope, name);
    else
      ineffective(`${namespace}/${older} has the same scope and comes first; this has no effect, merge them`);
  }
};

function birth(timestamp: string | undefined): number {
  const time = Date.parse(timestamp ?? '');
  return Number.isNaN(time) ? 0 : time;
}

export const deprecatedFields: Analyzer = ({ virtualServices }, report) => {
  for (const subject of virtualServices)
    for (const [index, { fault }] of (subject.spec.http ?? []).entries())
      if (fault?.delay?.percent !== undefined)
        report(subject, {
          code: 'IST0002',
          level: 'warning',
          path: ['spec', 'http', index, 'fault', 'delay', 'percent'],
          message: "'percent' is deprecated; write 'percentage: { value: … }'",
        });
};

export const passedBySubsets: Analyzer = ({ virtualServices }, report) => {
  const withSubsets = new Map<string, string>();
  for (const subject of virtualServices)
    for (const { target, host } of destinationsOf(subject))
      if ((target.subset ?? '') !== '')
        for (const name of subject.spec.hosts ?? [])
          if (fullName(name, subject.metadata.namespace) === host) withSubsets.set(host, subject.id);
  for (const subject of virtualServices) {
    const gateways = subject.spec.gateways ?? [];
    if (gateways.length === 0 || gateways.every((gateway) => gateway === 'mesh')) continue;
    for (const { path, target, host } of destinationsOf(subject)) {
      const other = withSubsets.get(host);
      if ((target.subset ?? '') !== '' || other === undefined || other === subject.id) continue;
      report(subject, {
        code: 'IST0140',
        level: 'warning',
        path: [...path, 'host'],
        message: `calls from a gateway do not pass the rules of ${other} for '${host}'; name the subset here, too`,
      });
    }
  }
};
