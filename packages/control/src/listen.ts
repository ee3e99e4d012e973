/** Sockets: HTTP/2 and HTTP/1.1 on one port, with TLS, or without it in dev mode. */
import { createServer as createHttpServer } from 'node:http';
import {
  createServer as createHttp2Server,
  createSecureServer,
  type Http2Server,
  type ServerHttp2Session,
} from 'node:http2';
import { type AddressInfo, createServer as createNetServer, type Server, type Socket } from 'node:net';
import type { Clock } from 'heddle/ports';
import type { RawRequest, RawResponse } from './api/request.js';
import type { ServerCertificate } from './issuer/server-certificate.js';

export interface ListenOptions {
  readonly address: string;
  readonly port: number;
  readonly clock: Clock;
  readonly handle: (request: RawRequest, response: RawResponse) => void;
}

export interface SecureListenOptions extends ListenOptions {
  readonly certificate: ServerCertificate;
}

export interface Listener {
  readonly port: number;
  /** For new connections. */
  install(certificate: ServerCertificate): void;
  /** Lets what is in flight finish for a moment, then closes all connections. */
  close(): Promise<void>;
}

const HANDSHAKE_MS = 10_000;
const HEADERS_MS = 10_000;
/** Streams ping every few seconds; whoever is silent for this long has nothing to say. */
const IDLE_MS = 120_000;
/** Between two requests of HTTP/1.1. A server of Node that speaks HTTP/2 too has no such limit of its own. */
const KEEP_ALIVE_MS = 5_000;
const DRAIN_MS = 2_000;
const MAX_CONNECTIONS = 20_000;
const HTTP2 = { settings: { maxConcurrentStreams: 128 }, maxHeaderListPairs: 64 };
/** No limit on a whole request: a stream is a request that does not end. Bodies have their own (`readBody`). */
const HTTP1 = { headersTimeout: HEADERS_MS, requestTimeout: 0, keepAliveTimeout: KEEP_ALIVE_MS };

/** Clients may show a certificate; who does and who must is decided request by request. */
export async function listenSecure(options: SecureListenOptions): Promise<Listener> {
  const contextOf = ({ cert, key, roots }: ServerCertificate) => {
    return { cert, key, ca: [...roots], minVersion: 'TLSv1.3' as const };
  };
  const server = createSecureServer(
    {
      ...HTTP2,
      ...contextOf(options.certificate),
      allowHTTP1: true,
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: HANDSHAKE_MS,
    },
    options.handle,
  );
  Object.assign(server, HTTP1);
  server.on('tlsClientError', () => {});
  return listen(server, {
    ...options,
    sessions: server,
    install: (next) => server.setSecureContext(contextOf(next)),
  });
}

/** In plain text the first bytes tell the protocols apart: HTTP/2 connections begin with `PRI`. */
export async function listenPlain(options: ListenOptions): Promise<Listener> {
  const http1 = createHttpServer(HTTP1, options.handle);
  const http2 = createHttp2Server(HTTP2, options.handle);
  const server = createNetServer((socket) => {
    const timer = options.clock.after(HEADERS_MS, () => socket.destroy());
    socket.once('close', () => timer.cancel());
    socket.once('readable', () => {
      timer.cancel();
      const first = socket.read() as Buffer | null;
      if (first === null) return;
      socket.unshift(first);
      (first.subarray(0, 3).toString('latin1') === 'PRI' ? http2 : http1).emit('connection', socket);
    });
  });
  return listen(server, { ...options, sessions: http2, install: () => {} });
}

interface Parts extends ListenOptions {
  readonly sessions: Pick<Http2Server, 'on'>;
  readonly install: Listener['install'];
}

async function listen(server: Server, { address, port, clock, sessions, install }: Parts): Promise<Listener> {
  const sockets = new Set<Socket>();
  const open = new Set<ServerHttp2Session>();
  server.maxConnections = MAX_CONNECTIONS;
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  sessions.on('session', (session: ServerHttp2Session) => {
    open.add(session);
    session.on('error', () => {});
    session.once('close', () => open.delete(session));
    // Not `close`, which would wait for streams that may never end.
    session.setTimeout(IDLE_MS, () => session.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const close = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const session of open) session.close();
    const timer = clock.after(DRAIN_MS, () => {
      for (const socket of sockets) socket.destroy();
    });
    await closed;
    timer.cancel();
  };
  return { port: (server.address() as AddressInfo).port, install, close };
}
