/** A body whose content codings are undone on the way. */
import type { Readable } from 'node:stream';
import type { Call } from '../../model/call.js';
import type { BodySink, ResponseBody } from '../../model/response-body.js';
import { BodyStream } from '../body.js';
import { decodeStream } from './coding.js';
import type { BodyFeed } from './web-body.js';

export class DecodedBody implements BodyFeed {
  readonly #stream: Readable;

  constructor(call: Call, body: ResponseBody, codings: readonly string[]) {
    this.#stream = decodeStream(new BodyStream(call, body), codings);
  }

  attach(sink: BodySink): void {
    const stream = this.#stream;
    stream.on('error', (error) => sink.onError(error));
    stream.on('end', () => sink.onEnd());
    stream.on('data', (chunk: Buffer) => {
      if (!sink.onData(chunk)) stream.pause();
    });
  }

  resume(): void {
    this.#stream.resume();
  }

  drop(reason: Error): void {
    this.#stream.destroy(reason);
  }
}
