/** What Node tells of a stream, for whoever the stream carries; by functions that all streams share: each one's own would be seven closures. */
import type { ClientHttp2Stream } from 'node:http2';
import { Readable } from 'node:stream';

/** Who is carried. */
export interface StreamOwner {
  /** A head before the response's. */
  informed(status: number, raw: readonly string[]): void;
  responded(status: number, raw: readonly string[]): void;
  received(chunk: Uint8Array): void;
  trailed(raw: readonly string[]): void;
  /** All data has arrived. */
  completed(): void;
  /** All data has been given. */
  finished(): void;
  broke(error: Error): void;
  /** A frame could not be sent. */
  unsent(type: number): void;
  closed(code: number): void;
}

const OWNER = Symbol('owner');

export type Carried = ClientHttp2Stream & { [OWNER]: StreamOwner | null };

/** @param informational whether its owner wants to hear of informational responses */
export function listen(given: ClientHttp2Stream, owner: StreamOwner, informational: boolean): Carried {
  const stream = given as Carried;
  stream[OWNER] = owner;
  stream.push = pushOf;
  if (informational) stream.on('headers', onHeaders);
  stream.on('response', onResponse);
  stream.on('data', onData);
  stream.on('trailers', onTrailers);
  stream.on('end', onEnd);
  stream.on('error', onError);
  stream.on('frameError', onFrameError);
  stream.on('close', onClose);
  return stream;
}

/** Nobody hears of it any more. */
export function disown(stream: Carried): void {
  stream[OWNER] = null;
}

interface Head {
  readonly ':status'?: number;
}

/**
 * The end of the data comes by way of `push`, and so does that of a stream that the peer resets without an error, half a body being
 * all that there is; by then the stream is closed.
 */
function pushOf(this: Carried, chunk: unknown, encoding?: BufferEncoding): boolean {
  if (chunk === null && !this.closed) this[OWNER]?.completed();
  return Readable.prototype.push.call(this, chunk, encoding);
}

function onHeaders(this: Carried, head: Head, _flags: number, raw?: readonly string[]): void {
  this[OWNER]?.informed(head[':status'] ?? 0, raw ?? []);
}

function onResponse(this: Carried, head: Head, _flags: number, raw: readonly string[]): void {
  this[OWNER]?.responded(head[':status'] ?? 0, raw);
}

function onData(this: Carried, chunk: Buffer): void {
  this[OWNER]?.received(chunk);
}

function onTrailers(this: Carried, _fields: unknown, _flags: number, raw: readonly string[]): void {
  this[OWNER]?.trailed(raw);
}

function onEnd(this: Carried): void {
  this[OWNER]?.finished();
}

function onError(this: Carried, error: Error): void {
  this[OWNER]?.broke(error);
}

function onFrameError(this: Carried, type: number): void {
  this[OWNER]?.unsent(type);
}

function onClose(this: Carried): void {
  this[OWNER]?.closed(this.rstCode);
}
