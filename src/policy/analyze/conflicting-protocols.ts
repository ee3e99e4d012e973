/**
 * IST0177: two ServiceEntries give one port of one host different protocols where both are seen.
 * @source Istio `pkg/config/analysis/analyzers/serviceentry`
 */
import type { ServiceEntrySpec } from '../kinds/service-entry.js';
import { fullName } from '../resolve/names.js';
import type { Analyzer, Subject } from './world.js';

interface Claim {
  readonly by: Subject<ServiceEntrySpec>;
  readonly protocol: string;
}

export const conflictingProtocols: Analyzer = (world, report) => {
  const claims = new Map<string, Claim[]>();
  for (const by of world.serviceEntries)
    for (const host of by.spec.hosts ?? [])
      for (const [index, port] of (by.spec.ports ?? []).entries()) {
        const key = `${fullName(host, by.metadata.namespace)}:${port.number}`;
        const protocol = (port.protocol ?? 'TCP').toUpperCase();
        const earlier = claims.get(key) ?? [];
        const other = earlier.find(
          (claim) => claim.by !== by && claim.protocol !== protocol && scopesMeet(claim.by, by),
        );
        if (other !== undefined)
          report(by, {
            code: 'IST0177',
            level: 'warning',
            path: ['spec', 'ports', index, 'protocol'],
            message: `${key} is ${protocol} here and ${other.protocol} in ${other.by.id}; make them agree`,
          });
        claims.set(key, [...earlier, { by, protocol }]);
      }
};

function scopesMeet(one: Subject<ServiceEntrySpec>, other: Subject<ServiceEntrySpec>): boolean {
  const scope = ({ spec, metadata }: Subject<ServiceEntrySpec>) => {
    const exportTo = (spec.exportTo ?? []).map((entry) => (entry === '.' ? metadata.namespace : entry));
    return exportTo.length === 0 ? ['*'] : exportTo;
  };
  const first = scope(one);
  const second = scope(other);
  return first.includes('*') || second.includes('*') || first.some((entry) => second.includes(entry));
}
