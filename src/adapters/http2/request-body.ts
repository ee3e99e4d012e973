/** The bodies of requests that are read, or written, while they are sent. */
import type { ClientHttp2Stream } from 'node:http2';
import { errors } from 'undici';
import type { StreamBody } from '../../model/request-body.js';
import type { BodyReader, WrittenBody } from '../../model/written-body.js';
import { trailerFields } from './fields.js';

/**
 * Sends what `body` gives, no faster than the peer takes it, and ends with it. Returns early once the stream is closed: the answer
 * did not wait for the rest, or the attempt was given up.
 * @param declared the request's own word on how long the body is; undefined: it has none
 * @throws what the source threw; RequestContentLengthMismatchError if it is not as long as declared
 */
export async function sendBody(
  stream: ClientHttp2Stream,
  body: StreamBody,
  declared: string | undefined,
): Promise<void> {
  const length = declared === undefined ? null : Number(declared);
  let sent = 0;
  if (body.trailers !== null) stream.once('wantTrailers', () => sendTrailers(stream, body));
  for await (const chunk of body.read()) {
    if (stream.closed || stream.destroyed) return;
    sent += chunk.byteLength;
    if (length !== null && sent > length) throw new errors.RequestContentLengthMismatchError();
    if (!stream.write(chunk)) await writable(stream);
    if (stream.closed || stream.destroyed) return;
  }
  if (length !== null && sent < length) throw new errors.RequestContentLengthMismatchError();
  stream.end();
}

function sendTrailers(stream: ClientHttp2Stream, body: StreamBody): void {
  if (!stream.closed && !stream.destroyed) stream.sendTrailers(trailerFields(body.trailers?.() ?? {}));
}

/** Until it takes more, or never will. */
function writable(stream: ClientHttp2Stream): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.removeListener('drain', done);
      stream.removeListener('close', done);
      resolve();
    };
    stream.once('drain', done);
    stream.once('close', done);
  });
}

/** Sends what is written into a body, no faster than the peer takes it. */
export class WrittenSender implements BodyReader {
  readonly #stream: ClientHttp2Stream;

  constructor(stream: ClientHttp2Stream, body: WrittenBody) {
    this.#stream = stream;
    stream.on('drain', () => body.resume());
  }

  /** What a closed stream does not take is of no use: somebody else tells why it is closed. */
  take(chunk: Uint8Array): boolean {
    const stream = this.#stream;
    return stream.closed || stream.destroyed || stream.writableEnded || stream.write(chunk);
  }

  finish(): void {
    const stream = this.#stream;
    if (!stream.closed && !stream.destroyed) stream.end();
  }
}
