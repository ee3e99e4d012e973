/**
 * What a channel says of itself. It has no connections of its own: it is ready when somebody could be reached, which is tried by a
 * connection when an application asks for it, or when a call was answered.
 */
import { connectivityState as state } from '@grpc/grpc-js';
import type { MeshCalls } from 'heddle';
import { backoffMs, type Clock, systemRandom, type Timer } from 'heddle/ports';

export interface ConnectivityParts {
  readonly calls: MeshCalls;
  readonly clock: Clock;
  readonly authority: string;
  readonly scheme: 'http' | 'https';
}

interface Watcher {
  readonly from: state;
  readonly timer: Timer | null;
  readonly callback: (error?: Error) => void;
}

/** Between two tries. */
const WAIT = { baseDelayMs: 100, maxDelayMs: 5_000 };

export class Connectivity {
  readonly #parts: ConnectivityParts;
  readonly #watchers = new Set<Watcher>();
  #state = state.IDLE;
  #stop: (() => void) | null = null;
  #failures = 0;

  constructor(parts: ConnectivityParts) {
    this.#parts = parts;
  }

  /** @param tryToConnect leave it idle otherwise */
  current(tryToConnect: boolean): state {
    if (tryToConnect && this.#state === state.IDLE) this.#try();
    return this.#state;
  }

  /** @param leftMs Infinity: until it is another */
  watch(from: state, leftMs: number, callback: (error?: Error) => void): void {
    if (this.#state === state.SHUTDOWN) throw new Error('Channel has been shut down');
    if (this.#state !== from) {
      process.nextTick(callback);
      return;
    }
    const timer = Number.isFinite(leftMs)
      ? this.#parts.clock.after(
          Math.max(0, leftMs),
          () => {
            this.#watchers.delete(watcher);
            callback(new Error('Deadline passed without connectivity state change'));
          },
          'holds',
        )
      : null;
    const watcher: Watcher = { from, timer, callback };
    this.#watchers.add(watcher);
  }

  /** A peer has answered. */
  reached(): void {
    if (this.#state === state.READY || this.#state === state.SHUTDOWN) return;
    this.#failures = 0;
    this.#stop?.();
    this.#stop = null;
    this.#become(state.READY);
  }

  close(): void {
    this.#stop?.();
    this.#stop = null;
    this.#become(state.SHUTDOWN);
  }

  #try(): void {
    const { calls, authority, scheme } = this.#parts;
    this.#stop = calls.probe({ authority, scheme }, (reached) => {
      this.#stop = null;
      if (reached) this.reached();
      else this.#failed();
    });
    this.#become(state.CONNECTING);
  }

  /** Nobody tries again for nobody: without a watcher the next who asks begins anew. */
  #failed(): void {
    this.#failures += 1;
    const delayMs = backoffMs(WAIT, this.#failures, systemRandom);
    const timer = this.#parts.clock.after(delayMs, () => {
      this.#stop = null;
      if (this.#watchers.size > 0) this.#try();
      else this.#become(state.IDLE);
    });
    this.#stop = () => timer.cancel();
    this.#become(state.TRANSIENT_FAILURE);
  }

  #become(next: state): void {
    this.#state = next;
    for (const watcher of [...this.#watchers]) {
      if (watcher.from === next) continue;
      this.#watchers.delete(watcher);
      watcher.timer?.cancel();
      watcher.callback();
    }
  }
}
