/** HTTP/2 on a port of the mesh: takes the connections that speak it, and hands their requests to a target. */
import { createServer, type Http2Server, type ServerHttp2Session } from 'node:http2';
import type { Connection } from '../../inbound/connection.js';
import type { InboundPath } from '../../inbound/exchange.js';
import { Refused } from '../../inbound/refused.js';
import { ServedSession, type SessionOptions } from './session.js';
import type { StreamTarget } from './stream.js';

/** All times in milliseconds. */
export interface Http2PortOptions {
  readonly target: StreamTarget;
  /** Serves requests of gRPC. @default `target`, under the rules of HTTP */
  readonly grpc?: StreamTarget | null | undefined;
  /** Told of each connection before its first stream. */
  readonly onSession?: ((session: ServerHttp2Session) => void) | undefined;
  /** Streams of one connection at once. @default 256 */
  readonly maxConcurrentStreams?: number | undefined;
  /** Largest head that is read, bytes, each field with 32 more (RFC 9113 §6.5.2). @default 65 536 */
  readonly maxHeaderBytes?: number | undefined;
  /** How long a connection is kept that carries no stream. @default 75 000 */
  readonly keepAliveTimeoutMs?: number | undefined;
  /** For a whole request that is not for `grpc`, body included. @default 300 000 */
  readonly requestTimeoutMs?: number | undefined;
}

/** Each reader may cost as much memory as its window; the connection's is wider, so that one does not stop the others. */
const WINDOW = 256 * 1_024;
const CONNECTION_WINDOW = 1_024 * 1_024;
/**
 * Answers that wait for slow readers count towards it, and where it is used up Node breaks new requests off: with its own 10 MB three
 * answers of 4 MB would do that to the fourth. Whoever writes may wait for `drain`, as on HTTP/1.1, where there is no such bound.
 */
const SESSION_MB = 1_024;

export class Http2Port {
  /** Makes sessions of connections; it never listens. */
  readonly #server: Http2Server;
  readonly #options: SessionOptions;
  #connection: Connection | null = null;

  constructor(path: InboundPath, options: Http2PortOptions) {
    const { maxConcurrentStreams = 256, maxHeaderBytes = 65_536 } = options;
    const refused = new Refused(path);
    this.#options = {
      path,
      target: options.target,
      grpc: options.grpc ?? null,
      idleMs: options.keepAliveTimeoutMs ?? 75_000,
      requestMs: options.requestTimeoutMs ?? 300_000,
      closedFor: ({ peer, localPort }, reason, because) =>
        refused.add({ reason, because, port: localPort, address: peer.address }),
    };
    this.#server = createServer({
      maxHeaderListPairs: 1_000,
      maxSessionMemory: SESSION_MB,
      settings: { maxConcurrentStreams, maxHeaderListSize: maxHeaderBytes, initialWindowSize: WINDOW },
    });
    this.#server.on('session', (session) => {
      session.setLocalWindowSize(CONNECTION_WINDOW);
      new ServedSession(session, this.#connection!, this.#options);
      options.onSession?.(session);
    });
  }

  /** Takes a connection that nobody reads from. */
  take(connection: Connection): void {
    this.#connection = connection;
    // Unlike a caller of HTTP/1.1, one that ends its side is gone: nothing can be told it on streams that it cannot acknowledge.
    connection.stream.allowHalfOpen = false;
    this.#server.emit('connection', connection.stream);
    this.#connection = null;
  }
}
