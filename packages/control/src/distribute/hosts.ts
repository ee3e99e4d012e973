/** Which hosts a workload is told of: those that it asked for, and those that their routes lead to. Pure. */
import { destinationHosts, type EffectiveHost } from 'heddle/policy';

/** The hosts that a workload may see, found by name. */
export interface HostDirectory {
  readonly all: readonly EffectiveHost[];
  host(name: string): EffectiveHost | undefined;
  /** Those that a caller may mean by a name in lower case. */
  hostsCalled(name: string): readonly EffectiveHost[];
}

/** @param wanted FQDNs or names as callers write them; `*` stands for all that the workload may see */
export function wantedHosts(directory: HostDirectory, wanted: readonly string[]): readonly EffectiveHost[] {
  if (wanted.includes('*')) return directory.all;
  const found = new Set(wanted.flatMap((name) => directory.hostsCalled(name.toLowerCase())));
  // A Set grows while it is walked, so this ends when nothing new is reached.
  for (const host of found) {
    for (const next of destinationHosts(host)) {
      const reached = directory.host(next);
      if (reached !== undefined) found.add(reached);
    }
  }
  return [...found].sort((one, other) => (one.host < other.host ? -1 : 1));
}
