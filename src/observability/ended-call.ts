import type { Call } from '../model/call.js';
import type { Destination } from '../model/destination.js';
import type { Outcome } from '../model/outcome.js';

/** A call that is over, as metrics, logs and expressions look at it. */
export interface EndedCall {
  readonly call: Call;
  readonly outcome: Outcome;
  /** Of the last attempt; null if there was none. */
  readonly destination: Destination | null;
  /** Until the last byte was read, or the call was given up. */
  readonly durationMs: number;
  /** Milliseconds since the epoch. */
  readonly startedWall: number;
}
