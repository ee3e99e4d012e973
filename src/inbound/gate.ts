/**
 * What stands between the connections of a port we serve and those who read them: tells TLS from plain text by the first byte, lets
 * through what the port's mTLS mode allows, and finds out once a connection who the peer is. What comes after (HTTP) is the adapter's.
 */
import type { Socket } from 'node:net';
import type { TLSSocket, Server as TlsServer } from 'node:tls';
import type { TrustBundle } from '../ports/identity.js';
import { denialOf } from '../security/bundle/denied.js';
import { decideConnection, mtlsModeFor } from '../security/mtls/decide.js';
import { type KeptPeer, trustFault, WITHDRAWN_GRACE_MS } from '../security/tls/still-trusted.js';
import { Connection, plainAddress } from './connection.js';
import { OpenSet } from './drain.js';
import type { InboundPath } from './exchange.js';
import { ALPN, createTlsServer, type InboundTls, identityOf } from './handshake.js';
import { type FirstBytes, peek } from './peek.js';
import { Refused } from './refused.js';

export interface GateOptions {
  readonly path: InboundPath;
  /** null: this workload has no identity, and TLS is refused. */
  readonly tls: InboundTls | null;
  /** A connection that may carry exchanges. Already known to `path.connections`. */
  readonly onConnection: (connection: Connection) => void;
  /** What is served. `http2`: HTTP/1.1 and HTTP/2, as each caller chooses. @default 'http1' */
  readonly protocol?: 'http1' | 'http2' | 'tcp' | undefined;
  /**
   * How long a new connection may take for its first byte. Whoever says nothing for so long on a port of TCP waits for the server to
   * speak first, and is plain text if the mode allows it. @default 10 000, TCP 1 000
   */
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
  readonly #connections = new Map<Connection, KeptPeer | null>();
  /** Whom the workload trusted when a handshake began. */
  readonly #handshakes = new WeakMap<Socket, TrustBundle>();

  /** @throws MeshError as `InboundTls.serverOptions` does, but for an identity that is not there yet */
  constructor(options: GateOptions) {
    this.#options = options;
    this.#refused = new Refused(options.path);
    if (options.tls === null) return;
    const { server, stop } = createTlsServer({
      tls: options.tls,
      alpn: ALPN[options.protocol ?? 'http1'],
      handshakeTimeoutMs: options.handshakeTimeoutMs ?? 10_000,
      warn: options.path.warn,
      changed: () => this.recheck(),
    });
    server.on('secureConnection', (socket: TLSSocket) => this.#identify(socket));
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
      // Node closes the socket; the reason is with the socket if the certificate was at fault.
      const fault: unknown = socket.authorizationError;
      this.#refuse(below(socket), fault ? String(fault) : (error.code ?? 'TLS_ERROR'));
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
    for (const connection of [...this.#connections.keys()]) connection.drain(this.#options.path.clock);
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

  /** Trust has changed: whoever is not trusted any more may finish what is under way, and is closed in half a second. */
  recheck(): void {
    for (const [connection, kept] of [...this.#connections]) {
      const because = kept === null ? null : this.#faultOf(kept);
      if (because === null) continue;
      this.#connections.set(connection, null);
      this.#refuse(connection.stream, 'NO_LONGER_TRUSTED', because);
      this.#options.path.clock.after(WITHDRAWN_GRACE_MS, () => connection.stream.destroy());
      connection.drain(this.#options.path.clock);
    }
  }

  /** Takes a connection that nobody has read from. Of half-open ones HTTP wants to hear the end: `allowHalfOpen`. */
  accept(socket: Socket): void {
    const { path, protocol, peekTimeoutMs } = this.#options;
    const key = remoteEnd(socket);
    this.#sockets.add(socket);
    this.#waiting.set(key, socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      if (this.#waiting.get(key) === socket) this.#waiting.delete(key);
    });
    // Who breaks the connection is of no interest; whoever uses it hears of its end.
    socket.on('error', () => {});
    // A server may be the first to speak, and then there is nothing to wait for.
    if (protocol === 'tcp' && this.#mode() === 'DISABLE') {
      this.#sort(socket, 'other');
      return;
    }
    const timeoutMs = peekTimeoutMs ?? (protocol === 'tcp' ? 1_000 : 10_000);
    peek(socket, { clock: path.clock, timeoutMs, done: (first) => this.#sort(socket, first) });
  }

  #mode() {
    const snapshot = this.#options.path.snapshot.current();
    // Without policy no exchange gets further than 503, so that whoever asks may at least be told.
    return snapshot === null ? 'PERMISSIVE' : mtlsModeFor(snapshot.inbound, this.port);
  }

  #sort(socket: Socket, first: FirstBytes): void {
    const { protocol, tls } = this.#options;
    const isTls = first === 'tls';
    const decision = decideConnection(this.#mode(), isTls);
    if (first === 'ended') socket.destroy();
    else if (first === 'silent' && (protocol !== 'tcp' || decision === 'refuse')) {
      this.#refuse(socket, 'NO_FIRST_BYTE');
      socket.destroy();
    } else if (decision === 'refuse') {
      this.#refuse(socket, isTls ? 'TLS_ON_DISABLE_PORT' : 'PLAIN_TEXT_ON_STRICT_PORT');
      socket.destroy();
    } else if (decision === 'plain') {
      const peer = { id: null, address: plainAddress(socket.remoteAddress), sni: null };
      const isHttp2 = protocol === 'http2' && first === 'http2';
      this.#admit(new Connection(socket, peer, false, isHttp2), null);
      // HTTP/2 reads from below, and takes what was read already.
      if (!isHttp2) socket.resume();
    } else if (this.#tlsServer === null) {
      this.#refuse(socket, 'NO_IDENTITY');
      socket.destroy();
    } else {
      const bundle = bundleOf(tls!);
      if (bundle !== null) this.#handshakes.set(socket, bundle);
      this.#tlsServer.emit('connection', socket);
    }
  }

  #identify(socket: TLSSocket): void {
    const { path, tls } = this.#options;
    // Roots may have left while the handshake was under way.
    const bundle = this.#handshakes.get(below(socket)) ?? tls!.bundle();
    const found = identityOf(socket, { tls: tls!, bundle, wallNow: path.clock.wallNow() });
    const because = 'reason' in found ? found.because : this.#faultOf(found.kept);
    if ('reason' in found || because !== null) {
      this.#refuse(socket, 'reason' in found ? found.reason : 'NO_LONGER_TRUSTED', because ?? undefined);
      socket.destroy();
      return;
    }
    this.#admit(new Connection(socket, found.peer, true, socket.alpnProtocol === 'h2'), found.kept);
  }

  /** Why a peer is not trusted by what is known now; null if it is. */
  #faultOf(kept: KeptPeer): string | null {
    const bundle = bundleOf(this.#options.tls!);
    if (bundle === null || bundle === kept.bundle) return null;
    return trustFault(kept, bundle) ?? denialOf(bundle.denied, kept.chain[0] ?? new Uint8Array(), kept.id);
  }

  #admit(connection: Connection, kept: KeptPeer | null): void {
    this.#waiting.delete(remoteEnd(connection.stream));
    this.#connections.set(connection, kept);
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

/** The socket that a handshake runs over. It still knows its addresses when the handshake has failed, and TLS's own does not. */
function below(socket: TLSSocket & { readonly _parent?: Socket }): Socket {
  return socket._parent ?? socket;
}

/** null: none is there yet. */
function bundleOf(tls: InboundTls): TrustBundle | null {
  try {
    return tls.bundle();
  } catch {
    return null;
  }
}
