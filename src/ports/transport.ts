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
