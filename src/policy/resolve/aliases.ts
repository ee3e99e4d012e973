/**
 * Other names of services: Kubernetes' Services of type `ExternalName`. Who calls by such a name calls the service that it stands for.
 * @source Istio `push_context.go` resolveServiceAliases, `route.go` GetDestinationCluster
 */

import type { KnownService } from './known-service.js';

export interface Alias {
  /** As it is written, by its own name. */
  readonly service: KnownService;
  /** What it stands for, in full; may be another alias. */
  readonly target: string;
}

export class Aliases {
  readonly #all = new Map<string, Alias>();
  readonly #byTarget = new Map<string, Set<string>>();

  /** @returns the hosts of which something may have changed */
  add(alias: Alias): string[] {
    const { host } = alias.service;
    const before = this.#all.has(host) ? this.remove(host) : [];
    this.#all.set(host, alias);
    const present = this.#byTarget.get(alias.target);
    if (present === undefined) this.#byTarget.set(alias.target, new Set([host]));
    else present.add(host);
    return [...before, ...this.#concerned(host)];
  }

  /** @returns the hosts of which something may have changed */
  remove(host: string): string[] {
    const alias = this.#all.get(host);
    if (alias === undefined) return [];
    const concerned = this.#concerned(host);
    this.#all.delete(host);
    const others = this.#byTarget.get(alias.target)!;
    others.delete(host);
    if (others.size === 0) this.#byTarget.delete(alias.target);
    return concerned;
  }

  hosts(): IterableIterator<string> {
    return this.#all.keys();
  }

  get(host: string): Alias | undefined {
    return this.#all.get(host);
  }

  /** What a name stands for in the end: itself, if it is no alias. undefined: the names go round in a circle. */
  standsFor(host: string): string | undefined {
    const seen = new Set<string>();
    let name = host;
    for (let alias = this.#all.get(name); alias !== undefined; alias = this.#all.get(name)) {
      if (seen.has(name)) return undefined;
      seen.add(name);
      name = alias.target;
    }
    return name;
  }

  /** All names that stand for a host, by the alphabet. */
  of(host: string): string[] {
    const found = new Set<string>();
    const look = (target: string) => {
      for (const alias of this.#byTarget.get(target) ?? []) {
        if (alias === host || found.has(alias)) continue;
        found.add(alias);
        look(alias);
      }
    };
    if (!this.#all.has(host)) look(host);
    return [...found].sort();
  }

  /** The name itself, those that lead to it, and what it leads to. */
  #concerned(host: string): string[] {
    const concerned = new Set([host]);
    const back = (target: string) => {
      for (const alias of this.#byTarget.get(target) ?? [])
        if (!concerned.has(alias)) {
          concerned.add(alias);
          back(alias);
        }
    };
    back(host);
    for (let name = this.#all.get(host)?.target; name !== undefined; name = this.#all.get(name)?.target) {
      if (concerned.has(name)) break;
      concerned.add(name);
    }
    return [...concerned];
  }
}
