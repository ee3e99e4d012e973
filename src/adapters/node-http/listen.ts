/**
 * `mesh.listen`: a port of the mesh in front of an application, in whichever shape it comes.
 */
import { createServer, Server, type ServerResponse } from 'node:http';
import type { Http2SecureServer, Http2Server } from 'node:http2';
import { Server as SecureServer } from 'node:https';
import { MeshError } from '../../base/errors.js';
import { AcceptServer } from '../../inbound/accept.js';
import type { InboundPath } from '../../inbound/exchange.js';
import type { InboundTls } from '../../inbound/handshake.js';
import { Http2Port, isHttp2Server, passOn, translate } from '../http2-server/index.js';
import { guarded, type Handler, handler } from './handler.js';
import { passUpgrades } from './upgrade.js';

/**
 * A function of request and response (an Express application is one), an HTTP server that does not listen itself, or an object with
 * a `callback` method that makes such a function (Koa). Over HTTP/2 they get the same request and response as over HTTP/1.1; a
 * server of `node:http2` gets the streams.
 */
export type ListenTarget =
  | Handler
  | Server
  | SecureServer
  | Http2Server
  | Http2SecureServer
  | { callback(): Handler };

/** All times in milliseconds. */
export interface ListenOptions {
  /** Where to listen. @default all addresses */
  readonly address?: string;
  /** For the first byte of a connection. @default 10 000 */
  readonly peekTimeoutMs?: number;
  /** For the TLS handshake. @default 10 000 */
  readonly handshakeTimeoutMs?: number;
  /** For the head of a request. @default 60 000 (Node) */
  readonly headersTimeoutMs?: number;
  /** For a whole request, body included; not for calls of gRPC where `grpc` serves them. @default 300 000 (Node) */
  readonly requestTimeoutMs?: number;
  /** How long an unused connection is kept: longer than callers keep theirs, so that they close first. @default 75 000 */
  readonly keepAliveTimeoutMs?: number;
  /** Largest head that is read, bytes. @default 65 536 (Envoy's 60 KiB) */
  readonly maxHeaderBytes?: number;
  /** `false`: HTTP/1.1 alone is served. @default true: what each caller chooses, by ALPN or by the first bytes of plain text */
  readonly http2?: boolean;
  /** Streams of one HTTP/2 connection at once. @default 256 */
  readonly maxConcurrentStreams?: number;
  /**
   * A `node:http2` server that does not listen itself: its `stream` listeners get the requests of gRPC in the target's stead, and its
   * `session` listeners all connections that speak HTTP/2. @default a target that is such a server; else gRPC is HTTP like any other
   */
  readonly grpc?: Http2Server;
  /** Called once, when the port begins to close; `closed` resolves when nothing is left of it. Must not throw. */
  readonly onClose?: (closed: Promise<void>) => void;
}

export interface Listening extends AsyncDisposable {
  /** As bound. */
  readonly address: string;
  readonly port: number;
  /**
   * Callers are told to go elsewhere, nothing new is taken, what is under way may finish, and what is left after `timeoutMs` is
   * destroyed. Closing again with a shorter time shortens the wait. @default 10 000
   */
  close(timeoutMs?: number): Promise<void>;
}

export interface ListenRequest {
  readonly target: ListenTarget;
  /** 0: any free one. */
  readonly port: number;
  /** null: this workload has no identity, and TLS is refused. */
  readonly tls: InboundTls | null;
}

/**
 * Serves `target` on `port` behind the mesh. Timeouts are those of the options, not those of a server that is handed in.
 * @throws MeshError `HEDDLE_INVALID_ARGUMENT` if the target is none, or the port cannot be had; `HEDDLE_IDENTITY_UNAVAILABLE` if
 * `tls` has no identity yet
 */
export async function listen(
  path: InboundPath,
  request: ListenRequest,
  options: ListenOptions = {},
): Promise<Listening> {
  const { target, tls, port } = request;
  const { requestTimeoutMs = 300_000 } = options;
  const { headersTimeoutMs = Math.min(60_000, requestTimeoutMs) } = options;
  const fn = handlerOf(target);
  const http = createServer({
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: options.keepAliveTimeoutMs ?? 75_000,
    maxHeaderSize: options.maxHeaderBytes ?? 65_536,
    // How often the two times above are looked at: often enough that a short one means something.
    connectionsCheckingInterval: Math.max(10, Math.min(30_000, headersTimeoutMs / 4, requestTimeoutMs / 4)),
  });
  http.on('request', handler(path, fn));
  // A caller that asks before it sends its body is told to go on only if it may.
  const askedFirst: Handler = (request, response) => {
    response.writeContinue();
    return fn(request, response);
  };
  http.on('checkContinue', handler(path, askedFirst));
  if (isServer(target)) passUpgrades(path, target, http);
  const streams = isHttp2Server(target) ? passOn((event, ...args) => target.emit(event, ...args)) : null;
  const { grpc } = options;
  const http2 = new Http2Port(path, {
    target: streams ?? translate(path, guarded(path, fn)),
    grpc: grpc === undefined ? streams : passOn((event, ...args) => grpc.emit(event, ...args)),
    onSession: grpc && ((session) => grpc.emit('session', session)),
    maxConcurrentStreams: options.maxConcurrentStreams,
    maxHeaderBytes: options.maxHeaderBytes,
    keepAliveTimeoutMs: options.keepAliveTimeoutMs,
    requestTimeoutMs,
  });
  const server = new AcceptServer({
    path,
    tls,
    protocol: options.http2 === false ? 'http1' : 'http2',
    onConnection: (connection) => {
      if (connection.isHttp2) http2.take(connection);
      else http.emit('connection', connection.stream);
    },
    peekTimeoutMs: options.peekTimeoutMs,
    handshakeTimeoutMs: options.handshakeTimeoutMs,
  });
  // It gets its connections from us and never listens, but this is what starts the watch over its timeouts.
  http.emit('listening');
  let onClose = options.onClose ?? null;
  const close = async (timeoutMs = 10_000) => {
    let settle: () => void = () => {};
    onClose?.(new Promise((resolve) => (settle = resolve)));
    onClose = null;
    await server.close(timeoutMs);
    http.close();
    settle();
  };
  try {
    const bound = await server.listen(port, options.address);
    return { address: bound.address, port: bound.port, close, [Symbol.asyncDispose]: () => close() };
  } catch (error) {
    await close();
    throw error;
  }
}

function isServer(target: ListenTarget): target is Server | SecureServer {
  return target instanceof Server || target instanceof SecureServer;
}

function handlerOf(target: ListenTarget): Handler {
  if (typeof target === 'function') return target;
  if (isServer(target) || isHttp2Server(target)) {
    if (target.listening) throw invalid('the server listens already; hand it over before `listen`');
    return (request, response) => {
      if (!target.emit('request', request, response)) unsupported(response);
    };
  }
  if (typeof target === 'object' && target !== null && typeof target.callback === 'function')
    return target.callback();
  throw invalid(
    'expected a function of request and response, an HTTP server, or an object with `callback()`',
  );
}

/** A server that listens for streams alone has nobody who could answer. */
function unsupported(response: ServerResponse): void {
  response.writeHead(505, { 'content-type': 'text/plain' }).end('HTTP Version Not Supported');
}

function invalid(because: string): MeshError {
  return new MeshError(`mesh.listen: ${because}`, { code: 'HEDDLE_INVALID_ARGUMENT' });
}
