/**
 * Things said about hosts, found by host: the most specific name that covers it wins. A look-up costs the same however many
 * names there are: one for the exact name, and one for each length that a wildcard has.
 */
import { insertOrdered } from './order.js';

export class HostIndex<T> {
  readonly #compare: (one: T, other: T) => number;
  readonly #names = new Map<string, T[]>();
  /** How many wildcards have a suffix of this length. */
  readonly #suffixes = new Map<number, number>();
  /** The lengths, the longest first. */
  #lengths: readonly number[] = [];

  /** @param compare the order of items of one name; those that are equal keep the order in which they were added */
  constructor(compare: (one: T, other: T) => number = () => 0) {
    this.#compare = compare;
  }

  add(name: string, item: T): void {
    const items = this.#names.get(name);
    if (items === undefined) {
      this.#names.set(name, [item]);
      if (name.startsWith('*')) this.#count(name.length - 1, 1);
    } else insertOrdered(items, item, this.#compare);
  }

  /** Takes out the very same item. */
  remove(name: string, item: T): void {
    const items = this.#names.get(name);
    const at = items?.indexOf(item) ?? -1;
    if (items === undefined || at < 0) return;
    items.splice(at, 1);
    if (items.length > 0) return;
    this.#names.delete(name);
    if (name.startsWith('*')) this.#count(name.length - 1, -1);
  }

  #count(length: number, by: 1 | -1): void {
    const count = (this.#suffixes.get(length) ?? 0) + by;
    if (count === 0) this.#suffixes.delete(length);
    else this.#suffixes.set(length, count);
    if (count === 0 || (count === 1 && by === 1))
      this.#lengths = [...this.#suffixes.keys()].sort((one, other) => other - one);
  }

  /** Of exactly this name. */
  get(name: string): readonly T[] {
    return this.#names.get(name) ?? [];
  }

  /** The items of the most specific name that covers `host` and of which `keep` keeps any. */
  best(host: string, keep: (item: T, name: string) => boolean = () => true): T[] {
    for (const name of this.covering(host)) {
      const items = this.#names.get(name)!.filter((item) => keep(item, name));
      if (items.length > 0) return items;
    }
    return [];
  }

  /** The names under which something was added that cover all of `host`, the most specific first. */
  *covering(host: string): Generator<string> {
    if (this.#names.has(host)) yield host;
    const wild = host.startsWith('*');
    const text = wild ? host.slice(1) : host;
    for (const length of this.#lengths) {
      // The same name was yielded above; and a wildcard stands for something, unless it is `*`.
      if (length > text.length || (length === text.length && (wild || length > 0))) continue;
      const name = `*${text.slice(text.length - length)}`;
      if (this.#names.has(name)) yield name;
    }
  }

  /** All names. */
  names(): IterableIterator<string> {
    return this.#names.keys();
  }
}
