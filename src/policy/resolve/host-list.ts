/** Things about hosts, by host and in the order of their hosts. A list that was handed out never changes. */
import { compareText } from './order.js';

interface OfHost {
  readonly host: string;
}

/** So many changes at once are better sorted anew. */
const FEW = 64;

export class HostList<T extends OfHost> {
  readonly #byHost = new Map<string, T>();
  #list: readonly T[] | null = [];

  get(host: string): T | undefined {
    return this.#byHost.get(host);
  }

  keys(): IterableIterator<string> {
    return this.#byHost.keys();
  }

  /** @param changes by host; undefined: gone */
  apply(changes: ReadonlyMap<string, T | undefined>): void {
    const patched = this.#list !== null && changes.size <= FEW ? [...this.#list] : null;
    for (const [host, item] of changes) {
      const present = this.#byHost.has(host);
      if (item !== undefined) this.#byHost.set(host, item);
      else this.#byHost.delete(host);
      if (patched === null) continue;
      const at = place(patched, host);
      if (item === undefined) patched.splice(at, present ? 1 : 0);
      else patched.splice(at, present ? 1 : 0, item);
    }
    if (changes.size > 0) this.#list = patched;
  }

  get list(): readonly T[] {
    this.#list ??= [...this.#byHost.values()].sort((one, other) => compareText(one.host, other.host));
    return this.#list;
  }
}

/** Where `host` is, or would be. */
function place(list: readonly OfHost[], host: string): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (list[middle]!.host < host) low = middle + 1;
    else high = middle;
  }
  return low;
}
