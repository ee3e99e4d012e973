import type { Attempt } from './attempt.js';
import type { Call } from './call.js';
import type { Outcome, Rejected } from './outcome.js';

/**
 * The one extension point on the outbound path. `admit` in order until one refuses; then the wire; then `settle` in reverse
 * for exactly those that admitted; `release` when the last byte was read or the attempt dropped. None of the three throws.
 */
export interface AttemptFilter {
  readonly name: string;
  /** null to admit. What was taken here is given back in `release`. */
  admit(attempt: Attempt): Rejected | null;
  /** The outcome is known: headers arrived, or it failed. */
  settle?(attempt: Attempt, outcome: Outcome): void;
  /** Of gRPC, where the head had no status: what the answer came to, as an outcome whose fields are the trailers. */
  conclude?(attempt: Attempt, outcome: Outcome): void;
  release?(attempt: Attempt): void;
}

/** The same, around the whole call. `admit` may wait (an injected delay) and may answer in the peer's stead. */
export interface CallFilter {
  readonly name: string;
  admit(call: Call): Outcome | null | Promise<Outcome | null>;
  settle?(call: Call, outcome: Outcome): void;
  release?(call: Call): void;
}
