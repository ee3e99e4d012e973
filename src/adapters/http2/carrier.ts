/** What an attempt over HTTP/2 knows of the connection that it runs on, and of where it waits for one. */
import type { StreamAttempt } from './stream-attempt.js';

/** The connection that an attempt runs on. */
export interface Carrier {
  readonly scheme: 'http' | 'https';
  /** Why it is broken; null: it is not. */
  readonly lost: Error | null;
  /** Heads of responses that came. */
  answers: number;
  /** The stream of `one` is closed. */
  ended(one: StreamAttempt): void;
  /** Another connection is to take `one`. */
  resend(one: StreamAttempt): void;
  /** Takes nothing new. */
  leave(): void;
  /** Monotonic milliseconds. */
  now(): number;
}

/** Where an attempt waits until a connection has room. */
export interface Queue {
  forget(one: StreamAttempt): void;
}
