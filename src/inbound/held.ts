/**
 * An exchange that was let in, or waits to be: its place, its place in the queue, and the instants that end them.
 */
import type { Clock } from '../base/clock.js';
import { Deadline, type Deadlines } from '../base/deadlines.js';
import type { Exchange, ExchangeHold, Refusal } from '../model/exchange.js';
import type { Priority } from '../traffic/priority/policy.js';
import type { Queued } from '../traffic/queue/index.js';
import { overloaded, TIMED_OUT } from './overload.js';
import type { Applicant, Shedder } from './shed.js';

export interface HeldParts {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  /** By policy; Infinity: whenever it likes. */
  readonly endsAt: number;
}

export class Held extends Deadline implements ExchangeHold, Applicant {
  priority: Exclude<Priority, 'exempt'> = 'critical';
  /** The smaller of the caller's and policy's. */
  readonly deadlineAt: number;
  readonly #exchange: Exchange;
  readonly #parts: HeldParts;
  /** Of the caller. */
  readonly #callerEndsAt: number;
  #leave: (() => void) | null = null;
  /** While it holds a place, or waits for one. */
  #shedder: Shedder | null = null;
  #queued: Queued<Applicant> | null = null;
  #wake: (() => void) | null = null;
  /** When it was let in: how long it waited says nothing of how long answers take. */
  #since: number;

  constructor(exchange: Exchange, parts: HeldParts) {
    super();
    this.#exchange = exchange;
    this.#parts = parts;
    this.#callerEndsAt = exchange.deadlineAt;
    this.deadlineAt = Math.min(exchange.deadlineAt, parts.endsAt);
    this.#since = exchange.startedAt;
  }

  /** @returns why there is no place for it, and none to wait in; null: it has one of them */
  apply(shedder: Shedder, priority: Exclude<Priority, 'exempt'>): Refusal | null {
    this.priority = priority;
    const place = shedder.apply(this);
    if (typeof place === 'string') return overloaded(place);
    this.#shedder = shedder;
    this.#queued = place;
    return null;
  }

  /**
   * @param leave gives its place on the port back
   * @returns what refuses it until its turn comes; null: its turn is now
   */
  begin(leave: () => void): Refusal | null {
    this.#leave = leave;
    const exchange = this.#exchange;
    exchange.hold = this;
    exchange.deadlineAt = this.deadlineAt;
    this.#arm();
    if (this.#queued === null) return null;
    exchange.waiting = new Promise((resolve) => {
      this.#wake = resolve;
    });
    return overloaded('queue_wait');
  }

  /** Its turn has come. */
  enter(): void {
    this.#queued = null;
    this.#since = this.#parts.clock.now();
    this.#arm();
    this.#decided(null);
  }

  /** Somebody else waits in its stead. */
  displaced(): void {
    this.#refuse(overloaded('queue_full'));
  }

  override expire(): void {
    const { clock, endsAt } = this.#parts;
    const exchange = this.#exchange;
    if (exchange.ended) return;
    if (this.#queued !== null) {
      this.#shedder!.giveUp(this.#queued);
      const late = clock.now() >= endsAt;
      if (late) exchange.flags.add('UT');
      this.#refuse(late ? TIMED_OUT : overloaded('queue_wait'));
      return;
    }
    exchange.flags.add('UT');
    exchange.refusal = TIMED_OUT;
    exchange.server?.expire();
  }

  ended(complete: boolean): void {
    this.#parts.deadlines.disarm(this);
    this.#leave?.();
    this.#leave = null;
    const shedder = this.#shedder;
    if (shedder === null) return;
    this.#shedder = null;
    if (this.#queued === null) {
      shedder.leave(complete ? this.#since : null);
      return;
    }
    // Whoever asked has gone: there is nobody to do it for.
    shedder.giveUp(this.#queued);
    this.#queued = null;
    this.#wake?.();
  }

  upgraded(): void {
    this.#exchange.deadlineAt = this.#callerEndsAt;
    this.ended(false);
  }

  #arm(): void {
    const { deadlines, endsAt } = this.#parts;
    deadlines.arm(this, this.#queued === null ? endsAt : Math.min(this.#queued.until, endsAt));
  }

  #refuse(refusal: Refusal): void {
    this.#queued = null;
    this.#shedder = null;
    this.#parts.deadlines.disarm(this);
    this.#decided(refusal);
  }

  #decided(refusal: Refusal | null): void {
    this.#exchange.refusal = refusal;
    this.#exchange.waiting = null;
    this.#wake?.();
  }
}
