/**
 * Step 8: who is let in now, who waits, and who is refused, where policy has an adaptive limit. What is asked is whether there is a place
 * under the limit, and whether the event loop still has time in this turn: work that never waits holds one place at a time, however
 * much of it there is.
 */
import type { Clock } from '../base/clock.js';
import type { EventLoop } from '../base/event-loop.js';
import type { Random } from '../base/random.js';
import { ConcurrencyState, REACHED } from '../traffic/concurrency/index.js';
import type { ConcurrencyPolicy } from '../traffic/concurrency/policy.js';
import { admittedBelow } from '../traffic/priority/index.js';
import { type Priority, SHARE_RATIO } from '../traffic/priority/policy.js';
import { Queue, type Queued } from '../traffic/queue/index.js';
import { type QueuePolicy, queuePolicyFrom } from '../traffic/queue/policy.js';
import type { Overload } from './overload.js';

/** In the order in which they are served. */
const RANKS = ['critical', 'default', 'sheddable'] as const;

/** Who asks for a place. */
export interface Applicant {
  readonly priority: Exclude<Priority, 'exempt'>;
  /** When whoever waits for it stops waiting. */
  readonly deadlineAt: number;
  /** Its turn has come: it holds a place. */
  enter(): void;
  /** Somebody else waits in its stead. */
  displaced(): void;
}

export interface ShedParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly loop: EventLoop;
}

export class Shedder {
  readonly #clock: Clock;
  readonly #loop: EventLoop;
  readonly #state: ConcurrencyState;
  readonly #queue: Queue<Applicant>;
  #pumping = false;

  constructor(policy: ConcurrencyPolicy, queue: QueuePolicy | undefined, { clock, random, loop }: ShedParts) {
    this.#clock = clock;
    this.#loop = loop;
    this.#state = new ConcurrencyState(policy, { clock, random });
    this.#queue = new Queue(queue ?? queuePolicyFrom({}), RANKS.length, clock.now());
    loop.watch((turnMs) => this.#state.turn(turnMs, this.#queue.policy.maxLoopDelayMs));
  }

  setPolicy(policy: ConcurrencyPolicy, queue: QueuePolicy | undefined): void {
    this.#state.setPolicy(policy);
    this.#queue.policy = queue ?? queuePolicyFrom({});
  }

  /** @returns null: it holds a place, to be given back with {@link leave}; or its place in the queue; or why it has neither */
  apply(applicant: Applicant): Queued<Applicant> | Overload | null {
    this.#state.tick();
    const rank = RANKS.indexOf(applicant.priority);
    if (!this.#queue.waitsBefore(rank) && this.#enter(rank)) return null;
    const now = this.#clock.now();
    if (this.#queue.policy.maxLength === 0) return REACHED;
    // The lowest goes first: it would only wait for what others are refused.
    if (applicant.priority === 'sheddable' && this.#queue.isStanding(now)) return REACHED;
    const joined = this.#queue.join(applicant, { rank, now, deadlineAt: applicant.deadlineAt });
    if (typeof joined === 'string') return joined;
    joined.displaced?.item.displaced();
    this.#pump();
    return joined;
  }

  /** Gives up a place in the queue; doing so twice does nothing. */
  giveUp(queued: Queued<Applicant>): void {
    this.#queue.leave(queued, this.#clock.now());
  }

  /** @param since when it was let in, if it was answered: one that broke off says nothing about how long answers take */
  leave(since: number | null): void {
    if (since !== null) this.#state.sample(since);
    this.#state.leave();
    this.#pump();
  }

  /**
   * One a turn of the event loop, and then whoever arrived meanwhile: how long a handler holds the loop is known when it has run. A turn costs microseconds.
   */
  #pump(): void {
    if (this.#pumping || this.#queue.length === 0) return;
    this.#pumping = true;
    this.#loop.afterTurn(() => {
      this.#pumping = false;
      this.#state.tick();
      const next = this.#queue.next(this.#clock.now(), (rank) => this.#enter(rank));
      // Without a place the next one to leave goes on.
      if (next === null) return;
      next.enter();
      this.#pump();
    });
  }

  #enter(rank: number): boolean {
    const priority = RANKS[rank]!;
    const { maxLoopDelayMs } = this.#queue.policy;
    if (this.#loop.turnMs() >= maxLoopDelayMs * SHARE_RATIO[priority]) return false;
    return this.#state.enter(admittedBelow(priority, this.#state.limit));
  }
}
