/**
 * How long the event loop takes to come round. What arrives meanwhile waits that long before anybody in this process reads it, and no
 * proxy beside the process can see that.
 *
 * Turns are measured one by one, and only while somebody asks. `monitorEventLoopDelay` of `perf_hooks` says the same, but it wakes an
 * idle process for each of its samples, and says nothing of a turn before that is over.
 */
import type { Clock } from './clock.js';

export interface EventLoop {
  /** Milliseconds that the turn under way has taken so far: in one that nobody has asked about before, since the first question. */
  turnMs(): number;
  /** Runs `work` once, when all that could be read in this turn was read. */
  afterTurn(work: () => void): void;
  /** Is told the length of every turn in which somebody asked, milliseconds. A second listener takes the place of the first. */
  watch(listener: (turnMs: number) => void): void;
}

/** A loop that nobody watches: it is never late. */
export const unwatchedLoop: EventLoop = {
  turnMs: () => 0,
  afterTurn: (work) => queueMicrotask(work),
  watch: () => {},
};

/** The loop that this code runs in. */
export class SystemEventLoop implements EventLoop {
  readonly #clock: Clock;
  /** Start of the turn under way; null: nobody watches. */
  #since: number | null = null;
  #asked = false;
  #works: (() => void)[] = [];
  #listener: (turnMs: number) => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  turnMs(): number {
    this.#asked = true;
    const now = this.#clock.now();
    if (this.#since !== null) return now - this.#since;
    this.#since = now;
    setImmediate(this.#endTurn);
    return 0;
  }

  afterTurn(work: () => void): void {
    this.turnMs();
    this.#works.push(work);
  }

  watch(listener: (turnMs: number) => void): void {
    this.#listener = listener;
  }

  /** Immediates run when a turn has read what there was. With one of them pending the next turn waits for nothing, so it is all work. */
  readonly #endTurn = (): void => {
    if (!this.#asked) {
      this.#since = null;
      return;
    }
    const now = this.#clock.now();
    const turnMs = now - this.#since!;
    this.#since = now;
    this.#asked = false;
    setImmediate(this.#endTurn);
    this.#listener(turnMs);
    const works = this.#works;
    if (works.length === 0) return;
    this.#works = [];
    for (const work of works) work();
  };
}
