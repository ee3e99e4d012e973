/**
 * IST0177: two ServiceEntries give one port of one host different protocols where both are seen.
 * @source Istio `pkg/config/analysis/analyzers/serviceentry`
 */
import type { ServiceEntrySpec } from '../kinds/service-entry.js';
import { fullName } from '../resolve/names.js';
import type { Analyzer, Report, Subject } from './world.js';

interface Claim {
  readonly by: Subject<ServiceEntrySpec>;
  readonly index: number;
  readonly protocol: string;
}

export const conflictingProtocols: Analyzer = (world, report) => {
  const claims = new Map<string, Claim[]>();
  for (const by of world.serviceEntries)
    for (const host of by.spec.hosts ?? [])
      for (const [index, port] of (by.spec.ports ?? []).entries()) {
        const key = `${fullName(host, by.metadata.namespace)}:${port.number}`;
        const claim = { by, index, protocol: (port.protocol || 'TCP').toUpperCase() };
        const present = claims.get(key);
        if (present === undefined) claims.set(key, [claim]);
        else present.push(claim);
      }
  for (const [key, all] of claims) {
    const protocols = new Set(all.map(({ protocol }) => protocol));
    if (protocols.size > 1) for (const claim of all) reportClaim(key, claim, all, report);
  }
};

/** On each of the two: nobody can tell which one is wrong. */
function reportClaim(key: string, claim: Claim, all: readonly Claim[], report: Report): void {
  const { by, index, protocol } = claim;
  const other = all.find((one) => one.by !== by && one.protocol !== protocol && scopesMeet(one.by, by));
  if (other === undefined) return;
  report(by, {
    code: 'IST0177',
    level: 'warning',
    path: ['spec', 'ports', index, 'protocol'],
    message: `${key} is ${protocol} here and ${other.protocol} in ${other.by.id}; make them agree`,
  });
}

function scopesMeet(one: Subject<ServiceEntrySpec>, other: Subject<ServiceEntrySpec>): boolean {
  const scope = ({ spec, metadata }: Subject<ServiceEntrySpec>) => {
    const exportTo = (spec.exportTo ?? []).map((entry) => (entry === '.' ? metadata.namespace : entry));
    return exportTo.length === 0 ? ['*'] : exportTo;
  };
  const first = scope(one);
  const second = scope(other);
  return first.includes('*') || second.includes('*') || first.some((entry) => second.includes(entry));
}
