/** A request as its client writes it: what is there when the call begins, and what follows on its way to the attempts. */
import { type RequestBody, StreamBody } from '../../model/request-body.js';
import type { RequestHead, Target } from './request-head.js';
import { RequestReader } from './request-reader.js';
import type { Written } from './tunnel.js';
import { Upload } from './upload.js';

export class SentRequest {
  readonly #reader: RequestReader;
  #upload: Upload | null = null;
  /** Bytes written so far. */
  bytes = 0;

  /** @param fallback where the request goes if it does not say so itself */
  constructor(fallback: Target) {
    this.#reader = new RequestReader(fallback);
  }

  /** null until it is whole. */
  get head(): RequestHead | null {
    return this.#reader.head;
  }

  /** The last byte was there. */
  get done(): boolean {
    return this.#reader.done;
  }

  /** @throws MeshError `HEDDLE_INVALID_ARGUMENT` for what the mesh does not carry */
  read(chunks: readonly Written[]): void {
    for (const { chunk, encoding } of chunks) {
      this.bytes += chunk.length;
      this.#reader.read(chunk, encoding);
    }
  }

  /** For the call: bytes if they are all there, without trailers, and so can be sent again. */
  body(): RequestBody {
    const reader = this.#reader;
    const pieces = reader.take();
    if (!reader.done || reader.trailers !== null) {
      this.#upload = new Upload(pieces);
      const body = new StreamBody(this.#upload);
      // Only a body in chunks can have them.
      if (reader.head?.framing === 'chunked') body.trailers = () => reader.trailers;
      return body;
    }
    if (pieces.length === 0) return null;
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  }

  /** Hands on what was read since. @param done called when the client may write more */
  passOn(done: () => void): void {
    if (this.#upload === null) done();
    else this.#upload.add(this.#reader.take(), this.#reader.done, done);
  }

  /** Nothing more is sent. What is not whole by now must not pass for it. */
  stop(reason: Error): void {
    this.#upload?.fail(reason);
  }
}
