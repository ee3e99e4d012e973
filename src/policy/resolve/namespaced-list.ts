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
    const items = this.#namespaces.get(namespace);
    const at = items?.indexOf(item) ?? -1;
    if (items === undefined || at < 0) return;
    items.splice(at, 1);
    if (items.length === 0) this.#namespaces.delete(namespace);
  }

  /** Not to be kept: it follows what is added and removed. */
  in(namespace: string): readonly Item[] {
    return this.#namespaces.get(namespace) ?? [];
  }
}
