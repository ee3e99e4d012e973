import type { Call } from '../model/call.js';
import type { Destination } from '../model/destination.js';
import type { Outcome } from '../model/outcome.js';

/** A call that is over, as metrics, logs and expressions look at it. A class, as `Arrived` is one, and for its reason. */
export class EndedCall {
  readonly call: Call;
  readonly outcome: Outcome;
  /** Of the last attempt; null if there was none. */
  readonly destination: Destination | null;
  /** Until the last byte was read, or the call was given up. */
  readonly durationMs: number;
  /** Milliseconds since the epoch. */
  readonly startedWall: number;

  constructor(
    call: Call,
    outcome: Outcome,
    destination: Destination | null,
    durationMs: number,
    startedWall: number,
  ) {
    this.call = call;
    this.outcome = outcome;
    this.destination = destination;
    this.durationMs = durationMs;
    this.startedWall = startedWall;
  }
}
