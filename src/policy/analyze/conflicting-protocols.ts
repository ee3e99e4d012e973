/**
 * IST0177: two ServiceEntries give one port of one host different protocols where both are seen.
 * @source Istio `pkg/config/analysis/analyzers/serviceentry/conflictingserviceentries.go`
 */
import type { ServiceEntrySpec } from '../kinds/service-entry.js';
import { fullName } from '../resolve/names.js';
import type { Analyzer, Subject } from './world.js';

type Entry = Subject<ServiceEntrySpec>;

export const conflictingProtocols: Analyzer = ({ serviceEntries }, report) => {
  /** By host and port, then by protocol. */
  const claims = new Map<string, Map<string, Entry[]>>();
  for (const by of serviceEntries.all)
    for (const { key, protocol } of portsOf(by)) {
      let protocols = claims.get(key);
      if (protocols === undefined) claims.set(key, (protocols = new Map()));
      const present = protocols.get(protocol);
      if (present === undefined) protocols.set(protocol, [by]);
      else present.push(by);
    }
  for (const by of serviceEntries.asked) {
    const told = new Set<number>();
    for (const { key, protocol, index } of portsOf(by)) {
      const other = otherThan(protocol, by, claims.get(key));
      // On each of the two: nobody can tell which one is wrong.
      if (other === null || told.has(index)) continue;
      told.add(index);
      report(by, {
        code: 'IST0177',
        level: 'warning',
        path: ['spec', 'ports', index, 'protocol'],
        message: `${key} is ${protocol} here and ${other.protocol} in ${other.id}; make them agree`,
      });
    }
  }
};

function otherThan(own: string, by: Entry, protocols: ReadonlyMap<string, readonly Entry[]> = new Map()) {
  for (const [protocol, entries] of protocols) {
    if (protocol === own) continue;
    const other = entries.find((one) => one.id !== by.id && scopesMeet(one, by));
    if (other !== undefined) return { protocol, id: other.id };
  }
  return null;
}

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
