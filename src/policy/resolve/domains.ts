/**
 * Names by which hosts are called: each belongs to one host, the service that is called so in full, else the first that has it. A name that only
 * a VirtualService says is never longer than it was written, and takes no name from a service.
 */
import { HostIndex } from './host-index.js';

export class Domains {
  /** By domain, the hosts that have it. */
  readonly #claims = new HostIndex<string>();
  readonly #isService: (name: string) => boolean;
  readonly #compare: (one: string, other: string) => number;

  /** @param isService is there a service that is called so in full? @param compare which of two hosts comes first */
  constructor(isService: (name: string) => boolean, compare: (one: string, other: string) => number) {
    this.#isService = isService;
    this.#compare = compare;
  }

  /** @returns the hosts that may have won or lost a name by this; `host` is among them */
  change(host: string, before: readonly string[], after: readonly string[]): Set<string> {
    const affected = new Set([host, ...this.#claims.get(host)]);
    for (const domain of before) {
      for (const one of this.#claims.get(domain)) affected.add(one);
      this.#claims.remove(domain, host);
    }
    for (const domain of after) {
      for (const one of this.#claims.get(domain)) affected.add(one);
      this.#claims.add(domain, host);
    }
    return affected;
  }

  /** Of the names that `host` would have, those that it has. */
  owned(host: string, domains: readonly string[]): readonly string[] {
    const own = domains.filter((domain) => this.#owner(domain) === host);
    return own.length === domains.length ? domains : own;
  }

  /** The hosts that a caller may mean by `name`: those that have it, or a wildcard over it. */
  called(name: string): Set<string> {
    const hosts = [...this.#claims.covering(name)].map((domain) => this.#owner(domain));
    return new Set(hosts.filter((host) => host !== undefined));
  }

  #owner(domain: string): string | undefined {
    const claims = this.#claims.get(domain);
    // Who may not be called by it does not own it either, but nobody else gets it.
    if (this.#isService(domain)) return domain;
    return claims.length < 2 ? claims[0] : [...claims].sort(this.#compare)[0];
  }
}
