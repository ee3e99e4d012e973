/**
 * The body of a response on its way from a transport to whoever asked for the call. The transport pushes; chunks wait
 * here, with backpressure, until a sink is attached; the end is told exactly once.
 */

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

/** Told once, when the last byte was read or the body was given up: this is when an attempt is released. */
export interface BodyOwner {
  bodyClosed(end: BodyEnd, error: Error | null): void;
}

/** Bytes that may wait for a sink before the transport is paused. */
const HIGH_WATER_BYTES = 64 * 1024;

export class ResponseBody {
  owner: BodyOwner | null = null;
  /** Bytes received so far. */
  bytes = 0;
  readonly #producer: BodyProducer;
  #waiting: Uint8Array[] | null = null;
  #waitingBytes = 0;
  #sink: BodySink | null = null;
  #paused = false;
  #state: 'open' | 'ended' | 'failed' | 'closed' = 'open';
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

  // -- the transport's side --

  push(chunk: Uint8Array): void {
    if (this.#state !== 'open') return;
    this.bytes += chunk.byteLength;
    if (this.#sink !== null && !this.#paused) {
      if (!this.#sink.onData(chunk)) this.#pause();
      return;
    }
    (this.#waiting ??= []).push(chunk);
    this.#waitingBytes += chunk.byteLength;
    if (this.#waitingBytes > HIGH_WATER_BYTES) this.#pause();
  }

  end(): void {
    if (this.#state !== 'open') return;
    this.#state = 'ended';
    this.#flush();
  }

  fail(error: Error): void {
    if (this.#state !== 'open') return;
    this.#state = 'failed';
    this.#error = error;
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
    this.#close('dropped', null);
    if (open) this.#producer.abort(reason);
  }

  #pause(): void {
    if (this.#paused && this.#sink !== null) return;
    if (this.#sink !== null) this.#paused = true;
    if (this.#state === 'open') this.#producer.pause();
  }

  #flush(): void {
    const sink = this.#sink;
    if (sink === null || this.#paused) return;
    while (this.#waiting !== null && this.#waiting.length > 0) {
      const chunk = this.#waiting.shift()!;
      this.#waitingBytes -= chunk.byteLength;
      if (!sink.onData(chunk)) {
        this.#paused = true;
        return;
      }
    }
    if (this.#state === 'open') {
      this.#producer.resume();
    } else if (this.#state === 'ended') {
      this.#close('complete', null);
      sink.onEnd();
    } else if (this.#state === 'failed') {
      this.#close('failed', this.#error);
      sink.onError(this.#error!);
    }
  }

  #close(end: BodyEnd, error: Error | null): void {
    this.#state = 'closed';
    const owner = this.owner;
    this.owner = null;
    owner?.bodyClosed(end, error);
  }
}

const NO_PRODUCER: BodyProducer = { pause() {}, resume() {}, abort() {} };
