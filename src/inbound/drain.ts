/**
 * Things that are open (exchanges, connections), so that closing can wait until the last of them is done.
 */
import type { Clock } from '../base/clock.js';

/**
 * How many are open, of things that nobody has to find again. Of what comes and goes with each request no `Set` is kept: it is made anew
 * every few changes, each of its tables holds on to the next, and so whatever was ever in it outlives the collections of young garbage.
 */
export class OpenCount {
  #size = 0;
  #onEmpty: Set<() => void> | null = null;

  add(): void {
    this.#size += 1;
  }

  /** Once for each {@link add}. */
  delete(): void {
    this.#size -= 1;
    if (this.#size > 0 || this.#onEmpty === null) return;
    const listeners = this.#onEmpty;
    this.#onEmpty = null;
    for (const listener of listeners) listener();
  }

  get size(): number {
    return this.#size;
  }

  /** Resolves true as soon as nothing is open, or false after `timeoutMs`. */
  emptyWithin(clock: Clock, timeoutMs: number): Promise<boolean> {
    if (this.#size === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const settle = () => {
        timer.cancel();
        resolve(true);
      };
      const timer = clock.after(timeoutMs, () => {
        this.#onEmpty?.delete(settle);
        resolve(false);
      });
      this.#onEmpty ??= new Set();
      this.#onEmpty.add(settle);
    });
  }
}

/** Which are open. */
export class OpenSet<T> {
  readonly #open = new Set<T>();
  readonly #count = new OpenCount();

  add(item: T): void {
    if (this.#open.has(item)) return;
    this.#open.add(item);
    this.#count.add();
  }

  delete(item: T): void {
    if (this.#open.delete(item)) this.#count.delete();
  }

  get size(): number {
    return this.#open.size;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#open.values();
  }

  /** Resolves true as soon as nothing is open, or false after `timeoutMs`. */
  emptyWithin(clock: Clock, timeoutMs: number): Promise<boolean> {
    return this.#count.emptyWithin(clock, timeoutMs);
  }
}
