/**
 * The body of a response on its way from a transport to whoever asked for the call. The transport pushes; chunks wait
 * here, with backpressure, until a sink is attached; the end is told exactly once.
 */

import type { HeaderFields } from '../base/headers.js';

/** Where the chunks go. */
export interface BodySink {
  /** @returns false to pause; call {@link ResponseBody.resume} to go on */
  onData(chunk: Uint8Array): boolean;
  onEnd(): void;
  onError(error: Error): void;
}

/** The transport's side: how to slow it down and how to stop it. */
export interface BodyProducer {
  pause(): void;
  resume(): void;
  /** Drops what is left of the body; frees the connection or closes it. */
  abort(reason: Error): void;
}

/** How the body came to its end. */
export type BodyEnd = 'complete' | 'failed' | 'dropped';

/**
 * Told once, when the transport has nothing more for the body or the body was given up: this is when an attempt is released. Bytes
 * that wait for a reader hold no connection, and a response that nobody reads must not count as in flight for ever.
 */
export interface BodyOwner {
  bodyClosed(end: BodyEnd, error: Error | null): void;
}

/** Bytes that may wait for a sink before the transport is paused. */
const HIGH_WATER_BYTES = 64 * 1024;
/** Places of given chunks that stay in front before the rest moves up: an array of many thousands, of a byte each, is slow to move. */
const MOST_GIVEN = 1024;

export class ResponseBody {
  /** Bytes received so far. */
  bytes = 0;
  /** What came after the last byte; null for nothing. Whole once the sink was told of the end. */
  trailers: HeaderFields | null = null;
  #owner: BodyOwner | null = null;
  readonly #producer: BodyProducer;
  #waiting: Uint8Array[] | null = null;
  #waitingBytes = 0;
  /** How many of those in front have been given. */
  #given = 0;
  #sink: BodySink | null = null;
  #paused = false;
  #state: 'open' | 'ended' | 'failed' | 'closed' = 'open';
  #end: BodyEnd = 'complete';
  #error: Error | null = null;

  constructor(producer: BodyProducer) {
    this.#producer = producer;
  }

  /** A body that is already here: local replies and in-memory transports. */
  static of(bytes: Uint8Array | string): ResponseBody {
    const body = new ResponseBody(NO_PRODUCER);
    const chunk = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes;
    if (chunk.byteLength > 0) body.push(chunk);
    body.end();
    return body;
  }

  /** Who is told of the end; at once, if the body has come to it already. */
  set owner(owner: BodyOwner | null) {
    this.#owner = owner;
    if (this.#state !== 'open') this.#tell();
  }

  /** How it came to its end; null: it has not, yet. */
  get ending(): BodyEnd | null {
    return this.#state === 'open' ? null : this.#end;
  }

  /** More may come, and nobody has asked for any of it. */
  get unread(): boolean {
    return this.#state === 'open' && this.#sink === null;
  }

  // -- the transport's side --

  push(chunk: Uint8Array): void {
    if (this.#state !== 'open') return;
    this.bytes += chunk.byteLength;
    if (this.#sink !== null && !this.#paused) {
      if (!this.#sink.onData(chunk)) this.#pause();
      return;
    }
    // Most bodies are one chunk: a list that grows would be made for sixteen.
    if (this.#waiting === null) this.#waiting = [chunk];
    else this.#waiting.push(chunk);
    this.#waitingBytes += chunk.byteLength;
    if (this.#waitingBytes > HIGH_WATER_BYTES) this.#pause();
  }

  /** @param trailers null for none */
  end(trailers: HeaderFields | null = null): void {
    if (this.#state !== 'open') return;
    this.trailers = trailers;
    this.#state = 'ended';
    this.#end = 'complete';
    this.#tell();
    this.#flush();
  }

  fail(error: Error): void {
    if (this.#state !== 'open') return;
    this.#state = 'failed';
    this.#end = 'failed';
    this.#error = error;
    this.#tell();
    this.#flush();
  }

  // -- the reader's side --

  /** Gives what has arrived, and from now on what arrives, to `sink`. One sink a body. */
  attach(sink: BodySink): void {
    if (this.#sink !== null) throw new TypeError('this body has been read already');
    this.#sink = sink;
    this.#flush();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#flush();
    if (!this.#paused && this.#state === 'open') this.#producer.resume();
  }

  /** Gives up what is left; the sink, if any, is told nothing more. */
  drop(reason: Error): void {
    if (this.#state === 'closed') return;
    const open = this.#state === 'open';
    this.#waiting = null;
    this.#state = 'closed';
    if (!open) return;
    this.#end = 'dropped';
    this.#tell();
    this.#producer.abort(reason);
  }

  #pause(): void {
    if (this.#paused && this.#sink !== null) return;
    if (this.#sink !== null) this.#paused = true;
    if (this.#state === 'open') this.#producer.pause();
  }

  #flush(): void {
    const sink = this.#sink;
    if (sink === null || this.#paused) return;
    while (this.#waiting !== null) {
      if (!sink.onData(this.#next(this.#waiting))) {
        this.#paused = true;
        return;
      }
    }
    if (this.#state === 'open') {
      this.#producer.resume();
    } else if (this.#state === 'ended') {
      this.#state = 'closed';
      sink.onEnd();
    } else if (this.#state === 'failed') {
      this.#state = 'closed';
      sink.onError(this.#error!);
    }
  }

  #next(waiting: Uint8Array[]): Uint8Array {
    const chunk = waiting[this.#given]!;
    this.#waitingBytes -= chunk.byteLength;
    this.#given += 1;
    if (this.#given === waiting.length) {
      this.#waiting = null;
      this.#given = 0;
    } else if (this.#given === MOST_GIVEN) {
      waiting.splice(0, MOST_GIVEN);
      this.#given = 0;
    }
    return chunk;
  }

  #tell(): void {
    const owner = this.#owner;
    this.#owner = null;
    owner?.bodyClosed(this.#end, this.#error);
  }
}

const NO_PRODUCER: BodyProducer = { pause() {}, resume() {}, abort() {} };
