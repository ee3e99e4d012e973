/**
 * From the name that a caller wrote to the host that policy knows: exact names first, then the longest wildcard.
 * @source Envoy `route_components.proto` VirtualHost.domains
 */
import type { CompiledHost } from './compile.js';
import { nearestOf } from './nearest.js';

export class HostTable {
  readonly #exact: ReadonlyMap<string, CompiledHost>;
  /** `.example.com` → host. */
  readonly #suffixes: ReadonlyMap<string, CompiledHost>;
  /** That suffixes have, the longest first: so many look-ups find the best of them, however many there are. */
  readonly #lengths: readonly number[];
  readonly hosts: readonly CompiledHost[];
  readonly #near = new Map<string, string[]>();

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
    this.#suffixes = suffixes;
    this.#lengths = [...new Set([...suffixes.keys()].map(({ length }) => length))].sort((a, b) => b - a);
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
    for (const length of this.#lengths) {
      const host = name.length > length ? this.#suffixes.get(name.slice(name.length - length)) : undefined;
      if (host !== undefined) return host;
    }
    return undefined;
  }

  /** Names that someone may have meant, the nearest first; for error messages. */
  nearestHosts(name: string, most = 3): string[] {
    let found = this.#near.get(name);
    if (found === undefined) {
      found = nearestOf(name, this.#names(), NEAR_KEPT);
      // A caller that keeps asking for the same wrong name must not pay for the search each time.
      if (this.#near.size < NEAR_NAMES) this.#near.set(name, found);
    }
    return found.slice(0, most);
  }

  *#names(): Generator<string> {
    let left = NEAR_SEARCHED;
    for (const name of this.#exact.keys()) {
      if (left-- === 0) return;
      yield name;
    }
  }
}

/** A hint is not worth more: names searched, answers kept for a name, and names whose answers are kept. */
const NEAR_SEARCHED = 2_000;
const NEAR_KEPT = 5;
const NEAR_NAMES = 100;

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
