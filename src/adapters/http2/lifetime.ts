/** When a connection is over though nobody has closed it: unused for too long, too old, or with a peer that does not answer. */
import { errors } from 'undici';
import type { Clock, Timer } from '../../base/clock.js';
import type { ConnectionSettings } from '../../model/destination.js';

/** A connection, as its lifetime sees it. */
export interface Living {
  readonly isIdle: boolean;
  /** Takes nothing new, finishes what is under way. */
  leave(): void;
  /** Asks the peer for a sign of life. */
  ping(answered: (error: Error | null) => void): void;
  /** The peer is gone. */
  lose(error: Error): void;
}

export class Lifetime {
  readonly #clock: Clock;
  readonly #settings: ConnectionSettings;
  readonly #connection: Living;
  readonly #timers = new Map<'idle' | 'age' | 'ping' | 'pong', Timer>();
  /** Monotonic milliseconds. */
  #idleSince: number;

  /** Begins when the connection is ready, without a stream. */
  constructor(clock: Clock, settings: ConnectionSettings, connection: Living) {
    this.#clock = clock;
    this.#settings = settings;
    this.#connection = connection;
    this.#idleSince = clock.now();
    const { idleTimeoutMs, maxConnectionDurationMs, http2KeepAlive } = settings;
    this.#watchIdleness(idleTimeoutMs);
    if (maxConnectionDurationMs !== undefined)
      this.#after('age', maxConnectionDurationMs, () => connection.leave());
    if (http2KeepAlive !== undefined) this.#keepAlive(http2KeepAlive);
  }

  /** The last stream has ended. */
  idled(): void {
    this.#idleSince = this.#clock.now();
  }

  end(): void {
    for (const timer of this.#timers.values()) timer.cancel();
  }

  /** One timer, not one for each time that the last stream ends. */
  #watchIdleness(delayMs: number): void {
    this.#after('idle', delayMs, () => {
      const { idleTimeoutMs } = this.#settings;
      const { isIdle } = this.#connection;
      const leftMs = isIdle ? this.#idleSince + idleTimeoutMs - this.#clock.now() : idleTimeoutMs;
      if (leftMs <= 0) this.#connection.leave();
      else this.#watchIdleness(leftMs);
    });
  }

  /** A ping; the next one an interval after its answer. */
  #keepAlive(policy: { readonly intervalMs: number; readonly timeoutMs: number }): void {
    this.#after('ping', policy.intervalMs, () => {
      this.#after('pong', policy.timeoutMs, () =>
        this.#connection.lose(new errors.SocketError(`no answer to a ping in ${policy.timeoutMs} ms`)),
      );
      this.#connection.ping((error) => {
        this.#timers.get('pong')?.cancel();
        if (error === null) this.#keepAlive(policy);
      });
    });
  }

  #after(name: 'idle' | 'age' | 'ping' | 'pong', delayMs: number, fire: () => void): void {
    this.#timers.set(name, this.#clock.after(delayMs, fire));
  }
}
