/** A body as a web stream of bytes, made when somebody asks for it. Chunks are pulled: who does not read holds the sender back. */
import type { BodySink } from '../../model/response-body.js';

/** What feeds it: a {@link ResponseBody}, or something that decodes one. */
export interface BodyFeed {
  attach(sink: BodySink): void;
  resume(): void;
  drop(reason: Error): void;
}

export type ByteStream = ReadableStream<Uint8Array<ArrayBuffer>>;

/** Bytes that may wait for the reader. */
const HIGH_WATER_BYTES = 64 * 1024;

/**
 * @param seenAs what the reader gets for an error of the feed
 * @param signal the caller's: errors the stream until the last byte was read
 */
export function webBody(
  feed: BodyFeed,
  seenAs: (error: Error) => unknown,
  signal: AbortSignal | null,
): ByteStream {
  // The stream keeps nothing itself: what waits here goes to its reader in one piece, however small the pieces in which it came.
  return new ReadableStream(new Pump(feed, seenAs, signal), { highWaterMark: 0 }) as never;
}

/** What a body is to those who come after its reader. */
export function takenStream(): ByteStream {
  const stream = new ReadableStream();
  stream.getReader();
  return stream as ByteStream;
}

class Pump implements BodySink {
  readonly type = 'bytes' as const;
  readonly #feed: BodyFeed;
  readonly #seenAs: (error: Error) => unknown;
  readonly #signal: AbortSignal | null;
  #controller: ReadableByteStreamController | null = null;
  #attached = false;
  /** A reader waits for the next chunk. */
  #asked = false;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** The feed has no more. */
  #ended = false;
  #over = false;

  constructor(feed: BodyFeed, seenAs: (error: Error) => unknown, signal: AbortSignal | null) {
    this.#feed = feed;
    this.#seenAs = seenAs;
    this.#signal = signal;
  }

  // -- the stream's side --

  start(controller: ReadableByteStreamController): void {
    this.#controller = controller;
    if (this.#signal?.aborted) this.handleEvent();
    else this.#signal?.addEventListener('abort', this);
  }

  pull(): void {
    if (this.#waitingBytes > 0) {
      this.#give(this.#taken());
      if (this.#ended) this.#closeIfRead();
      else this.#feed.resume();
    } else if (this.#ended) {
      this.#closeIfRead();
    } else {
      this.#asked = true;
      if (this.#attached) this.#feed.resume();
      else {
        this.#attached = true;
        this.#feed.attach(this);
      }
    }
  }

  cancel(reason: unknown): void {
    this.#finish();
    this.#feed.drop(reason instanceof Error ? reason : new Error('the reader cancelled the body'));
  }

  /** The caller aborted. */
  handleEvent(): void {
    if (this.#over) return;
    this.#finish();
    this.#controller!.error(this.#signal!.reason);
    this.#feed.drop(new Error('aborted'));
  }

  // -- the feed's side --

  onData(chunk: Uint8Array): boolean {
    if (this.#over || chunk.byteLength === 0) return true;
    // The stream takes the buffer for its own, and this one belongs to the socket.
    if (this.#asked && this.#waitingBytes === 0) this.#give(new Uint8Array(chunk));
    else {
      this.#waiting.push(chunk);
      this.#waitingBytes += chunk.byteLength;
    }
    return this.#waitingBytes < HIGH_WATER_BYTES;
  }

  onEnd(): void {
    this.#ended = true;
    this.#closeIfRead();
  }

  onError(error: Error): void {
    if (this.#over) return;
    this.#finish();
    this.#controller!.error(this.#seenAs(error));
  }

  #give(chunk: Uint8Array<ArrayBuffer>): void {
    this.#asked = false;
    this.#controller!.enqueue(chunk);
  }

  #taken(): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(this.#waitingBytes);
    let at = 0;
    for (const chunk of this.#waiting) {
      all.set(chunk, at);
      at += chunk.byteLength;
    }
    this.#waiting = [];
    this.#waitingBytes = 0;
    return all;
  }

  /** Not before: what waits for its reader can still be aborted. */
  #closeIfRead(): void {
    const controller = this.#controller!;
    // Below zero: of a large chunk, a reader with a buffer of its own took a part.
    if (this.#over || this.#waitingBytes > 0 || controller.desiredSize !== 0) return;
    this.#finish();
    controller.close();
    // A read into the reader's own buffer that still waits.
    controller.byobRequest?.respond(0);
  }

  #finish(): void {
    this.#over = true;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#signal?.removeEventListener('abort', this);
  }
}
