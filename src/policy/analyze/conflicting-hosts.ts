/**
 * IST0109: two VirtualServices of the mesh speak for the same host where both are seen; only the older one is heard. A wildcard beside a
 * name that it covers is no conflict among rules for all (the name is more specific), but it is between those and rules for some.
 * @source Istio `pkg/config/analysis/analyzers/virtualservice/conflictingmeshgatewayhosts.go`
 */
import { hostMatches } from '../kinds/hosts.js';
import type { FieldPath } from '../kinds/kind.js';
import type { VirtualServiceSpec } from '../kinds/virtual-service.js';
import { fullName } from '../resolve/names.js';
import type { Analyzer, Subject } from './world.js';

interface Claim {
  readonly host: string;
  readonly path: FieldPath;
  readonly by: Subject<VirtualServiceSpec>;
  /** Namespaces to which it is exported. */
  readonly scope: '*' | readonly string[];
}

export const conflictingHosts: Analyzer = ({ virtualServices }, report) => {
  const exact = new Map<string, Claim[]>();
  const wildcards: Claim[] = [];
  for (const by of virtualServices.all)
    for (const claim of claimsOf(by)) {
      const present = exact.get(claim.host);
      if (present === undefined) exact.set(claim.host, [claim]);
      else present.push(claim);
      if (claim.host.startsWith('*')) wildcards.push(claim);
    }
  for (const by of virtualServices.asked)
    for (const claim of claimsOf(by)) {
      const equal = exact.get(claim.host) ?? [];
      // Every name has to be looked at for a wildcard; there are few of those.
      const near = claim.host.startsWith('*') ? [...exact.values()].flat() : [...equal, ...wildcards];
      const others = new Set(
        near.filter((other) => other.by.id !== by.id && conflict(claim, other)).map((other) => other.by.id),
      );
      if (others.size === 0) continue;
      report(by, {
        code: 'IST0109',
        level: 'error',
        path: claim.path,
        message: `'${claim.host}' is claimed by ${[...others].sort().join(', ')}, too; only the oldest is heard. Merge them into one VirtualService`,
      });
      break;
    }
};

function claimsOf(by: Subject<VirtualServiceSpec>): Claim[] {
  const { gateways = [], hosts = [], exportTo = [] } = by.spec;
  if (gateways.length > 0 && !gateways.includes('mesh')) return [];
  const { namespace } = by.metadata;
  const scope =
    exportTo.length === 0 || exportTo.includes('*')
      ? '*'
      : exportTo.filter((entry) => entry !== '~').map((entry) => (entry === '.' ? namespace : entry));
  return hosts.map((host, index) => ({
    host: fullName(host, namespace),
    path: ['spec', 'hosts', index],
    by,
    scope,
  }));
}

function conflict(one: Claim, other: Claim): boolean {
  if (one.scope !== '*' && other.scope !== '*') {
    const { scope } = other;
    return one.host === other.host && one.scope.some((namespace) => scope.includes(namespace));
  }
  if (one.scope === '*' && other.scope === '*') return one.host === other.host;
  return hostMatches(one.host, other.host);
}
