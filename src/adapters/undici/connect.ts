/** Opens connections for the transport: plain or TLS, with the certificates and the peer check of the destination. */
import * as net from 'node:net';
import * as tls from 'node:tls';
import { type buildConnector, errors } from 'undici';
import type { Clock } from '../../base/clock.js';
import type { Destination } from '../../model/destination.js';
import type { TlsContexts } from '../../security/tls/contexts.js';
import type { ClientHandshake } from '../../security/tls/handshake.js';

/** Makes undici's `connect` function for a destination. */
export type Connector = (destination: Destination) => buildConnector.connector;

export function connectorFor(contexts: TlsContexts, clock: Clock): Connector {
  return (destination) => (_options, callback) => {
    let socket: net.Socket;
    let handshake: ClientHandshake | null = null;
    try {
      const { tls: settings, endpoint, key } = destination;
      // Asked for at each connection, so that a rotated certificate is used at once.
      handshake = settings && contexts.handshake(settings, endpoint.address, key);
      socket = open(destination, handshake);
    } catch (error) {
      callback(error as Error, null);
      return;
    }
    let settled = false;
    const settle = (error: Error | null) => {
      if (settled) return;
      settled = true;
      timer.cancel();
      socket.removeListener('error', settle);
      if (error === null) callback(null, socket);
      else {
        // A late error of a socket that nobody owns any more must not end the process.
        socket.on('error', () => {});
        socket.destroy();
        callback(error, null);
      }
    };
    const { connectTimeoutMs } = destination.connection;
    const timer = clock.after(connectTimeoutMs, () =>
      settle(
        new errors.ConnectTimeoutError(
          `no connection to ${destination.endpoint.key} in ${connectTimeoutMs} ms`,
        ),
      ),
    );
    socket.once('error', settle);
    socket.once(handshake === null ? 'connect' : 'secureConnect', () =>
      settle(handshake?.confirm(socket as tls.TLSSocket) ?? null),
    );
  };
}

/** What we speak; HTTP/2 joins here. */
const ALPN = ['http/1.1'];

function open(destination: Destination, handshake: ClientHandshake | null): net.Socket {
  const { address: host, port } = destination.endpoint;
  if (handshake === null) {
    return net.connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 });
  }
  const socket = tls.connect({ host, port, ALPNProtocols: ALPN, ...handshake.options });
  socket.setNoDelay(true);
  handshake.follow(socket);
  return socket;
}
