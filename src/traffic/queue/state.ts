/** Who waits, by rank. Joining, leaving from anywhere and being next take the same time however many wait. */
import { isCalm, isStanding, longestWaitMs, type QueueFacts, wouldBeLate } from './decide.js';
import type { QueuePolicy } from './policy.js';

/** Weight of the newest interval. */
const NEWEST = 1 / 8;

/** One that waits. */
export interface Queued<T> {
  readonly item: T;
  /** 0 is served first. */
  readonly rank: number;
  /** May wait until then. */
  readonly until: number;
}

interface Node<T> extends Queued<T> {
  older: Node<T> | null;
  newer: Node<T> | null;
  readonly joinedAt: number;
  here: boolean;
}

interface Line<T> {
  oldest: Node<T> | null;
  newest: Node<T> | null;
  length: number;
}

/** Why somebody may not wait. */
export type NoWait = 'queue_full' | 'queue_deadline';

export class Queue<T> {
  policy: QueuePolicy;
  readonly #lines: Line<T>[];
  #length = 0;
  #calmAt: number;
  #standing = false;
  /** When somebody was last served while others waited; null: nobody was since the queue was empty. */
  #servedAt: number | null = null;
  #intervalMs = 0;

  constructor(policy: QueuePolicy, ranks: number, now: number) {
    this.policy = policy;
    this.#calmAt = now;
    this.#lines = Array.from({ length: ranks }, () => ({ oldest: null, newest: null, length: 0 }));
  }

  get length(): number {
    return this.#length;
  }

  /** Do any wait that are served before a new one of `rank`, or with it? */
  waitsBefore(rank: number): boolean {
    for (let one = 0; one <= rank; one += 1) if (this.#lines[one]!.length > 0) return true;
    return false;
  }

  isStanding(now: number): boolean {
    if (this.#length > 0) this.#standing = isStanding(this.policy, this.#facts(now));
    return this.#standing;
  }

  /**
   * @param deadlineAt when its caller stops waiting
   * @returns `displaced`: who has to go in its stead, as the queue was full
   */
  join(
    item: T,
    { rank, now, deadlineAt }: { rank: number; now: number; deadlineAt: number },
  ): (Queued<T> & { readonly displaced: Queued<T> | null }) | NoWait {
    if (this.#length === 0) this.#calmAt = now;
    this.isStanding(now);
    const facts = this.#facts(now);
    let ahead = 0;
    for (let one = 0; one <= rank; one += 1) ahead += this.#lines[one]!.length;
    if (wouldBeLate(this.policy, { ...facts, ahead, deadlineAt })) {
      // Where all are refused nobody is served, and what was once measured must not hold for ever.
      this.#intervalMs *= 1 - NEWEST;
      return 'queue_deadline';
    }
    const displaced = this.#length < this.policy.maxLength ? null : this.#least(rank, now);
    if (displaced === 'queue_full') return 'queue_full';
    if (displaced !== null) this.leave(displaced, now);
    const until = Math.min(now + longestWaitMs(this.policy, facts), deadlineAt);
    const line = this.#lines[rank]!;
    const node = { item, rank, until, older: line.newest, newer: null, joinedAt: now, here: true, displaced };
    if (line.newest === null) line.oldest = node;
    else line.newest.newer = node;
    line.newest = node;
    line.length += 1;
    this.#length += 1;
    return node;
  }

  /** Of those that wait, who is served next; it leaves. @param fits whether there is room for one of this rank */
  next(now: number, fits: (rank: number) => boolean): T | null {
    for (const [rank, line] of this.#lines.entries()) {
      if (line.length === 0) continue;
      // A lower rank has less room still.
      if (!fits(rank)) return null;
      const node = this.isStanding(now) ? line.newest! : line.oldest!;
      this.#served(now - node.joinedAt, now);
      this.leave(node, now);
      return node.item;
    }
    return null;
  }

  /** Gives up its place; doing so twice does nothing. */
  leave(queued: Queued<T>, now: number): void {
    const node = queued as Node<T>;
    if (!node.here) return;
    node.here = false;
    const line = this.#lines[node.rank]!;
    if (node.older === null) line.oldest = node.newer;
    else node.older.newer = node.newer;
    if (node.newer === null) line.newest = node.older;
    else node.newer.older = node.older;
    node.older = null;
    node.newer = null;
    line.length -= 1;
    this.#length -= 1;
    if (this.#length > 0) return;
    this.#calmAt = now;
    this.#standing = false;
    this.#servedAt = null;
  }

  #facts(now: number): QueueFacts {
    return { now, standing: this.#standing, calmAt: this.#calmAt, intervalMs: this.#intervalMs };
  }

  #served(waitedMs: number, now: number): void {
    if (isCalm(this.policy, waitedMs, this.#intervalMs)) this.#calmAt = now;
    if (this.#servedAt !== null) this.#intervalMs += (now - this.#servedAt - this.#intervalMs) * NEWEST;
    this.#servedAt = now;
  }

  /** Whoever has the least to lose of those ranked no higher than `rank`: of a standing queue the oldest, else the newest. */
  #least(rank: number, now: number): Node<T> | 'queue_full' {
    for (let one = this.#lines.length - 1; one > rank; one -= 1) {
      const { newest, oldest } = this.#lines[one]!;
      if (newest !== null) return this.isStanding(now) ? oldest! : newest;
    }
    const { oldest } = this.#lines[rank]!;
    return this.isStanding(now) && oldest !== null ? oldest : 'queue_full';
  }
}
