/**
 * Things said about hosts, found by host: the most specific name that covers it wins. Exact names cost one look-up, however many
 * there are.
 */
import { compareSpecificity, hostSubsetOf } from '../kinds/hosts.js';

export class HostIndex<T> {
  readonly #exact = new Map<string, T[]>();
  readonly #wild = new Map<string, T[]>();
  #ordered: readonly string[] | null = null;

  /** Items of the same name keep the order in which they were added. */
  add(name: string, item: T): void {
    const names = name.startsWith('*') ? this.#wild : this.#exact;
    const items = names.get(name);
    if (items === undefined) names.set(name, [item]);
    else items.push(item);
    this.#ordered = null;
  }

  /** The items of the most specific name that covers `host` and of which `keep` keeps any. */
  best(host: string, keep: (item: T) => boolean = () => true): T[] {
    const exact = this.#exact.get(host)?.filter(keep) ?? [];
    if (exact.length > 0) return exact;
    this.#ordered ??= [...this.#wild.keys()].sort(compareSpecificity);
    for (const name of this.#ordered) {
      if (!hostSubsetOf(host, name)) continue;
      const items = this.#wild.get(name)!.filter(keep);
      if (items.length > 0) return items;
    }
    return [];
  }

  /** All names. */
  names(): string[] {
    return [...this.#exact.keys(), ...this.#wild.keys()];
  }
}
