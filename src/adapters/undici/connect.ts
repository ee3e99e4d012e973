/** Connections for the transport, in the shape in which undici asks for them. */
import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';
import type { Clock } from '../../base/clock.js';
import type { Destination } from '../../model/destination.js';
import type { TlsContexts } from '../../security/tls/contexts.js';
import { Opening } from '../connection/opening.js';

/** Makes undici's `connect` function for a destination. */
export type Connector = (destination: Destination) => buildConnector.connector;

/** What undici speaks here; HTTP/2 has a transport of its own. */
const ALPN = ['http/1.1'];

/** @param opened a connection that was opened for the destination already, if there is one */
export function connectorFor(
  contexts: TlsContexts,
  clock: Clock,
  opened: (destination: Destination) => Socket | undefined = () => undefined,
): Connector {
  return (destination) => (_options, callback) => {
    const present = opened(destination);
    if (present !== undefined) return callback(null, present as never);
    try {
      new Opening({ contexts, clock }, { destination, alpn: ALPN }, callback as never);
    } catch (error) {
      callback(error as Error, null);
    }
  };
}
