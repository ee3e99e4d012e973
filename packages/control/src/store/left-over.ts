/**
 * Leases from before a restart that nobody has renewed since. A restart gives every holder its time to come back, but once: how much of
 * it is used up is written down, so that a service that starts again and again does not keep the dead alive. Time in which the service
 * was down does not count.
 */
import type { Clock, Timer } from 'heddle/ports';

/** How often what is left is written down, milliseconds: a life that ends sooner takes nothing from anybody. */
const EVERY_MS = 500;

export class LeftOver {
  readonly #clock: Clock;
  readonly #ids = new Set<string>();
  readonly #write: (ids: readonly string[]) => void;
  #timer: Timer | null = null;

  /** @param write writes down how much time each has left; must not throw */
  constructor(clock: Clock, write: (ids: readonly string[]) => void) {
    this.#clock = clock;
    this.#write = write;
  }

  add(id: string): void {
    this.#ids.add(id);
    if (this.#timer === null) this.#schedule();
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** Renewed, or ended. @returns false: it was none of these */
  remove(id: string): boolean {
    return this.#ids.delete(id);
  }

  close(): void {
    this.#timer?.cancel();
  }

  #schedule(): void {
    this.#timer = this.#clock.after(EVERY_MS, () => {
      this.#timer = null;
      if (this.#ids.size === 0) return;
      this.#write([...this.#ids]);
      this.#schedule();
    });
  }
}
