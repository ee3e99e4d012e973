/** The resources that lie in the store, each the same object for as long as it is not written again. */
import type { Resource, ResourceChange } from 'heddle/policy';
import { resourceOf } from '../publish/stored.js';
import type { Entry } from '../store/store.js';

/** So many changes at once are better sorted anew. */
const FEW = 64;

export class ResourceList {
  readonly #held = new Map<string, { readonly revision: number; readonly resource: Resource }>();
  #keys: string[] = [];
  #list: readonly Resource[] = [];

  /** In the order of their keys. */
  get list(): readonly Resource[] {
    return this.#list;
  }

  /** @param now by key, what lies there; undefined: nothing @returns what is different; undefined: nothing is */
  apply(now: ReadonlyMap<string, Entry | undefined>): ResourceChange | undefined {
    const upsert: Resource[] = [];
    const remove: Resource[] = [];
    const few = now.size <= FEW;
    const list = [...this.#list];
    for (const [key, entry] of now) {
      const held = this.#held.get(key);
      if (held?.revision === entry?.modRevision) continue;
      if (held !== undefined) remove.push(held.resource);
      if (entry === undefined) this.#held.delete(key);
      else {
        const resource = resourceOf(entry);
        this.#held.set(key, { revision: entry.modRevision, resource });
        upsert.push(resource);
      }
      if (few) this.#patch(list, key, held !== undefined);
    }
    if (upsert.length + remove.length === 0) return undefined;
    if (few) this.#list = list;
    else {
      this.#keys = [...this.#held.keys()].sort();
      this.#list = this.#keys.map((key) => this.#held.get(key)!.resource);
    }
    return { upsert, remove };
  }

  #patch(list: Resource[], key: string, present: boolean): void {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#keys[middle]! < key) low = middle + 1;
      else high = middle;
    }
    const held = this.#held.get(key);
    this.#keys.splice(low, present ? 1 : 0, ...(held === undefined ? [] : [key]));
    list.splice(low, present ? 1 : 0, ...(held === undefined ? [] : [held.resource]));
  }
}
