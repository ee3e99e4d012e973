/**
 * A stream with what clients of `node:http` use of a socket. The real connections belong to the mesh: what would tune them does nothing
 * here, and nothing throws.
 */
import { Duplex } from 'node:stream';
import type { Clock, Timer } from '../../base/clock.js';

/** Bytes that may wait in either direction: as much as a newer Node's socket holds. */
const HIGH_WATER_BYTES = 64 * 1024;

/** Strings are what Node writes heads in: they are read as they are. A connection that ends on one side ends. */
const OPTIONS = { decodeStrings: false, allowHalfOpen: false, highWaterMark: HIGH_WATER_BYTES } as const;

export abstract class SocketLike extends Duplex {
  readonly connecting = false;
  readonly pending = false;
  readonly readyState = 'open';
  bytesRead = 0;
  bytesWritten = 0;
  /** Milliseconds without a byte until `timeout` is emitted; 0 and undefined: never. */
  timeout: number | undefined = undefined;
  readonly #clock: Clock;
  #timer: Timer | null = null;
  #activeAt = 0;

  constructor(clock: Clock) {
    super(OPTIONS);
    this.#clock = clock;
  }

  /** As that of `net.Socket`: emits `timeout` after silence, and does nothing else. */
  setTimeout(timeoutMs: number, listener?: () => void): this {
    this.watchSilence(timeoutMs);
    if (listener !== undefined && timeoutMs > 0) this.once('timeout', listener);
    else if (listener !== undefined) this.removeListener('timeout', listener);
    return this;
  }

  /** @param timeoutMs 0: no more */
  watchSilence(timeoutMs: number): void {
    this.#stopTimer();
    this.timeout = timeoutMs;
    this.touch();
  }

  /** Bytes went by. */
  protected touch(): void {
    const { timeout } = this;
    if (timeout === undefined || !(timeout > 0) || this.destroyed) return;
    this.#activeAt = this.#clock.now();
    this.#timer ??= this.#clock.after(timeout, () => this.#look());
  }

  #look(): void {
    this.#timer = null;
    const { timeout } = this;
    if (timeout === undefined || !(timeout > 0) || this.destroyed) return;
    const left = timeout - (this.#clock.now() - this.#activeAt);
    // Timers may be a little early.
    if (left < 1) this.emit('timeout');
    else this.#timer = this.#clock.after(left, () => this.#look());
  }

  #stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#stopTimer();
    callback(error);
  }

  /** Ends, and destroys when what was written is gone. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', this.destroy);
  }

  resetAndDestroy(): this {
    return this.destroy();
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  address(): object {
    return {};
  }
}
