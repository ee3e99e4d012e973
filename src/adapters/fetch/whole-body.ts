/** All of a body, converted to what was asked for: one promise, no stream. */
import type { Call } from '../../model/call.js';
import type { Responded } from '../../model/outcome.js';
import { Gatherer } from '../gatherer.js';
import { brokenOff } from './errors.js';

/** A body on its way. */
export interface Live {
  readonly call: Call;
  readonly responded: Responded;
  /** The caller's; aborted after the last byte came, it still keeps the body from the reader. */
  readonly signal: AbortSignal | null;
}

/** @throws what `convert` throws, the signal's reason, or a TypeError `terminated` */
export function readWhole<T>(live: Live, convert: (bytes: Buffer) => T | Promise<T>): Promise<T> {
  return new Promise((resolve, reject) =>
    live.responded.body.attach(new Whole(live, convert, resolve, reject)),
  );
}

class Whole<T> extends Gatherer {
  readonly #live: Live;
  readonly #convert: (bytes: Buffer) => T | Promise<T>;
  readonly #resolve: (value: T | Promise<T>) => void;
  readonly #reject: (reason: unknown) => void;

  constructor(
    live: Live,
    convert: (bytes: Buffer) => T | Promise<T>,
    resolve: (value: T | Promise<T>) => void,
    reject: (reason: unknown) => void,
  ) {
    super();
    this.#live = live;
    this.#convert = convert;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onEnd(): void {
    // A turn later, so that whoever aborts right after he asked for the body does not get it, here already or not.
    if (this.#live.signal?.aborted === false && !this.isEmpty) queueMicrotask(() => this.#settle());
    else this.#settle();
  }

  #settle(): void {
    const { signal } = this.#live;
    try {
      if (!this.isEmpty) signal?.throwIfAborted();
      this.#resolve(this.#convert(this.whole()));
    } catch (error) {
      this.#reject(error);
    }
  }

  onError(error: Error): void {
    this.#reject(brokenOff(this.#live.call, error));
  }
}
