/**
 * From the name that a caller wrote to the host that policy knows: exact names first, then the longest wildcard.
 * @source Envoy `route_components.proto` VirtualHost.domains
 */
import type { CompiledHost } from './compile.js';
import { nearest } from './nearest.js';

export class HostTable {
  readonly #exact: ReadonlyMap<string, CompiledHost>;
  /** `.example.com` → host, the longest first. */
  readonly #suffixes: readonly (readonly [string, CompiledHost])[];
  readonly hosts: readonly CompiledHost[];

  constructor(hosts: readonly CompiledHost[]) {
    const exact = new Map<string, CompiledHost>();
    const suffixes = new Map<string, CompiledHost>();
    for (const host of hosts)
      for (const domain of host.domains) {
        const name = domain.toLowerCase();
        const map = name.startsWith('*') ? suffixes : exact;
        const key = name.startsWith('*') ? name.slice(1) : name;
        if (!map.has(key)) map.set(key, host);
      }
    this.#exact = exact;
    this.#suffixes = [...suffixes].sort(([one], [other]) => other.length - one.length);
    this.hosts = hosts;
  }

  /** @param hostname without port, in any case */
  lookup(hostname: string): CompiledHost | undefined {
    const found = this.#exact.get(hostname);
    if (found !== undefined) return found;
    let name = hostname.toLowerCase();
    if (name.endsWith('.')) name = name.slice(0, -1);
    const exact = this.#exact.get(name);
    if (exact !== undefined) return exact;
    // A wildcard never stands for nothing.
    for (const [suffix, host] of this.#suffixes)
      if (name.length > suffix.length && name.endsWith(suffix)) return host;
    return undefined;
  }

  /** Names that someone may have meant, the nearest first; for error messages. */
  nearestHosts(name: string, most = 3): string[] {
    const left = new Set<string>();
    for (const domain of this.#exact.keys()) left.add(domain);
    const found: string[] = [];
    while (found.length < most) {
      const near = nearest(name, left);
      if (near === undefined) break;
      found.push(near);
      left.delete(near);
    }
    return found;
  }
}

export function buildHostTable(hosts: readonly CompiledHost[]): HostTable {
  return new HostTable(hosts);
}

/** `reviews:9080` → `reviews`, 9080; without a port the default of the scheme. IPv6 addresses keep no brackets. */
export function splitAuthority(
  authority: string,
  scheme: string,
): { readonly host: string; readonly port: number } {
  const otherwise = scheme === 'https' ? 443 : 80;
  const found = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(authority);
  if (found === null) return { host: authority, port: otherwise };
  return { host: found[1] ?? found[2]!, port: found[3] === undefined ? otherwise : Number(found[3]) };
}
