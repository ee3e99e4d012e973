/**
 * The mesh in front of a server that the application itself listens with: what the server is about to tell its listeners passes here
 * first. The server stays whose it is: its address, timeouts, limits and closing are Node's as before.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { InboundPath } from '../../inbound/exchange.js';
import { Gate } from '../../inbound/gate.js';
import type { InboundTls } from '../../inbound/handshake.js';
import { Http2Port, translate } from '../http2-server/index.js';
import { passing } from './handler.js';
import { passUpgrade } from './upgrade.js';

export interface AdoptRequest {
  /** It listens, on TCP. */
  readonly server: Server;
  /** The port that it has got. */
  readonly port: number;
  /** Tells the listeners of the server, past this. */
  readonly emit: (event: string, ...args: unknown[]) => boolean;
  /** Takes no more connections, past this. */
  readonly stop: () => void;
  /** null: this workload has no identity, and TLS is refused. */
  readonly tls: InboundTls | null;
}

/** Node's own five seconds were made for connections of HTTP/1.1, which cost no negotiation. */
const KEPT_MS = 75_000;

export class Adopted {
  readonly #server: Server;
  readonly #gate: Gate;
  readonly #stop: () => void;
  /** Those that the gate has let through. Others were handed to the server by the application itself, and are its own affair. */
  readonly #ours = new WeakSet<object>();
  readonly #passed: ReadonlyMap<string, (...args: never[]) => void>;

  constructor(path: InboundPath, { server, port, emit, stop, tls }: AdoptRequest) {
    this.#server = server;
    this.#stop = stop;
    const http2 = new Http2Port(path, {
      target: translate(path, (request, response) => emit('request', request, response)),
      keepAliveTimeoutMs: Math.max(server.keepAliveTimeout, KEPT_MS),
      requestTimeoutMs: server.requestTimeout || Number.POSITIVE_INFINITY,
    });
    this.#gate = new Gate({
      path,
      tls,
      protocol: 'http2',
      onConnection: (connection) => {
        const { stream } = connection;
        this.#ours.add(stream);
        if (connection.isHttp2) http2.take(connection);
        else emit('connection', stream);
      },
    });
    this.#gate.port = port;
    if (!server.listeners('checkContinue').includes(goOn)) server.on('checkContinue', goOn);
    const request = (event: string) =>
      passing(path, (request: IncomingMessage, response: ServerResponse) => emit(event, request, response));
    const upgrade = (event: string) =>
      passUpgrade(path, (request: IncomingMessage, socket: Duplex, head: Buffer) =>
        emit(event, request, socket, head),
      );
    this.#passed = new Map<string, (...args: never[]) => void>([
      ['request', request('request')],
      ['checkContinue', request('checkContinue')],
      ['checkExpectation', request('checkExpectation')],
      ['upgrade', upgrade('upgrade')],
      ['connect', upgrade('connect')],
    ]);
  }

  /** Takes an event that the server is about to tell. false: it is no business of the mesh. */
  take(event: string | symbol, args: readonly unknown[]): boolean {
    if (event === 'connection') {
      const socket = args[0] as Socket & { readonly server?: unknown };
      // Only those that its own port has accepted: `server` is how Node tells.
      if (socket.server !== this.#server || this.#ours.has(socket)) return false;
      this.#gate.accept(socket);
      return true;
    }
    const pass = this.#passed.get(event as string);
    if (pass === undefined || !this.#ours.has((args[0] as IncomingMessage).socket)) return false;
    Reflect.apply(pass, undefined, args);
    return true;
  }

  /** Is anybody connected? */
  get open(): boolean {
    return this.#gate.open;
  }

  /** Closes the connections that have not shown yet who they are. */
  dropWaiting(): void {
    this.#gate.dropWaiting();
  }

  /** The application closes its server: each connection ends with what is under way on it. */
  drain(): void {
    this.#gate.drain();
  }

  /** Takes no more, lets what is under way finish, and destroys what is left after `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    this.#stop();
    await this.#gate.close(timeoutMs);
  }
}

/**
 * What Node does for a server that leaves it to Node: but as a listener, so that a caller is told to go on after it was let in, not
 * before.
 */
function goOn(this: Server, request: IncomingMessage, response: ServerResponse): void {
  // One of the application's answers itself.
  if (this.listenerCount('checkContinue') > 1) return;
  response.writeContinue();
  this.emit('request', request, response);
}
