/**
 * A map that stops growing: once it is full, every new key shares one value. What callers can name must not become
 * memory, here or in the database behind the metrics.
 */
export class BoundedMap<V> {
  readonly #values = new Map<string, V>();
  readonly #limit: number;
  readonly #make: (key: string) => V;
  #overflow: V | null = null;

  /** @param make the value of a new key; `unknown` stands for all that came too late */
  constructor(limit: number, make: (key: string) => V) {
    this.#limit = limit;
    this.#make = make;
  }

  get(key: string): V {
    let value = this.#values.get(key);
    if (value === undefined) {
      if (this.#values.size >= this.#limit) return (this.#overflow ??= this.#make('unknown'));
      value = this.#make(key);
      this.#values.set(key, value);
    }
    return value;
  }
}

/** @source observability.md §1.4: at most 1000 hosts, then `unknown` */
export const MAX_NAMES = 1000;
