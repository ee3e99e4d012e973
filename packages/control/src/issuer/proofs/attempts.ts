/**
 * How often somebody may try to prove something, by the address it comes from: guessing must be slow, and a fleet that starts behind one
 * address must not be. A token bucket in which an attempt that fails weighs as much as many that do not.
 */
import { isIPv6 } from 'node:net';
import type { Clock } from 'heddle/ports';

export interface AttemptsOptions {
  readonly clock: Clock;
  /** Attempts in a row. @default 1000 */
  readonly burst?: number;
  /** Attempts a second, for good. @default 50 */
  readonly perSecond?: number;
  /** What a failure weighs: with the other defaults, 20 wrong ones in a row, then one a second. @default 50 */
  readonly failureWeight?: number;
}

interface Bucket {
  left: number;
  /** Monotonic milliseconds. */
  at: number;
}

/** More than that try at once only if somebody makes addresses up; the ones that were quiet for longest are forgotten. */
const MOST_ADDRESSES = 20_000;

export class Attempts {
  readonly #clock: Clock;
  readonly #burst: number;
  readonly #perSecond: number;
  readonly #failureWeight: number;
  /** Those used last stand last. */
  readonly #buckets = new Map<string, Bucket>();

  constructor({ clock, burst = 1_000, perSecond = 50, failureWeight = 50 }: AttemptsOptions) {
    this.#clock = clock;
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#failureWeight = failureWeight;
  }

  /**
   * Counts an attempt.
   * @param kind attempts of one kind take nothing from those of another: whoever guesses tokens must not keep others from renewing
   * @returns 0 if it may be made, else after how many milliseconds to try again
   */
  take(address: string, kind: string): number {
    const bucket = this.#bucket(address, kind);
    if (bucket.left < 1) return Math.ceil(((1 - bucket.left) / this.#perSecond) * 1_000);
    bucket.left -= 1;
    return 0;
  }

  /** The attempt that was taken proved nothing. Many of them at the same time make a debt. */
  failed(address: string, kind: string): void {
    this.#bucket(address, kind).left -= this.#failureWeight - 1;
  }

  #bucket(address: string, kind: string): Bucket {
    const key = `${kind} ${networkOf(address)}`;
    const now = this.#clock.now();
    const present = this.#buckets.get(key);
    const bucket = present ?? { left: this.#burst, at: now };
    bucket.left = Math.min(this.#burst, bucket.left + ((now - bucket.at) / 1_000) * this.#perSecond);
    bucket.at = now;
    if (present !== undefined) this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > MOST_ADDRESSES) this.#buckets.delete(this.#buckets.keys().next().value!);
    return bucket;
  }
}

/** Of IPv6 the network: one machine has all the 2^64 addresses of its own. */
function networkOf(address: string): string {
  const plain = address.replace(/%.*$/, '');
  if (!isIPv6(plain)) return plain;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain);
  if (mapped !== null) return mapped[1]!;
  const [head = '', tail] = plain.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const after = tail === '' ? [] : tail.split(':');
    while (groups.length + after.length < 8) groups.push('0');
    groups.push(...after);
  }
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
