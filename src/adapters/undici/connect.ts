/** Opens connections for the transport: plain or TLS, with the certificates and the peer check of the destination. */
import * as net from 'node:net';
import * as tls from 'node:tls';
import { type buildConnector, errors } from 'undici';
import type { Clock } from '../../base/clock.js';
import type { Destination } from '../../model/destination.js';

/** What TLS needs for one destination, asked for at each new connection so that a rotated certificate is used at once. */
export interface ClientTls {
  /** Options for `tls.connect`: context, server name, session, peer check. */
  options(destination: Destination): tls.ConnectionOptions;
  /**
   * The handshake is done and the chain was verified: last word on the peer. @throws what the connection should fail with
   */
  accept(destination: Destination, socket: tls.TLSSocket): void;
}

/** Makes undici's `connect` function for a destination. */
export type Connector = (destination: Destination) => buildConnector.connector;

export function connectorFor(clientTls: ClientTls, clock: Clock): Connector {
  return (destination) => (_options, callback) => {
    let socket: net.Socket;
    try {
      socket = open(destination, clientTls);
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
    socket.once(destination.tls === null ? 'connect' : 'secureConnect', () => {
      try {
        if (socket instanceof tls.TLSSocket) clientTls.accept(destination, socket);
        settle(null);
      } catch (error) {
        settle(error as Error);
      }
    });
  };
}

function open(destination: Destination, clientTls: ClientTls): net.Socket {
  const { address, port } = destination.endpoint;
  const socket =
    destination.tls === null
      ? net.connect({ host: address, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 })
      : tls.connect({ host: address, port, ...clientTls.options(destination) });
  socket.setNoDelay(true);
  return socket;
}
