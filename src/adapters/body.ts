/** Reading a response's body as the surfaces offer it: all at once, or as a stream. */
import { Readable } from 'node:stream';
import type { Call } from '../model/call.js';
import type { BodySink, ResponseBody } from '../model/response-body.js';
import { bodyErrorOf } from '../outbound/surface.js';
import { Gatherer } from './gatherer.js';

/** All of the body, as `convert` makes it: one promise. Rejects with what the caller is to see, or what `convert` throws. */
export function collect<T>(call: Call, body: ResponseBody, convert: (bytes: Buffer) => T): Promise<T> {
  return new Promise((resolve, reject) => body.attach(new Collector(call, convert, resolve, reject)));
}

class Collector<T> extends Gatherer {
  readonly #call: Call;
  readonly #convert: (bytes: Buffer) => T;
  readonly #resolve: (value: T) => void;
  readonly #reject: (reason: unknown) => void;

  constructor(
    call: Call,
    convert: (bytes: Buffer) => T,
    resolve: (value: T) => void,
    reject: (reason: unknown) => void,
  ) {
    super();
    this.#call = call;
    this.#convert = convert;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onEnd(): void {
    try {
      this.#resolve(this.#convert(this.whole()));
    } catch (error) {
      this.#reject(error);
    }
  }

  onError(error: Error): void {
    this.#reject(bodyErrorOf(this.#call, error));
  }
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
