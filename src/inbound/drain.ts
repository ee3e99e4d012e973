/**
 * Things that are open (exchanges, connections), so that closing can wait until the last of them is done.
 */
import type { Clock } from '../base/clock.js';

export class OpenSet<T> {
  readonly #open = new Set<T>();
  #onEmpty: Set<() => void> | null = null;

  add(item: T): void {
    this.#open.add(item);
  }

  delete(item: T): void {
    this.#open.delete(item);
    if (this.#open.size > 0 || this.#onEmpty === null) return;
    const listeners = this.#onEmpty;
    this.#onEmpty = null;
    for (const listener of listeners) listener();
  }

  get size(): number {
    return this.#open.size;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#open.values();
  }

  /** Resolves true as soon as nothing is open, or false after `timeoutMs`. */
  emptyWithin(clock: Clock, timeoutMs: number): Promise<boolean> {
    if (this.#open.size === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const settle = () => {
        timer.cancel();
        resolve(true);
      };
      const giveUp = () => {
        this.#onEmpty?.delete(settle);
        resolve(false);
      };
      const timer = clock.after(timeoutMs, giveUp, 'holds');
      this.#onEmpty ??= new Set();
      this.#onEmpty.add(settle);
    });
  }
}
