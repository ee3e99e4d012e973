/**
 * A port we serve: takes connections, tells TLS from plain text by the first byte, lets through what the port's mTLS mode allows,
 * and finds out once a connection who the peer is. What comes after (HTTP) is the adapter's.
 */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { TLSSocket, Server as TlsServer } from 'node:tls';
import { MeshError } from '../base/errors.js';
import { decideConnection, mtlsModeFor, TLS_HANDSHAKE } from '../security/mtls/decide.js';
import { Connection, plainAddress } from './connection.js';
import { OpenSet } from './drain.js';
import type { InboundPath } from './exchange.js';
import { createTlsServer, type InboundTls, peerOf } from './handshake.js';
import { Refused } from './refused.js';

export interface AcceptOptions {
  readonly path: InboundPath;
  /** null: this workload has no identity, and TLS is refused. */
  readonly tls: InboundTls | null;
  /** A connection that may carry exchanges. Already known to `path.connections`. */
  readonly onConnection: (connection: Connection) => void;
  /** How long a new connection may take for its first byte. @default 10 000 */
  readonly peekTimeoutMs?: number | undefined;
  /** How long a TLS handshake may take. @default 10 000 */
  readonly handshakeTimeoutMs?: number | undefined;
}

export class AcceptServer {
  readonly #options: AcceptOptions;
  readonly #server: Server;
  readonly #tlsServer: TlsServer | null = null;
  readonly #stopRotating: () => void = () => {};
  readonly #refused: Refused;
  readonly #sockets = new OpenSet<Socket>();
  /** Those that no exchange can come from yet: peeked at or shaking hands. Keyed by the other end. */
  readonly #waiting = new Map<string, Socket>();
  readonly #connections = new Set<Connection>();
  #port = 0;
  #closing: Promise<void> | null = null;

  constructor(options: AcceptOptions) {
    this.#options = options;
    this.#refused = new Refused(options.path);
    // Half-open is how HTTP wants it: a client may end its side after the request.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#peek(socket));
    if (options.tls === null) return;
    const { server, stop } = createTlsServer({
      tls: options.tls,
      handshakeTimeoutMs: options.handshakeTimeoutMs ?? 10_000,
      warn: options.path.warn,
    });
    server.on('secureConnection', (socket: TLSSocket) => this.#identify(socket));
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
      // Node closes the socket; the reason is with the socket if the certificate was at fault.
      const fault: unknown = socket.authorizationError;
      this.#refuse(socket, fault ? String(fault) : (error.code ?? 'TLS_ERROR'));
    });
    this.#tlsServer = server;
    this.#stopRotating = stop;
  }

  /** @throws MeshError `HEDDLE_INVALID_ARGUMENT` if the port cannot be had */
  listen(port: number, address: string | undefined): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      const onError = (cause: Error) => {
        const where = `${address ?? 'all addresses'}, port ${port}`;
        reject(
          new MeshError(`cannot listen on ${where}: ${cause.message}`, {
            code: 'HEDDLE_INVALID_ARGUMENT',
            cause,
          }),
        );
      };
      this.#server.once('error', onError);
      this.#server.listen({ port, host: address }, () => {
        this.#server.removeListener('error', onError);
        // Running out of file descriptors must not end the process; the next connection may fit again.
        this.#server.on('error', (error) =>
          this.#options.path.warn(`accepting connections: ${error.message}`),
        );
        const bound = this.#server.address() as AddressInfo;
        this.#port = bound.port;
        resolve(bound);
      });
    });
  }

  /** Takes no more connections, closes each one when what is under way on it is done, and all of them after `timeoutMs`. */
  close(timeoutMs: number): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  async #close(timeoutMs: number): Promise<void> {
    this.#stopRotating();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of [...this.#waiting.values()]) socket.destroy();
    for (const connection of [...this.#connections]) connection.drain();
    await this.#sockets.emptyWithin(this.#options.path.clock, timeoutMs);
    for (const socket of [...this.#sockets]) socket.destroy();
    await closed;
  }

  #peek(socket: Socket): void {
    const key = remoteEnd(socket);
    this.#sockets.add(socket);
    this.#waiting.set(key, socket);
    socket.once('close', () => {
      timer.cancel();
      this.#sockets.delete(socket);
      if (this.#waiting.get(key) === socket) this.#waiting.delete(key);
    });
    // Who breaks the connection is of no interest; whoever uses it hears of its end.
    socket.on('error', () => {});
    const timer = this.#options.path.clock.after(this.#options.peekTimeoutMs ?? 10_000, () => {
      this.#refuse(socket, 'NO_FIRST_BYTE');
      socket.destroy();
    });
    const onEnd = () => socket.destroy();
    socket.once('end', onEnd);
    socket.once('data', (chunk: Buffer) => {
      timer.cancel();
      socket.removeListener('end', onEnd);
      socket.pause();
      socket.unshift(chunk);
      this.#sort(socket, chunk[0] === TLS_HANDSHAKE);
    });
  }

  #sort(socket: Socket, isTls: boolean): void {
    const snapshot = this.#options.path.snapshot.current();
    // Without policy no exchange gets further than 503, so that whoever asks may at least be told.
    const mode = snapshot === null ? 'PERMISSIVE' : mtlsModeFor(snapshot.inbound, this.#port);
    const decision = decideConnection(mode, isTls);
    if (decision === 'refuse') {
      this.#refuse(socket, isTls ? 'TLS_ON_DISABLE_PORT' : 'PLAIN_TEXT_ON_STRICT_PORT');
      socket.destroy();
    } else if (decision === 'plain') {
      const peer = { id: null, address: plainAddress(socket.remoteAddress), sni: null };
      this.#admit(new Connection(socket, peer, false));
      socket.resume();
    } else if (this.#tlsServer === null) {
      this.#refuse(socket, 'NO_IDENTITY');
      socket.destroy();
    } else {
      this.#tlsServer.emit('connection', socket);
    }
  }

  #identify(socket: TLSSocket): void {
    const { path, tls } = this.#options;
    const peer = peerOf(socket, tls!.trustDomains(), path.clock.wallNow());
    if ('reason' in peer) {
      this.#refuse(socket, peer.reason, peer.because);
      socket.destroy();
      return;
    }
    this.#admit(new Connection(socket, peer, true));
  }

  #admit(connection: Connection): void {
    this.#waiting.delete(remoteEnd(connection.stream));
    this.#connections.add(connection);
    connection.stream.once('close', () => this.#connections.delete(connection));
    this.#options.path.connections.set(connection.stream, connection);
    this.#options.onConnection(connection);
  }

  #refuse(socket: Socket, reason: string, because?: string): void {
    this.#refused.add({ reason, because, port: this.#port, address: plainAddress(socket.remoteAddress) });
  }
}

function remoteEnd(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}
