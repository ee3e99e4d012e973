/** `mesh.connect`: a stream to a service, for clients of protocols that are not HTTP. */
import type { Duplex } from 'node:stream';
import { MeshError } from '../../base/errors.js';
import type { Destination } from '../../model/destination.js';
import type { Cancelled, Failed } from '../../model/outcome.js';
import type { OutboundAttempt } from '../../outbound/attempt.js';
import type { Outbound } from '../../outbound/call.js';
import {
  beginConnection,
  type ConnectionEnd,
  type ConnectionTarget,
  runConnection,
} from '../../outbound/connection.js';
import type { OutboundCall } from '../../outbound/outbound-call.js';
import { errorOf } from '../../outbound/surface.js';
import type { Telemetry } from '../../ports/telemetry.js';
import type { OpeningParts } from '../connection/opening.js';
import { connectFailure, type Established, establish } from './establish.js';
import { boundLifetime } from './lifetime.js';
import { type ConnectOptions, readTarget } from './target.js';

export type { ConnectionTarget } from '../../outbound/connection.js';
export type { ConnectOptions } from './target.js';

/**
 * A connection to a service, as policy says: its `tcp` rules, or `tls` where `sni` is given; the cluster's endpoints, limits, TLS and
 * tunnel. Give it a listener for `error`, as any socket: one that policy ends (`idleTimeout`, `maxConnectionDuration`) ends with a
 * MeshError `HEDDLE_CONNECTION_LOST`.
 * @param target `host:port`, or the parts
 * @returns to be ended or destroyed by the caller
 * @throws MeshError if there is no connection; the reason of `options.signal`
 * @example
 * const stream = await mesh.connect('redis:6379');
 * stream.on('error', console.error).end('PING\r\n');
 */
export type MeshConnect = (target: string | ConnectionTarget, options?: ConnectOptions) => Promise<Duplex>;

type Watching = Pick<Telemetry, 'tcpConnected'>;

/** All connections of one mesh that are not HTTP. */
export class TcpConnections {
  readonly #outbound: Outbound;
  readonly #parts: OpeningParts;
  readonly #telemetry: Watching;
  /** Each ends one that is open, or on its way. */
  readonly #enders = new Set<() => void>();

  /** @param telemetry told of each connection; nobody by default */
  constructor(outbound: Outbound, parts: OpeningParts, telemetry: Watching = {}) {
    this.#outbound = outbound;
    this.#parts = parts;
    this.#telemetry = telemetry;
  }

  readonly connect: MeshConnect = async (target, options = {}) => {
    const asked = readTarget(target);
    const call = beginConnection(this.#outbound, asked, options);
    const outcome = await runConnection(this.#outbound, call, asked, (attempt) =>
      this.#open(call, attempt, options.allowHalfOpen ?? false),
    );
    if (outcome.kind === 'opened') return outcome.stream;
    throw errorOf(call, outcome);
  };

  /** Closes them all at once; those on their way fail with `HEDDLE_CLOSED`. */
  close(): void {
    for (const end of [...this.#enders]) end();
  }

  #open(
    call: OutboundCall,
    attempt: OutboundAttempt,
    allowHalfOpen: boolean,
  ): Promise<ConnectionEnd<Duplex>> {
    return new Promise((resolve) => {
      const { destination } = attempt.endpoint;
      const { tunnel } = attempt.cluster.policy;
      const end = () => giveUp(new MeshError('this mesh was closed', { code: 'HEDDLE_CLOSED' }));
      const done = (error: Error | null, established: Established | null) => {
        this.#enders.delete(end);
        attempt.abort = null;
        if (established === null) return resolve(this.#failed(connectFailure(error!, attempt), destination));
        this.#keep(call, attempt, established);
        resolve({ kind: 'opened', stream: established.stream });
      };
      let giveUp: (error: Error) => void;
      try {
        giveUp = establish(this.#parts, { destination, tunnel, allowHalfOpen }, done);
      } catch (error) {
        return done(error as Error, null);
      }
      this.#enders.add(end);
      attempt.abort = () => giveUp(new Error('connecting was given up'));
    });
  }

  /** Was opened to its caller, too, and closed at once. */
  #failed(outcome: Failed | Cancelled, destination: Destination): Failed | Cancelled {
    if (outcome.kind === 'failed')
      this.#telemetry.tcpConnected?.(destination, NOTHING)(new Set([outcome.flag]));
    return outcome;
  }

  /** Until it is closed. */
  #keep(call: OutboundCall, { endpoint }: OutboundAttempt, { stream, carrier }: Established): void {
    const { key } = endpoint.endpoint;
    const closed = this.#telemetry.tcpConnected?.(endpoint.destination, carrier);
    const end = () => stream.destroy();
    this.#enders.add(end);
    boundLifetime({
      stream,
      carrier,
      settings: endpoint.destination.connection,
      clock: this.#parts.clock,
      expire: (because) =>
        stream.destroy(
          new MeshError(`the connection to ${call.originalAuthority} (${key}) was closed: ${because}`, {
            code: 'HEDDLE_CONNECTION_LOST',
            sent: 'maybe',
            service: call.service,
            cluster: call.cluster,
            endpoint: key,
            attempts: call.attempts,
            revision: call.revision,
          }),
        ),
    });
    stream.once('close', () => {
      this.#enders.delete(end);
      closed?.();
      call.release();
    });
  }
}

const NOTHING = { bytesRead: 0, bytesWritten: 0 };
