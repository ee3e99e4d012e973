/** A body as a web stream of bytes, made when somebody asks for it. Chunks are pulled: who does not read holds the sender back. */
import type { BodySink } from '../../model/response-body.js';

/** What feeds it: a {@link ResponseBody}, or something that decodes one. */
export interface BodyFeed {
  attach(sink: BodySink): void;
  resume(): void;
  drop(reason: Error): void;
}

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
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream(new Pump(feed, seenAs, signal), { highWaterMark: HIGH_WATER_BYTES }) as never;
}

class Pump implements BodySink {
  readonly type = 'bytes' as const;
  readonly #feed: BodyFeed;
  readonly #seenAs: (error: Error) => unknown;
  readonly #signal: AbortSignal | null;
  #controller: ReadableByteStreamController | null = null;
  #attached = false;
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
    if (!this.#attached) {
      this.#attached = true;
      this.#feed.attach(this);
    } else if (this.#ended) this.#closeIfRead();
    else this.#feed.resume();
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
    if (this.#over) return true;
    const controller = this.#controller!;
    // The stream takes the buffer for its own, and this one belongs to the socket.
    if (chunk.byteLength > 0) controller.enqueue(new Uint8Array(chunk));
    return (controller.desiredSize ?? 0) > 0;
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

  /** Not before: what waits for its reader can still be aborted. */
  #closeIfRead(): void {
    const controller = this.#controller!;
    if (this.#over || (this.#signal !== null && controller.desiredSize !== HIGH_WATER_BYTES)) return;
    this.#finish();
    controller.close();
    // A read into the reader's own buffer that still waits.
    controller.byobRequest?.respond(0);
  }

  #finish(): void {
    this.#over = true;
    this.#signal?.removeEventListener('abort', this);
  }
}
