/**
 * IST0177: two ServiceEntries give one port of one host different protocols where both are seen.
 * @source Istio `pkg/config/analysis/analyzers/serviceentry/conflictingserviceentries.go`
 */
import type { ServiceEntrySpec } from '../kinds/service-entry.js';
import { fullName } from '../resolve/names.js';
import type { Analyzer, Subject } from './world.js';

interface Claim {
  readonly by: Subject<ServiceEntrySpec>;
  readonly protocol: string;
}

export const conflictingProtocols: Analyzer = ({ serviceEntries }, report) => {
  const claims = new Map<string, Claim[]>();
  for (const by of serviceEntries.all)
    for (const { key, protocol } of portsOf(by)) {
      const present = claims.get(key);
      if (present === undefined) claims.set(key, [{ by, protocol }]);
      else present.push({ by, protocol });
    }
  for (const by of serviceEntries.asked) {
    const told = new Set<number>();
    for (const { key, protocol, index } of portsOf(by)) {
      const differs = (one: Claim) => one.by.id !== by.id && one.protocol !== protocol;
      const other = claims.get(key)?.find((one) => differs(one) && scopesMeet(one.by, by));
      // On each of the two: nobody can tell which one is wrong.
      if (other === undefined || told.has(index)) continue;
      told.add(index);
      report(by, {
        code: 'IST0177',
        level: 'warning',
        path: ['spec', 'ports', index, 'protocol'],
        message: `${key} is ${protocol} here and ${other.protocol} in ${other.by.id}; make them agree`,
      });
    }
  }
};

function portsOf({ spec, metadata }: Subject<ServiceEntrySpec>) {
  return (spec.hosts ?? []).flatMap((host) =>
    (spec.ports ?? []).map((port, index) => ({
      key: `${fullName(host, metadata.namespace)}:${port.number}`,
      protocol: (port.protocol || 'TCP').toUpperCase(),
      index,
    })),
  );
}

function scopesMeet(one: Subject<ServiceEntrySpec>, other: Subject<ServiceEntrySpec>): boolean {
  const first = scopeOf(one);
  const second = scopeOf(other);
  return first.includes('*') || second.includes('*') || first.some((entry) => second.includes(entry));
}

function scopeOf({ spec, metadata }: Subject<ServiceEntrySpec>): string[] {
  const exportTo = (spec.exportTo ?? []).map((entry) => (entry === '.' ? metadata.namespace : entry));
  return exportTo.length === 0 ? ['*'] : exportTo;
}
