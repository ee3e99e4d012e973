import type { Attempt } from '../model/attempt.js';
import type { Destination } from '../model/destination.js';
import type { Outcome } from '../model/outcome.js';

/** Carries one attempt to its endpoint. */
export interface Transport {
  /**
   * Sends the attempt's call to its destination, with the header fields `attempt.headers ?? attempt.call.headers`. Never rejects:
   * whatever happens is an Outcome. Resolves when the response's head has arrived; the body follows through the outcome's
   * `ResponseBody`.
   */
  send(attempt: Attempt): Promise<Outcome>;
  /** Keeps connections to exactly these destinations; others finish what is in flight and close. */
  retain(destinations: Iterable<Destination>): void;
  /** Waits for what is in flight, then closes everything. */
  close(): Promise<void>;
}

/** What became of a {@link Probe}; `unknown`: our own side could not even try. */
export type ProbeResult = 'passed' | 'unreachable' | 'unknown';

/**
 * Opens a connection as calls to the destination would, TLS and the peer check included, and closes it.
 * @param done called once, never before the probe has returned, unless it is given up
 * @returns gives it up; `done` may hear of that as of a failure
 */
export type Probe = (destination: Destination, done: (result: ProbeResult) => void) => () => void;
