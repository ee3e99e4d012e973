/** Tries whether an endpoint takes connections: for health checks of services that are not HTTP. */
import { isMeshError } from '../../base/errors.js';
import type { Probe } from '../../ports/transport.js';
import { Opening, type OpeningParts } from './opening.js';

/** No protocol is named under TLS: nothing will be said over the connection. */
export function probeOver(parts: OpeningParts): Probe {
  return (destination, done) => {
    let opening: Opening;
    try {
      opening = new Opening(parts, { destination, alpn: [] }, (error, socket) => {
        socket?.on('error', () => {});
        socket?.destroy();
        done(error === null ? 'passed' : isOurs(error) ? 'unknown' : 'unreachable');
      });
    } catch {
      // No certificate to show: that is our trouble, not the endpoint's.
      const later = parts.clock.after(0, () => done('unknown'));
      return () => later.cancel();
    }
    return () => opening.settle(GIVEN_UP);
  };
}

/** A peer that could not prove who it is has failed, others of our own errors say nothing about it. */
function isOurs(error: Error): boolean {
  return isMeshError(error) && !isMeshError(error, 'HEDDLE_PEER_UNTRUSTED');
}

const GIVEN_UP = new Error('the health check was given up');
