import type { Clock, Timer } from './clock.js';
import type { Random } from './random.js';

/**
 * A clock that stands still until a test moves it. Timers run in the order of their instants, those of one instant in the order
 * in which they were set, and each sees `now()` at its own instant, exactly as on a machine that is never late.
 * @example
 * const clock = new FakeClock();
 * clock.after(10, () => console.log(clock.now()));
 * clock.advance(25); // => 10
 */
export class FakeClock implements Clock {
  #now: number;
  #wallOffset: number;
  #timers: FakeTimer[] = [];

  /**
   * @param wallStart wall time at the start, milliseconds since the epoch. @default 2026-01-01T00:00:00Z
   * @param start monotonic time at the start, milliseconds. @default 0
   */
  constructor(wallStart: number = Date.UTC(2026, 0, 1), start = 0) {
    this.#now = start;
    this.#wallOffset = wallStart - start;
  }

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return this.#now + this.#wallOffset;
  }

  after(delayMs: number, fire: () => void): Timer {
    const timer = new FakeTimer(this.#now + Math.max(0, delayMs), fire, (gone) => {
      const index = this.#timers.indexOf(gone);
      if (index >= 0) this.#timers.splice(index, 1);
    });
    let index = this.#timers.length;
    while (index > 0 && this.#timers[index - 1]!.at > timer.at) index -= 1;
    this.#timers.splice(index, 0, timer);
    return timer;
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.length;
  }

  /** Milliseconds until the next timer; undefined if none waits. */
  get nextIn(): number | undefined {
    const next = this.#timers[0];
    return next === undefined ? undefined : next.at - this.#now;
  }

  /** Moves time on by `ms` and runs every timer that falls due, those set meanwhile included. */
  advance(ms: number): void {
    const until = this.#now + ms;
    while (this.#runNext(until));
    this.#now = until;
  }

  /**
   * The same, but lets promises settle before, between and after the timers: for code that awaits. Work on other threads (key
   * generation, files, sockets) is not waited for.
   */
  async advanceAsync(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settled();
    while (this.#runNext(until)) await settled();
    this.#now = until;
    await settled();
  }

  /** Moves the wall clock alone, as an operator or NTP does. No timer is touched. */
  jumpWall(ms: number): void {
    this.#wallOffset += ms;
  }

  #runNext(until: number): boolean {
    const next = this.#timers[0];
    if (next === undefined || next.at > until) return false;
    this.#timers.shift();
    this.#now = next.at;
    next.fire();
    return true;
  }
}

class FakeTimer implements Timer {
  readonly at: number;
  readonly fire: () => void;
  readonly #remove: (timer: FakeTimer) => void;

  constructor(at: number, fire: () => void, remove: (timer: FakeTimer) => void) {
    this.at = at;
    this.fire = fire;
    this.#remove = remove;
  }

  cancel(): void {
    this.#remove(this);
  }
}

/** Resolves when all promise reactions that can run have run. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * A repeatable sequence of draws, uniform in [0, 1): the same seed gives the same sequence on every machine.
 * @source mulberry32, T. Ettinger, public domain
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
    },
  };
}
