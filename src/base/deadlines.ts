import type { Clock, Timer } from './clock.js';

/**
 * All deadlines of a mesh in one shared list: a hashed wheel with one timer, so that a call's deadline costs two list
 * operations and no timer or AbortController of its own. A deadline fires at most one tick late, never early.
 * @source Varghese and Lauck, "Hashed and Hierarchical Timing Wheels", 1987
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #slots: (Deadline | null)[] = new Array(SLOTS).fill(null);
  #size = 0;
  #tick: number;
  #timer: Timer | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#tick = Math.floor(clock.now() / TICK_MS);
  }

  /** Arms `deadline` for the instant `at` (monotonic milliseconds); Infinity is never. Re-arming moves it. */
  arm(deadline: Deadline, at: number): void {
    this.disarm(deadline);
    if (at === Number.POSITIVE_INFINITY) return;
    if (this.#size === 0) this.#tick = Math.floor(this.#clock.now() / TICK_MS);
    const tick = Math.max(Math.ceil(at / TICK_MS), this.#tick + 1);
    const slot = tick % SLOTS;
    const head = this.#slots[slot] ?? null;
    deadline.tick = tick;
    deadline.next = head;
    if (head !== null) head.previous = deadline;
    this.#slots[slot] = deadline;
    this.#size += 1;
    if (this.#timer === null) this.#schedule();
  }

  /** Takes `deadline` out; nothing happens if it is not armed. */
  disarm(deadline: Deadline): void {
    if (deadline.tick < 0) return;
    if (deadline.previous !== null) deadline.previous.next = deadline.next;
    else this.#slots[deadline.tick % SLOTS] = deadline.next;
    if (deadline.next !== null) deadline.next.previous = deadline.previous;
    deadline.tick = -1;
    deadline.next = null;
    deadline.previous = null;
    this.#size -= 1;
  }

  /** Number of armed deadlines. */
  get size(): number {
    return this.#size;
  }

  #schedule(): void {
    const delayMs = Math.max(1, (this.#tick + 1) * TICK_MS - this.#clock.now());
    this.#timer = this.#clock.after(delayMs, () => this.#advance());
  }

  #advance(): void {
    this.#timer = null;
    const last = Math.floor(this.#clock.now() / TICK_MS);
    // After a long pause every slot has to be looked at once, not once for each tick that was missed.
    const first = Math.max(this.#tick + 1, last - SLOTS + 1);
    this.#tick = last;
    for (let tick = first; tick <= last; tick += 1) this.#expire(tick % SLOTS, last);
    if (this.#size > 0 && this.#timer === null) this.#schedule();
  }

  #expire(slot: number, last: number): void {
    let deadline = this.#slots[slot] ?? null;
    while (deadline !== null) {
      const next: Deadline | null = deadline.next;
      if (deadline.tick <= last) {
        this.disarm(deadline);
        deadline.expire();
        // An expiry may disarm its neighbours: start the slot again rather than follow a stale link.
        deadline = this.#slots[slot] ?? null;
        continue;
      }
      deadline = next;
    }
  }
}

const TICK_MS = 4;
const SLOTS = 512;

/** Something that ends at an instant. The links belong to the wheel. */
export abstract class Deadline {
  /** @internal */ tick = -1;
  /** @internal */ next: Deadline | null = null;
  /** @internal */ previous: Deadline | null = null;
  /** Called once, when the instant has passed. Must not throw. */
  abstract expire(): void;
}
