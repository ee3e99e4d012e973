/** Reading a response's body as the surfaces offer it: all at once, or as a stream. */
import { Readable } from 'node:stream';
import type { Call } from '../model/call.js';
import type { BodySink, ResponseBody } from '../model/response-body.js';
import { bodyErrorOf } from '../outbound/surface.js';

/** All of the body. Rejects with what the caller is to see. */
export function collect(call: Call, body: ResponseBody): Promise<Buffer> {
  return new Promise((resolve, reject) => body.attach(new Collector(call, resolve, reject)));
}

class Collector implements BodySink {
  readonly #call: Call;
  readonly #resolve: (bytes: Buffer) => void;
  readonly #reject: (reason: unknown) => void;
  readonly #chunks: Uint8Array[] = [];

  constructor(call: Call, resolve: (bytes: Buffer) => void, reject: (reason: unknown) => void) {
    this.#call = call;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onData(chunk: Uint8Array): boolean {
    this.#chunks.push(chunk);
    return true;
  }

  onEnd(): void {
    const [first = null, second] = this.#chunks;
    this.#resolve(joinChunks(first, second === undefined ? null : this.#chunks));
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
