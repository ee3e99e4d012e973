/** One connection that speaks HTTP/2: from its opening, over the streams that it carries, to its end. */
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { errors } from 'undici';
import type { Timer } from '../../base/clock.js';
import type { Destination } from '../../model/destination.js';
import { Opening, type OpeningParts } from '../connection/opening.js';
import type { Carrier } from './carrier.js';
import { connectionFailure, resetFailure } from './failures.js';
import { MOST_RECEIVED } from './fields.js';
import { Lifetime, type Living } from './lifetime.js';
import { SessionCheck } from './session-check.js';
import type { StreamAttempt } from './stream-attempt.js';

/** Who has the connections of a destination. */
export interface ConnectionOwner {
  /** The peer has said how many streams it takes. Told once, at most. */
  ready(connection: Connection): void;
  /** It may take more streams than before. */
  room(): void;
  /** It takes no new streams. */
  leaves(connection: Connection): void;
  /** The peer has not looked at `one`: another connection may take it. */
  refused(one: StreamAttempt, cause: Error): void;
  /** The connection that `one` was sent on had died unseen: another one is to take it. */
  resend(one: StreamAttempt): void;
  /** It was not made, or taken away before it carried anything. In place of `gone`. */
  failed(connection: Connection, error: Error): void;
  /** The peer has chosen HTTP/1.1, which `socket` speaks from now on. In place of `gone`. */
  speaksHttp1(connection: Connection, socket: Socket): void;
  /** It is over, and so are its streams. */
  gone(connection: Connection): void;
}

const ALPN = ['h2', 'http/1.1'];

/**
 * No pushes. A reader that does not read costs as much memory as the window of its stream; the connection's is wider, so that it
 * does not slow the others.
 */
const SETTINGS = {
  enablePush: false,
  initialWindowSize: 256 * 1024,
  maxHeaderListSize: MOST_RECEIVED.bytes,
};
const CONNECTION_WINDOW = 4 * 1024 * 1024;
const OPTIONS = { settings: SETTINGS, maxHeaderListPairs: MOST_RECEIVED.fields };

/** Node numbers no more streams on one connection than 2^30. */
const MOST_REQUESTS = 1_000_000_000;

export class Connection implements Carrier, Living {
  readonly scheme: 'http' | 'https';
  readonly #parts: OpeningParts;
  readonly #destination: Destination;
  readonly #owner: ConnectionOwner;
  readonly #running = new Set<StreamAttempt>();
  readonly #mostRequests: number;
  readonly #deadline: number;
  #opening: Opening | null = null;
  #socket: Socket | null = null;
  #session: ClientHttp2Session | null = null;
  #awaitingSettings: Timer | null = null;
  #lifetime: Lifetime | null = null;
  #check: SessionCheck | null = null;
  #state: 'opening' | 'ready' | 'leaving' | 'over' = 'opening';
  #limit = 0;
  #served = 0;
  lost: Error | null = null;
  answers = 0;

  /** @throws what {@link Opening} throws */
  constructor(parts: OpeningParts, destination: Destination, owner: ConnectionOwner) {
    this.#parts = parts;
    this.#destination = destination;
    this.#owner = owner;
    this.scheme = destination.tls === null ? 'http' : 'https';
    this.#mostRequests = destination.connection.maxRequestsPerConnection || MOST_REQUESTS;
    this.#deadline = parts.clock.now() + destination.connection.connectTimeoutMs;
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

  // -- its owner's side --

  /** @returns false: it takes no more after all */
  take(one: StreamAttempt): boolean {
    if (this.isIdle) this.#socket!.ref();
    this.#running.add(one);
    const started = one.start(this, this.#session!);
    if (started !== 'running') this.ended(one);
    if (started === 'not-taken') {
      this.leave();
      return false;
    }
    this.#served += 1;
    if (this.#served >= this.#mostRequests) this.leave();
    return true;
  }

  /** Takes nothing new, finishes what is under way. */
  leave(): void {
    if (this.#state !== 'ready') return;
    this.#state = 'leaving';
    this.#owner.leaves(this);
    if (this.isIdle) this.#quit();
  }

  /** Ends at once; what is under way fails. */
  destroy(error: Error): void {
    if (this.#state === 'opening') {
      this.#fail(error);
      return;
    }
    for (const one of [...this.#running]) one.settle(connectionFailure(error, one.attempt, true));
    this.#end();
    this.#socket?.destroy();
  }

  // -- its streams' side --

  ended(one: StreamAttempt): void {
    if (!this.#running.delete(one)) return;
    if (this.isIdle) this.#idled();
    if (this.#state === 'ready') this.#owner.room();
  }

  resend(one: StreamAttempt): void {
    this.#owner.resend(one);
  }

  now(): number {
    return this.#parts.clock.now();
  }

  // -- its lifetime's side --

  ping(answered: (error: Error | null) => void): void {
    const session = this.#session;
    if (session !== null && !session.destroyed) session.ping(answered);
  }

  lose(error: Error): void {
    this.lost ??= error;
    this.leave();
    this.#socket?.destroy();
  }

  // -- the session's side --

  #opened(socket: Socket): void {
    if (this.#destination.tls !== null && (socket as TLSSocket).alpnProtocol !== 'h2') {
      this.#state = 'over';
      this.#owner.speaksHttp1(this, socket);
      return;
    }
    this.#socket = socket;
    // Before Node's own listeners, which end every stream: they ask what the connection died of.
    socket.once('error', (error) => this.lose(error));
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
    this.#awaitingSettings = this.#parts.clock.after(Math.max(0, this.#deadline - this.now()), () =>
      this.#fail(new errors.ConnectTimeoutError(`no HTTP/2 settings in ${connectTimeoutMs} ms`)),
    );
  }

  /** The first settings are the proof that the peer speaks HTTP/2 and has taken the connection: requests wait for them. */
  #settings(peers: number | undefined): void {
    if (this.#state === 'over') return;
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
    this.#awaitingSettings?.cancel();
    this.#lifetime = new Lifetime(this.#parts.clock, connection, this);
    this.#check = SessionCheck.of(this.#parts.clock, this.#session!, this.#socket!, () => this.#died());
    // Nobody waits for an idle connection.
    this.#socket!.unref();
    this.#owner.ready(this);
  }

  /** The session has ended itself without a word. */
  #died(): void {
    const error = new Error('the peer has broken the protocol of HTTP/2');
    this.destroy(Object.assign(error, { code: 'ERR_HTTP2_SESSION_ERROR' }));
    this.#session!.destroy();
  }

  /** Says itself which streams the peer has not looked at: those above the last one it names. */
  #goaway(code: number, lastStreamId: number): void {
    const error = new Error(`the peer closes the connection with code ${code}`);
    if (this.#state === 'opening') {
      this.#fail(error);
      return;
    }
    if (this.#served === 0) this.lost ??= error;
    if (this.#state === 'ready') {
      this.#state = 'leaving';
      this.#owner.leaves(this);
    }
    for (const one of [...this.#running]) {
      if (one.streamId > lastStreamId) {
        this.#running.delete(one);
        this.#owner.refused(one, error);
      } else if (code !== constants.NGHTTP2_NO_ERROR) {
        one.settle(resetFailure(code, one.attempt, error));
      }
    }
    if (this.isIdle) this.#quit();
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
    this.#state = 'over';
    this.#awaitingSettings?.cancel();
    this.#opening?.settle(error);
    this.#socket?.destroy();
    // The socket may tell of it before the session does.
    this.#owner.failed(this, isOfHttp2(error) ? noHttp2(error) : error);
  }

  #idled(): void {
    if (this.#state === 'leaving') this.#quit();
    else if (this.#state === 'over') this.#owner.gone(this);
    else {
      this.#socket!.unref();
      this.#lifetime?.idled();
    }
  }

  /** All is said: nothing is left to wait for. */
  #quit(): void {
    this.#end();
    this.#session?.destroy();
    this.#socket?.destroySoon();
  }

  #end(): void {
    const before = this.#state;
    if (before === 'over') return;
    this.#state = 'over';
    this.#lifetime?.end();
    this.#check?.end();
    if (before === 'ready') this.#owner.leaves(this);
    // Who has taken nothing at all would take nothing the next time.
    if (this.#served === 0 && this.lost !== null) this.#owner.failed(this, this.lost);
    else if (this.isIdle) this.#owner.gone(this);
  }
}

function isOfHttp2(error: NodeJS.ErrnoException): boolean {
  return error.code?.startsWith('ERR_HTTP2_') === true;
}

/** A first answer that is no HTTP/2 is nearly always HTTP/1.1 in plain text, where nothing is negotiated. */
function noHttp2(error: NodeJS.ErrnoException): Error {
  const because =
    'the peer did not answer in HTTP/2, which policy says it speaks (protocol HTTP2 or GRPC of its port, or h2UpgradePolicy) or gRPC needs';
  return Object.assign(new Error(because, { cause: error }), { code: error.code });
}
