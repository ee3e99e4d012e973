/** All of a body, converted to what was asked for: one promise, no stream. */
import type { Call } from '../../model/call.js';
import type { Responded } from '../../model/outcome.js';
import type { BodySink } from '../../model/response-body.js';
import { joinChunks } from '../body.js';
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

class Whole<T> implements BodySink {
  readonly #live: Live;
  readonly #convert: (bytes: Buffer) => T | Promise<T>;
  readonly #resolve: (value: T | Promise<T>) => void;
  readonly #reject: (reason: unknown) => void;
  #first: Uint8Array | null = null;
  #chunks: Uint8Array[] | null = null;

  constructor(
    live: Live,
    convert: (bytes: Buffer) => T | Promise<T>,
    resolve: (value: T | Promise<T>) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#live = live;
    this.#convert = convert;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onData(chunk: Uint8Array): boolean {
    if (this.#first === null) this.#first = chunk;
    else if (this.#chunks === null) this.#chunks = [this.#first, chunk];
    else this.#chunks.push(chunk);
    return true;
  }

  onEnd(): void {
    // A turn later, so that whoever aborts right after he asked for the body does not get it, here already or not.
    if (this.#live.signal?.aborted === false && this.#first !== null) queueMicrotask(() => this.#settle());
    else this.#settle();
  }

  #settle(): void {
    const { signal } = this.#live;
    try {
      if (this.#first !== null) signal?.throwIfAborted();
      this.#resolve(this.#convert(joinChunks(this.#first, this.#chunks)));
    } catch (error) {
      this.#reject(error);
    }
  }

  onError(error: Error): void {
    this.#reject(brokenOff(this.#live.call, error));
  }
}
