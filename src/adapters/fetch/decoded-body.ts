/** A body whose content codings are undone on the way. */
import type { Readable } from 'node:stream';
import type { Call } from '../../model/call.js';
import type { BodySink, ResponseBody } from '../../model/response-body.js';
import { BodyStream } from '../body.js';
import { decodeStream } from './coding.js';
import type { BodyFeed } from './web-body.js';

export class DecodedBody implements BodyFeed {
  readonly #call: Call;
  readonly #body: ResponseBody;
  readonly #codings: readonly string[];
  /** Made when it is read: it reads ahead. */
  #stream: Readable | null = null;

  constructor(call: Call, body: ResponseBody, codings: readonly string[]) {
    this.#call = call;
    this.#body = body;
    this.#codings = codings;
  }

  attach(sink: BodySink): void {
    const stream = decodeStream(new BodyStream(this.#call, this.#body), this.#codings);
    this.#stream = stream;
    stream.on('error', (error) => sink.onError(error));
    stream.on('end', () => sink.onEnd());
    stream.on('data', (chunk: Buffer) => {
      if (!sink.onData(chunk)) stream.pause();
    });
  }

  resume(): void {
    this.#stream?.resume();
  }

  drop(reason: Error): void {
    if (this.#stream === null) this.#body.drop(reason);
    else this.#stream.destroy(reason);
  }
}
