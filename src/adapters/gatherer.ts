/** What gathers a body's chunks until all are there. */
import type { BodySink } from '../model/response-body.js';

/** Whoever extends it says what becomes of the end. Most bodies are one chunk: they are given on without a copy. */
export abstract class Gatherer implements BodySink {
  #first: Uint8Array | null = null;
  /** null while there is no more than the first. */
  #all: Uint8Array[] | null = null;

  onData(chunk: Uint8Array): boolean {
    if (this.#first === null) this.#first = chunk;
    else if (this.#all === null) this.#all = [this.#first, chunk];
    else this.#all.push(chunk);
    return true;
  }

  abstract onEnd(): void;
  abstract onError(error: Error): void;

  protected get isEmpty(): boolean {
    return this.#first === null;
  }

  protected whole(): Buffer {
    const first = this.#first;
    if (this.#all !== null) return Buffer.concat(this.#all);
    if (first === null) return Buffer.alloc(0);
    return Buffer.isBuffer(first) ? first : Buffer.from(first.buffer, first.byteOffset, first.byteLength);
  }
}
