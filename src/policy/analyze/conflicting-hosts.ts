/**
 * IST0109: two VirtualServices of the mesh speak for the same host where both are seen; only the older one is heard.
 * @source Istio `pkg/config/analysis/analyzers/virtualservice/conflictingmeshgatewayhosts.go`
 */
import { hostMatches } from '../kinds/hosts.js';
import type { VirtualServiceSpec } from '../kinds/virtual-service.js';
import { fullName } from '../resolve/names.js';
import type { Analyzer, Subject } from './world.js';

interface Claim {
  readonly host: string;
  readonly path: readonly (string | number)[];
  readonly by: Subject<VirtualServiceSpec>;
}

export const conflictingHosts: Analyzer = (world, report) => {
  const claims: Claim[] = [];
  for (const by of world.virtualServices) {
    const gateways = by.spec.gateways ?? [];
    if (gateways.length > 0 && !gateways.includes('mesh')) continue;
    for (const [index, host] of (by.spec.hosts ?? []).entries())
      claims.push({ host: fullName(host, by.metadata.namespace), path: ['spec', 'hosts', index], by });
  }
  // Equal names are found by a look-up; only wildcards are compared with all.
  const exact = new Map<string, Claim[]>();
  const wildcards = claims.filter(({ host }) => host.startsWith('*'));
  for (const claim of claims) exact.set(claim.host, [...(exact.get(claim.host) ?? []), claim]);
  const reported = new Set<unknown>();
  for (const claim of claims) {
    if (reported.has(claim.by)) continue;
    const near = claim.host.startsWith('*') ? claims : [...(exact.get(claim.host) ?? []), ...wildcards];
    const others = near.filter(
      (other) =>
        other.by !== claim.by && hostMatches(other.host, claim.host) && scopesMeet(other.by, claim.by),
    );
    if (others.length === 0) continue;
    reported.add(claim.by);
    const names = [...new Set(others.map(({ by }) => by.id))].sort().join(', ');
    report(claim.by, {
      code: 'IST0109',
      level: 'error',
      path: claim.path,
      message: `'${claim.host}' is claimed by ${names}, too; only the oldest is heard. Merge them into one VirtualService`,
    });
  }
};

function scopesMeet(one: Subject<VirtualServiceSpec>, other: Subject<VirtualServiceSpec>): boolean {
  const first = scopeOf(one);
  const second = scopeOf(other);
  return first === '*' || second === '*' || first.some((namespace) => second.includes(namespace));
}

/** Namespaces to which it is exported. */
function scopeOf({ spec, metadata }: Subject<VirtualServiceSpec>): '*' | readonly string[] {
  const exportTo = spec.exportTo ?? [];
  if (exportTo.length === 0 || exportTo.includes('*')) return '*';
  return exportTo
    .filter((entry) => entry !== '~')
    .map((entry) => (entry === '.' ? metadata.namespace : entry));
}
