/**
 * What stands between the connections of a port we serve and those who read them: tells TLS from plain text by the first byte, lets
 * through what the port's mTLS mode allows, and finds out once a connection who the peer is. What comes after (HTTP) is the adapter's.
 */
import type { Socket } from 'node:net';
import type { TLSSocket, Server as TlsServer } from 'node:tls';
import { decideConnection, mtlsModeFor, TLS_HANDSHAKE } from '../security/mtls/decide.js';
import { Connection, plainAddress } from './connection.js';
import { OpenSet } from './drain.js';
import type { InboundPath } from './exchange.js';
import { createTlsServer, type InboundTls, peerOf } from './handshake.js';
import { Refused } from './refused.js';

export interface GateOptions {
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

/** Listens to nothing: it is handed what somebody else has accepted. */
export class Gate {
  /** The port that connections arrive at: whose mTLS mode holds. */
  port = 0;
  readonly #options: GateOptions;
  readonly #tlsServer: TlsServer | null = null;
  readonly #stopRotating: () => void = () => {};
  readonly #refused: Refused;
  readonly #sockets = new OpenSet<Socket>();
  /** Those that no exchange can come from yet: peeked at or shaking hands. Keyed by the other end. */
  readonly #waiting = new Map<string, Socket>();
  readonly #connections = new Set<Connection>();

  /** @throws MeshError as `InboundTls.serverOptions` does, but for an identity that is not there yet */
  constructor(options: GateOptions) {
    this.#options = options;
    this.#refused = new Refused(options.path);
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

  /** Is anybody connected? */
  get open(): boolean {
    return this.#sockets.size > 0;
  }

  /** Closes those that no exchange has come from, and each other one when what is under way on it is done. */
  drain(): void {
    this.#stopRotating();
    this.dropWaiting();
    for (const connection of [...this.#connections]) connection.drain(this.#options.path.clock);
  }

  /** As {@link drain}; destroys what is left after `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    this.drain();
    await this.#sockets.emptyWithin(this.#options.path.clock, timeoutMs);
    for (const socket of [...this.#sockets]) socket.destroy();
  }

  /** Closes those that have not shown yet who they are. */
  dropWaiting(): void {
    for (const socket of [...this.#waiting.values()]) socket.destroy();
  }

  /** Takes a connection that nobody has read from. Of half-open ones HTTP wants to hear the end: `allowHalfOpen`. */
  accept(socket: Socket): void {
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
    const mode = snapshot === null ? 'PERMISSIVE' : mtlsModeFor(snapshot.inbound, this.port);
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
    this.#refused.add({ reason, because, port: this.port, address: plainAddress(socket.remoteAddress) });
  }
}

function remoteEnd(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}
