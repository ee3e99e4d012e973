/** Which hosts a workload is told of: those that it asked for, and those that their routes lead to. Pure. */
import { destinationHosts, type EffectiveHost } from 'heddle/policy';

/** @param wanted FQDNs or names as callers write them; `*` stands for all that the workload may see */
export function wantedHosts(
  hosts: readonly EffectiveHost[],
  wanted: readonly string[],
): readonly EffectiveHost[] {
  if (wanted.includes('*')) return hosts;
  const names = wanted.map((name) => name.toLowerCase());
  const byName = new Map(hosts.map((host) => [host.host, host]));
  const found = new Set(hosts.filter((host) => names.some((name) => answersTo(host, name))));
  // A Set grows while it is walked, so this ends when nothing new is reached.
  for (const host of found) {
    for (const next of destinationHosts(host)) {
      const reached = byName.get(next);
      if (reached !== undefined) found.add(reached);
    }
  }
  return hosts.filter((host) => found.has(host));
}

function answersTo(host: EffectiveHost, name: string): boolean {
  if (host.host === name) return true;
  return host.domains.some(
    (domain) =>
      domain === name || (domain.startsWith('*.') && name.endsWith(domain.slice(1))) || domain === '*',
  );
}
