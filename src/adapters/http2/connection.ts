/** One connection that speaks HTTP/2: from its opening, over the streams that it carries, to its end. */
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { errors } from 'undici';
import type { Timer } from '../../base/clock.js';
import type { Destination } from '../../model/destination.js';
import { Opening, type OpeningParts } from '../connection/opening.js';
import { connectionFailure, resetFailure } from './failures.js';
import type { Carrier, StreamAttempt } from './stream-attempt.js';

/** Who has the connections of a destination. Told of each at most once that it is ready, and once that it is gone. */
export interface ConnectionOwner {
  /** The peer has said how many streams it takes. */
  ready(connection: Connection): void;
  /** It may take more streams than before. */
  room(): void;
  /** It takes no new streams. */
  leaves(connection: Connection): void;
  /** `one` was not answered, and another connection may take it: the peer has not looked at it, or it may be repeated. */
  again(one: StreamAttempt, cause: Error): void;
  /** It was not made; nothing was sent. */
  failed(connection: Connection, error: Error): void;
  /** The peer has chosen HTTP/1.1, which `socket` speaks from now on. */
  speaksHttp1(connection: Connection, socket: Socket): void;
  /** It is over. */
  gone(connection: Connection): void;
}

const ALPN = ['h2', 'http/1.1'];

/**
 * No pushes. A reader that does not read costs as much memory as the window of its stream; the connection's is wider, so that it
 * does not slow the others.
 */
const SETTINGS = { enablePush: false, initialWindowSize: 256 * 1024, maxHeaderListSize: 64 * 1024 };
const CONNECTION_WINDOW = 4 * 1024 * 1024;
const OPTIONS = { settings: SETTINGS, maxHeaderListPairs: 1_000 };

/** Node numbers no more streams on one connection than 2^30. */
const MOST_REQUESTS = 1_000_000_000;

export class Connection implements Carrier {
  readonly scheme: 'http' | 'https';
  readonly #parts: OpeningParts;
  readonly #destination: Destination;
  readonly #owner: ConnectionOwner;
  readonly #running = new Set<StreamAttempt>();
  readonly #timers = new Map<string, Timer>();
  readonly #mostRequests: number;
  #opening: Opening | null = null;
  #socket: Socket | null = null;
  #session: ClientHttp2Session | null = null;
  #state: 'opening' | 'ready' | 'leaving' | 'gone' = 'opening';
  #limit = 0;
  #served = 0;
  /** Monotonic milliseconds. */
  #idleSince: number;
  lost: Error | null = null;

  /** @throws what {@link Opening} throws */
  constructor(parts: OpeningParts, destination: Destination, owner: ConnectionOwner) {
    this.#parts = parts;
    this.#destination = destination;
    this.#owner = owner;
    this.scheme = destination.tls === null ? 'http' : 'https';
    this.#mostRequests = destination.connection.maxRequestsPerConnection || MOST_REQUESTS;
    this.#idleSince = parts.clock.now();
    this.#opening = new Opening(parts, { destination, alpn: ALPN }, (error, socket) => {
      this.#opening = null;
      if (error !== null) this.#fail(error);
      else this.#opened(socket!);
    });
  }

  /** Streams that it carries at once, as the peer and policy allow. */
  get limit(): number {
    return Math.min(this.#limit, this.#mostRequests);
  }

  get isIdle(): boolean {
    return this.#running.size === 0;
  }

  get hasRoom(): boolean {
    return this.#state === 'ready' && this.#running.size < this.#limit;
  }

  /** @returns false: it takes no more after all */
  take(one: StreamAttempt): boolean {
    const idled = this.#running.size === 0;
    if (idled) this.#socket!.ref();
    this.#running.add(one);
    const started = one.start(this, this.#session!, idled && this.#served > 0);
    if (started !== 'running') this.ended(one);
    if (started === 'not-taken') {
      this.leave();
      return false;
    }
    this.#served += 1;
    if (this.#served >= this.#mostRequests) this.leave();
    return true;
  }

  ended(one: StreamAttempt): void {
    if (!this.#running.delete(one)) return;
    if (this.#running.size === 0) this.#idle();
    if (this.#state === 'ready') this.#owner.room();
  }

  again(one: StreamAttempt, cause: Error): void {
    this.#owner.again(one, cause);
  }

  /** Takes nothing new, finishes what is under way. */
  leave(): void {
    if (this.#state !== 'ready') return;
    this.#state = 'leaving';
    this.#owner.leaves(this);
    if (this.#running.size === 0) this.#quit();
  }

  /** Ends at once; what is under way fails. */
  destroy(error: Error): void {
    this.#opening?.settle(error);
    for (const one of [...this.#running]) one.settle(connectionFailure(error, one.attempt, true));
    this.#end();
    this.#socket?.destroy();
  }

  #opened(socket: Socket): void {
    if (this.#state === 'gone') {
      socket.destroy();
      return;
    }
    if (this.#destination.tls !== null && (socket as TLSSocket).alpnProtocol !== 'h2') {
      this.#state = 'gone';
      this.#owner.speaksHttp1(this, socket);
      return;
    }
    this.#socket = socket;
    // Before Node's own listener, which gives every stream the code of a cancellation.
    socket.once('close', () => this.#closed());
    // The address is for Node's own messages: our socket knows where it leads.
    const session = connect('http://localhost', { ...OPTIONS, createConnection: () => socket });
    this.#session = session;
    session.once('connect', () => session.setLocalWindowSize(CONNECTION_WINDOW));
    session.on('remoteSettings', ({ maxConcurrentStreams }) => this.#settings(maxConcurrentStreams));
    session.on('goaway', (code, lastStreamId) => this.#goaway(code, lastStreamId));
    session.on('error', (error) => this.#broke(error));
    session.on('frameError', (type, code) =>
      this.#broke(new Error(`HTTP/2 frame ${type} could not be sent: ${code}`)),
    );
    session.on('close', () => this.#closed());
    const { connectTimeoutMs } = this.#destination.connection;
    const leftMs = connectTimeoutMs - (this.#parts.clock.now() - this.#idleSince);
    this.#after('settings', Math.max(0, leftMs), () =>
      this.destroy(new errors.ConnectTimeoutError(`no HTTP/2 settings in ${connectTimeoutMs} ms`)),
    );
  }

  /** The first settings are the proof that the peer speaks HTTP/2 and has taken the connection: requests wait for them. */
  #settings(peers: number | undefined): void {
    if (this.#state === 'gone') return;
    const { connection } = this.#destination;
    this.#limit = Math.min(
      peers ?? Number.MAX_SAFE_INTEGER,
      connection.maxConcurrentStreams ?? Number.MAX_SAFE_INTEGER,
    );
    if (this.#state !== 'opening') {
      this.#owner.room();
      return;
    }
    this.#state = 'ready';
    this.#timers.get('settings')?.cancel();
    const { maxConnectionDurationMs } = connection;
    if (maxConnectionDurationMs !== undefined)
      this.#after('duration', maxConnectionDurationMs, () => this.leave());
    if (connection.http2KeepAlive !== undefined) this.#keepAlive(connection.http2KeepAlive);
    this.#idle();
    this.#owner.ready(this);
  }

  /** Says itself which streams the peer has not looked at: those above the last one it names. */
  #goaway(code: number, lastStreamId: number): void {
    const error = new Error(`the peer closes the connection with code ${code}`);
    if (this.#state === 'opening') {
      this.#fail(error);
      return;
    }
    if (this.#state === 'ready') {
      this.#state = 'leaving';
      this.#owner.leaves(this);
    }
    for (const one of [...this.#running]) {
      if (one.streamId > lastStreamId) {
        this.#running.delete(one);
        this.#owner.again(one, error);
      } else if (code !== constants.NGHTTP2_NO_ERROR) {
        one.settle(resetFailure(code, one.attempt, error));
      }
    }
    if (this.#running.size === 0) this.#quit();
  }

  #broke(error: Error): void {
    if (this.#state === 'opening') this.#fail(error);
    else this.leave();
  }

  #closed(): void {
    this.lost ??= new errors.SocketError('the peer has closed the connection');
    if (this.#state === 'opening') this.#fail(this.lost);
    else this.#end();
  }

  #fail(error: Error): void {
    if (this.#state !== 'opening') return;
    this.#end();
    this.#socket?.destroy();
    this.#owner.failed(this, error);
  }

  #idle(): void {
    if (this.#state === 'leaving') {
      this.#quit();
      return;
    }
    this.#idleSince = this.#parts.clock.now();
    // Nobody waits for an idle connection.
    this.#socket?.unref();
    if (!this.#timers.has('idle')) this.#watchIdleness(this.#destination.connection.idleTimeoutMs);
  }

  /** One timer, not one for each time that the last stream ends. */
  #watchIdleness(delayMs: number): void {
    this.#after('idle', delayMs, () => {
      const { idleTimeoutMs } = this.#destination.connection;
      const leftMs = this.isIdle ? this.#idleSince + idleTimeoutMs - this.#parts.clock.now() : idleTimeoutMs;
      if (leftMs <= 0) this.leave();
      else this.#watchIdleness(leftMs);
    });
  }

  /** A ping; the next one an interval after its answer. */
  #keepAlive(policy: { readonly intervalMs: number; readonly timeoutMs: number }): void {
    this.#after('ping', policy.intervalMs, () => {
      this.#after('pong', policy.timeoutMs, () => {
        this.lost = new errors.SocketError(`no answer to a ping in ${policy.timeoutMs} ms`);
        this.#socket?.destroy();
      });
      this.#session?.ping((error) => {
        this.#timers.get('pong')?.cancel();
        if (error === null && this.#state !== 'gone') this.#keepAlive(policy);
      });
    });
  }

  #after(name: string, delayMs: number, fire: () => void): void {
    this.#timers.set(name, this.#parts.clock.after(delayMs, fire));
  }

  /** All is said: nothing is left to wait for. */
  #quit(): void {
    this.#end();
    this.#session?.destroy();
    this.#socket?.destroySoon();
  }

  #end(): void {
    const before = this.#state;
    if (before === 'gone') return;
    this.#state = 'gone';
    for (const timer of this.#timers.values()) timer.cancel();
    if (before === 'ready') this.#owner.leaves(this);
    this.#owner.gone(this);
  }
}
