/**
 * Leases in memory: who lives until when. What has to survive a restart is the store's.
 */
import type { Clock, Timer } from 'heddle/ports';

interface Lease {
  readonly ttlMs: number;
  readonly keys: Set<string>;
  /** Monotonic milliseconds. */
  deadline: number;
  timer: Timer;
}

/** Node fires a timer at once whose delay does not fit into 31 bits. */
const LONGEST_MS = 2 ** 31 - 1;

export class Leases {
  readonly #clock: Clock;
  readonly #leases = new Map<string, Lease>();
  readonly #onExpired: (id: string) => void;

  /** @param onExpired called once the time of a lease has run out; the lease stays until `remove` */
  constructor(clock: Clock, onExpired: (id: string) => void) {
    this.#clock = clock;
    this.#onExpired = onExpired;
  }

  has(id: string): boolean {
    return this.#leases.has(id);
  }

  /** @param leftMs until it ends, this first time */
  add(id: string, ttlMs: number, leftMs: number = ttlMs): void {
    const timer = this.#clock.after(Math.min(leftMs, LONGEST_MS), () => this.#fire(id));
    this.#leases.set(id, { ttlMs, keys: new Set(), deadline: this.#clock.now() + leftMs, timer });
  }

  /** Of a lease that is there, in milliseconds. */
  timesOf(id: string): { readonly ttlMs: number; readonly leftMs: number } | undefined {
    const lease = this.#leases.get(id);
    return lease && { ttlMs: lease.ttlMs, leftMs: Math.max(0, lease.deadline - this.#clock.now()) };
  }

  /** Only moves the deadline: the timer finds out when it fires, so a renewal costs no timer. */
  keepAlive(id: string): boolean {
    const lease = this.#leases.get(id);
    if (lease === undefined) return false;
    lease.deadline = this.#clock.now() + lease.ttlMs;
    return true;
  }

  isExpired(id: string): boolean {
    const lease = this.#leases.get(id);
    return lease === undefined || lease.deadline <= this.#clock.now();
  }

  attach(id: string, key: string): void {
    this.#leases.get(id)?.keys.add(key);
  }

  detach(id: string, key: string): void {
    this.#leases.get(id)?.keys.delete(key);
  }

  keys(id: string): readonly string[] {
    return [...(this.#leases.get(id)?.keys ?? [])];
  }

  remove(id: string): void {
    this.#leases.get(id)?.timer.cancel();
    this.#leases.delete(id);
  }

  close(): void {
    for (const lease of this.#leases.values()) lease.timer.cancel();
    this.#leases.clear();
  }

  #fire(id: string): void {
    const lease = this.#leases.get(id);
    if (lease === undefined) return;
    const leftMs = lease.deadline - this.#clock.now();
    // A lease that could not be expired (the disk was full, say) is tried again after another term.
    const againMs = leftMs > 0 ? leftMs : lease.ttlMs;
    lease.timer = this.#clock.after(Math.min(againMs, LONGEST_MS), () => this.#fire(id));
    if (leftMs <= 0) this.#onExpired(id);
  }
}
