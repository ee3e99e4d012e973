/** Reading a response's body as the surfaces offer it: all at once, or as a stream. */
import { Readable } from 'node:stream';
import type { Call } from '../model/call.js';
import type { BodySink, ResponseBody } from '../model/response-body.js';
import { bodyErrorOf } from '../outbound/surface.js';

/** All of the body, as `convert` makes it: one promise. Rejects with what the caller is to see, or what `convert` throws. */
export function collect<T>(call: Call, body: ResponseBody, convert: (bytes: Buffer) => T): Promise<T> {
  return new Promise((resolve, reject) => body.attach(new Collector(call, convert, resolve, reject)));
}

class Collector<T> implements BodySink {
  readonly #call: Call;
  readonly #convert: (bytes: Buffer) => T;
  readonly #resolve: (value: T) => void;
  readonly #reject: (reason: unknown) => void;
  #first: Uint8Array | null = null;
  /** null while there is no more than the first. */
  #chunks: Uint8Array[] | null = null;

  constructor(
    call: Call,
    convert: (bytes: Buffer) => T,
    resolve: (value: T) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#call = call;
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
    try {
      this.#resolve(this.#convert(joinChunks(this.#first, this.#chunks)));
    } catch (error) {
      this.#reject(error);
    }
  }

  onError(error: Error): void {
    this.#reject(bodyErrorOf(this.#call, error));
  }
}

/** @param all null if there is no more than the first; copies nothing then */
export function joinChunks(first: Uint8Array | null, all: readonly Uint8Array[] | null): Buffer {
  if (all !== null) return Buffer.concat(all);
  if (first === null) return Buffer.alloc(0);
  return Buffer.isBuffer(first) ? first : Buffer.from(first.buffer, first.byteOffset, first.byteLength);
}

/** The body as a Node stream; destroying it early gives the connection up. */
export class BodyStream extends Readable implements BodySink {
  readonly #call: Call;
  readonly #body: ResponseBody;
  #attached = false;

  constructor(call: Call, body: ResponseBody) {
    super();
    this.#call = call;
    this.#body = body;
  }

  override _read(): void {
    if (this.#attached) {
      this.#body.resume();
      return;
    }
    this.#attached = true;
    this.#body.attach(this);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#body.drop(error ?? new Error('the body was not read to its end'));
    callback(error);
  }

  onData(chunk: Uint8Array): boolean {
    return this.push(chunk);
  }

  onEnd(): void {
    this.push(null);
  }

  onError(error: Error): void {
    const seen = bodyErrorOf(this.#call, error);
    this.destroy(seen instanceof Error ? seen : new Error(String(seen), { cause: seen }));
  }
}
