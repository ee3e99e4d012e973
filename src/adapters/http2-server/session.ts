/** One connection that speaks HTTP/2: the streams that arrive on it, its bounds, and how it ends. */
import {
  constants,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Timer } from '../../base/clock.js';
import type { Connection } from '../../inbound/connection.js';
import type { InboundPath } from '../../inbound/exchange.js';
import type { Arrived } from './arrived.js';
import { Bounds } from './bounds.js';
import { beginStream, type StreamOptions } from './stream.js';

export interface SessionOptions extends StreamOptions {
  readonly path: InboundPath;
  /** How long a connection is kept that carries no stream, milliseconds. */
  readonly idleMs: number;
  /** Told of a connection that is closed because of what it does. */
  readonly closedFor: (connection: Connection, reason: string, because: string) => void;
}

/** While somebody sends at least so much between two pings, these measure what is sent. */
const PROGRESS_BYTES = 1_024;
/** As unused connections of HTTP/1.1: longer than callers take to hear that an endpoint has left. */
const LINGER_MS = 300;
/** By its number no stream is too new. @source RFC 9113 §6.8: a first GOAWAY that only announces */
const ANY_STREAM = 2 ** 31 - 1;
/** For whoever does not answer the ping that follows the announcement. */
const ANNOUNCE_MS = 300;

type StreamEvent = [stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number, raw: string[]];

export class ServedSession {
  readonly #options: SessionOptions;
  readonly #session: ServerHttp2Session;
  readonly #connection: Connection;
  readonly #bounds = new Bounds();
  #open = 0;
  #readAt = 0;
  #idle: Timer | null = null;
  #lingering: Timer | null = null;
  #announced = false;

  constructor(session: ServerHttp2Session, connection: Connection, options: SessionOptions) {
    this.#session = session;
    this.#connection = connection;
    this.#options = options;
    connection.onDrain = () => this.#leave();
    // What breaks a connection is of no interest; its exchanges hear of its end.
    session.on('error', () => {});
    session.on('stream', (...given: StreamEvent) => this.#arrived(...given));
    session.on('ping', () => this.#controlled());
    session.on('remoteSettings', () => this.#controlled());
    session.once('close', () => {
      this.#idle?.cancel();
      this.#lingering?.cancel();
      connection.stream.destroySoon();
    });
    this.#idled();
  }

  #arrived(...[stream, headers, flags, raw]: StreamEvent): void {
    const { path } = this.#options;
    this.#bounds.streamBegan();
    // A broken stream must not end the process; whoever uses it hears of its end.
    stream.on('error', () => {});
    if (stream.destroyed || stream.closed) {
      this.#reset(0);
      return;
    }
    this.#idle?.cancel();
    this.#open += 1;
    const beganAt = path.clock.now();
    stream.once('close', () => {
      this.#open -= 1;
      if (this.#open === 0) this.#idled();
      if (stream.aborted && !this.#session.destroyed) this.#reset(path.clock.now() - beganAt);
    });
    const arrived: Arrived = {
      stream: stream as Arrived['stream'],
      headers,
      flags,
      raw: [...raw],
      connection: this.#connection,
    };
    beginStream(path, arrived, this.#options);
  }

  #reset(ageMs: number): void {
    if (this.#bounds.streamReset(ageMs))
      this.#close('HTTP2_RAPID_RESET', 'more than half of its streams were taken back within a second');
  }

  #controlled(): void {
    const { bytesRead } = this.#connection.stream;
    if (bytesRead - this.#readAt > PROGRESS_BYTES) this.#bounds.received();
    this.#readAt = bytesRead;
    if (this.#bounds.controlled(this.#options.path.clock.now()))
      this.#close('HTTP2_CONTROL_FLOOD', 'it sends pings and settings, and no requests');
  }

  #close(reason: string, because: string): void {
    if (this.#session.destroyed) return;
    this.#options.closedFor(this.#connection, reason, because);
    this.#session.destroy(new Error(because), constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }

  #idled(): void {
    if (this.#session.destroyed) return;
    if (this.#announced) this.#session.close();
    else this.#idle = this.#options.path.clock.after(this.#options.idleMs, () => this.#drain());
  }

  /**
   * A connection without streams is kept for a moment, as it is: a request may be on its way already, and whoever has said that he goes
   * reads none any more. Callers who know that we leave close it before that.
   */
  #leave(): void {
    if (this.#open > 0) this.#drain();
    else this.#lingering ??= this.#options.path.clock.after(LINGER_MS, () => this.#drain(), 'holds');
  }

  /**
   * While streams are under way it is only announced first that the end is near: requests that are on their way already are still
   * taken. When the peer has heard of it nothing new is, and the connection ends with the last stream.
   */
  #drain(): void {
    const session = this.#session;
    if (session.closed || session.destroyed || this.#announced) return;
    this.#announced = true;
    // nghttp2 reads nothing after its first GOAWAY when no stream is left: there would be no answer to wait for.
    if (this.#open === 0) {
      session.close();
      return;
    }
    session.goaway(constants.NGHTTP2_NO_ERROR, ANY_STREAM);
    const close = () => {
      timer.cancel();
      if (!session.closed && !session.destroyed) session.close();
    };
    const timer = this.#options.path.clock.after(ANNOUNCE_MS, close);
    session.ping(close);
  }
}
