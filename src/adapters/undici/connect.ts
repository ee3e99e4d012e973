/** Opens connections for the transport: plain or TLS, with the certificates and the peer check of the destination. */
import * as net from 'node:net';
import * as tls from 'node:tls';
import { type buildConnector, errors } from 'undici';
import type { Clock } from '../../base/clock.js';
import type { Destination } from '../../model/destination.js';
import type { Endpoint } from '../../model/endpoint.js';
import type { TlsContexts } from '../../security/tls/contexts.js';
import type { ClientHandshake } from '../../security/tls/handshake.js';
import { proxyHeader } from './proxy-protocol.js';

/** Makes undici's `connect` function for a destination. */
export type Connector = (destination: Destination) => buildConnector.connector;

export function connectorFor(contexts: TlsContexts, clock: Clock): Connector {
  return (destination) => (_options, callback) => {
    let opening: Opening;
    try {
      const { tls: settings, endpoint, key } = destination;
      // Asked for at each connection, so that a rotated certificate is used at once.
      const handshake = settings && contexts.handshake(settings, endpoint.address, key);
      opening = new Opening(destination, handshake, callback);
    } catch (error) {
      callback(error as Error, null);
      return;
    }
    const { connectTimeoutMs } = destination.connection;
    const timer = clock.after(connectTimeoutMs, () =>
      opening.settle(
        new errors.ConnectTimeoutError(
          `no connection to ${destination.endpoint.key} in ${connectTimeoutMs} ms`,
        ),
      ),
    );
    opening.onSettled = () => timer.cancel();
  };
}

/** What we speak; HTTP/2 joins here. */
const ALPN = ['http/1.1'];
const KEEP_ALIVE_MS = 60_000;

/** A connection on its way: TCP, then the PROXY header, then TLS, as far as each is asked for. */
class Opening {
  onSettled: (() => void) | null = null;
  readonly #callback: Parameters<buildConnector.connector>[1];
  #socket: net.Socket;
  #settled = false;

  constructor(
    { endpoint, connection }: Destination,
    handshake: ClientHandshake | null,
    callback: Parameters<buildConnector.connector>[1],
  ) {
    this.#callback = callback;
    const target = targetOf(endpoint);
    const { proxyProtocol, keepAliveMs = KEEP_ALIVE_MS } = connection;
    if (handshake === null || proxyProtocol !== undefined) {
      this.#socket = net.connect({
        ...target,
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: keepAliveMs,
      });
      this.#socket.once('connect', () => {
        if (proxyProtocol !== undefined) this.#socket.write(proxyHeader(proxyProtocol, this.#socket));
        if (handshake === null) this.settle(null);
        else this.#secure(handshake, { socket: this.#socket });
      });
      this.#socket.once('error', this.settle);
    } else {
      this.#socket = this.#secure(handshake, target);
      this.#socket.setNoDelay(true);
      this.#socket.setKeepAlive(true, keepAliveMs);
    }
  }

  readonly settle = (error: Error | null): void => {
    if (this.#settled) return;
    this.#settled = true;
    this.onSettled?.();
    const socket = this.#socket;
    socket.removeListener('error', this.settle);
    if (error === null) return void this.#callback(null, socket);
    // A late error of a socket that nobody owns any more must not end the process.
    socket.on('error', () => {});
    socket.destroy();
    this.#callback(error, null);
  };

  #secure(
    handshake: ClientHandshake,
    over: net.NetConnectOpts | { readonly socket: net.Socket },
  ): net.Socket {
    const socket = tls.connect({ ...over, ALPNProtocols: ALPN, ...handshake.options });
    this.#socket = socket;
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
