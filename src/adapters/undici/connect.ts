/** Connections for the transport, in the shape in which undici asks for them. */
import type { buildConnector } from 'undici';
import type { Clock } from '../../base/clock.js';
import type { Destination } from '../../model/destination.js';
import type { TlsContexts } from '../../security/tls/contexts.js';
import { Opening } from '../connection/opening.js';

/** Makes undici's `connect` function for a destination. */
export type Connector = (destination: Destination) => buildConnector.connector;

/** What we speak; HTTP/2 joins here. */
const ALPN = ['http/1.1'];

export function connectorFor(contexts: TlsContexts, clock: Clock): Connector {
  return (destination) => (_options, callback) => {
    try {
      new Opening({ contexts, clock }, { destination, alpn: ALPN }, callback as never);
    } catch (error) {
      callback(error as Error, null);
    }
  };
}
