/** From an endpoint to a stream: the connection, and the tunnel over it where policy asks for one. */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Attempt } from '../../model/attempt.js';
import type { Destination } from '../../model/destination.js';
import type { Cancelled, Failed } from '../../model/outcome.js';
import type { EffectiveTunnel } from '../../policy/effective.js';
import { Opening, type OpeningParts } from '../connection/opening.js';
import { failureOf } from '../undici/failures.js';
import { openTunnel, TunnelRefused } from './tunnel.js';

export interface Established {
  readonly stream: Duplex;
  /** The socket under it. */
  readonly carrier: Socket;
}

export interface Establish {
  readonly destination: Destination;
  readonly tunnel: EffectiveTunnel | undefined;
  readonly allowHalfOpen: boolean;
}

/**
 * @param done called once, later
 * @returns gives it up; `done` hears the error
 * @throws MeshError of the certificates
 */
export function establish(
  parts: OpeningParts,
  { destination, tunnel, allowHalfOpen }: Establish,
  done: (error: Error | null, established: Established | null) => void,
): (error: Error) => void {
  const { clock } = parts;
  const timeoutMs = destination.connection.connectTimeoutMs;
  let giveUp: (error: Error) => void;
  // No protocol is named under TLS: which one is spoken is known to the two ends alone.
  const opening = new Opening(parts, { destination, alpn: [], allowHalfOpen }, (error, socket) => {
    if (socket === null) return done(error, null);
    if (tunnel === undefined) return done(null, { stream: socket, carrier: socket });
    try {
      giveUp = openTunnel({ clock, timeoutMs, tunnel, socket, allowHalfOpen }, (refusal, stream) =>
        done(refusal, stream && { stream, carrier: socket }),
      );
    } catch (unspeakable) {
      // A target that fits into no request: Node refuses to write it.
      socket.destroy();
      done(unspeakable as Error, null);
    }
  });
  giveUp = opening.settle;
  return (error) => giveUp(error);
}

/** A proxy that says no is well, and not to be ejected; one that answers 5xx is not. */
export function connectFailure(error: Error, attempt: Attempt): Failed | Cancelled {
  if (error instanceof TunnelRefused && attempt.stopped === null)
    return {
      kind: 'failed',
      reset: error.status >= 500 ? 'connection-failure' : 'local-reset',
      code: 'HEDDLE_CONNECT_FAILED',
      flag: 'UF',
      sent: 'no',
      because: 'tunnel-refused',
      cause: error,
    };
  return failureOf(error, attempt, false);
}
