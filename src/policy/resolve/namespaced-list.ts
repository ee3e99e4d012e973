/** Items by namespace, in order. */
import { insertOrdered } from './order.js';

export class NamespacedList<Item> {
  readonly #compare: (one: Item, other: Item) => number;
  readonly #namespaces = new Map<string, Item[]>();

  constructor(compare: (one: Item, other: Item) => number) {
    this.#compare = compare;
  }

  add(namespace: string, item: Item): void {
    const items = this.#namespaces.get(namespace);
    if (items === undefined) this.#namespaces.set(namespace, [item]);
    else insertOrdered(items, item, this.#compare);
  }

  /** Takes out the very same item. */
  remove(namespace: string, item: Item): void {
    const left = (this.#namespaces.get(namespace) ?? []).filter((present) => present !== item);
    if (left.length === 0) this.#namespaces.delete(namespace);
    else this.#namespaces.set(namespace, left);
  }

  in(namespace: string): readonly Item[] {
    return this.#namespaces.get(namespace) ?? [];
  }
}
