/** Opens connections: TCP, then the PROXY header, then TLS with the certificates and the peer check of the destination. */
import * as net from 'node:net';
import * as tls from 'node:tls';
import { errors } from 'undici';
import type { Clock } from '../../base/clock.js';
import type { Destination } from '../../model/destination.js';
import type { Endpoint } from '../../model/endpoint.js';
import type { TlsContexts } from '../../security/tls/contexts.js';
import type { ClientHandshake } from '../../security/tls/handshake.js';
import { proxyHeader } from './proxy-protocol.js';

/** What every connection of a mesh is opened with. */
export interface OpeningParts {
  readonly contexts: TlsContexts;
  readonly clock: Clock;
}

export interface OpeningOptions {
  readonly destination: Destination;
  /** What we say that we speak, under TLS. Empty: nothing. */
  readonly alpn: readonly string[];
  /** As in `net.connect`. @default false */
  readonly allowHalfOpen?: boolean;
}

export type Opened = (error: Error | null, socket: net.Socket | null) => void;

const KEEP_ALIVE_MS = 60_000;

/** A connection on its way. Tells once, and never before its constructor has returned, what became of it. */
export class Opening {
  readonly #opened: Opened;
  readonly #options: OpeningOptions;
  readonly #cancelTimer: () => void;
  #socket: net.Socket;
  #settled = false;

  /** @throws MeshError of the certificates: `HEDDLE_IDENTITY_UNAVAILABLE`, `HEDDLE_INVALID_SETTING` */
  constructor({ contexts, clock }: OpeningParts, options: OpeningOptions, opened: Opened) {
    this.#options = options;
    this.#opened = opened;
    const { endpoint, connection, tls: settings, key } = options.destination;
    // Asked for at each connection, so that a rotated certificate is used at once.
    const handshake = settings && contexts.handshake(settings, endpoint.name ?? endpoint.address, key);
    this.#socket = this.#connect(handshake);
    const { connectTimeoutMs } = connection;
    const timer = clock.after(connectTimeoutMs, () =>
      this.settle(
        new errors.ConnectTimeoutError(`no connection to ${endpoint.key} in ${connectTimeoutMs} ms`),
      ),
    );
    this.#cancelTimer = () => timer.cancel();
  }

  /** Ends it; with an error nobody gets a connection. Only the first call counts. */
  readonly settle = (error: Error | null): void => {
    if (this.#settled) return;
    this.#settled = true;
    this.#cancelTimer();
    const socket = this.#socket;
    socket.removeListener('error', this.settle);
    if (error === null) return void this.#opened(null, socket);
    // A late error of a socket that nobody owns any more must not end the process.
    socket.on('error', () => {});
    socket.destroy();
    this.#opened(error, null);
  };

  #connect(handshake: ClientHandshake | null): net.Socket {
    const { destination, allowHalfOpen = false } = this.#options;
    const target = { ...targetOf(destination.endpoint), allowHalfOpen };
    const { proxyProtocol, keepAliveMs = KEEP_ALIVE_MS } = destination.connection;
    if (handshake !== null && proxyProtocol === undefined) {
      const socket = this.#secure(handshake, target);
      socket.setNoDelay(true);
      socket.setKeepAlive(true, keepAliveMs);
      return socket;
    }
    const socket = net.connect({
      ...target,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveMs,
    });
    socket.once('connect', () => {
      if (proxyProtocol !== undefined) socket.write(proxyHeader(proxyProtocol, socket));
      if (handshake === null) this.settle(null);
      else this.#socket = this.#secure(handshake, { socket });
    });
    socket.once('error', this.settle);
    return socket;
  }

  #secure(
    handshake: ClientHandshake,
    over: net.NetConnectOpts | { readonly socket: net.Socket },
  ): net.Socket {
    const { alpn } = this.#options;
    const protocols = alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] };
    const socket = tls.connect({ ...over, ...protocols, ...handshake.options });
    handshake.follow(socket);
    socket.once('error', this.settle);
    socket.once('secureConnect', () => this.settle(handshake.confirm(socket) ?? null));
    return socket;
  }
}

const UNIX = 'unix://';

/** `unix:///path` and `unix://@abstract`, or an address and a port. */
function targetOf({ address, port }: Endpoint): net.NetConnectOpts {
  if (!address.startsWith(UNIX)) return { host: address, port };
  const path = address.slice(UNIX.length);
  return { path: path.startsWith('@') ? `\0${path.slice(1)}` : path };
}
