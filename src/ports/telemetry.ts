import type { Destination } from '../model/destination.js';
import type { Exchange, Peer } from '../model/exchange.js';
import type { AttemptFilter, CallFilter } from '../model/filter.js';
import type { ResponseFlag } from '../model/flags.js';

/** Payload that a connection has carried so far, as this process sees it; any socket of `node:net` is one. */
export interface ConnectionBytes {
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/** Tells that a connection is closed, and why. Saying it twice does nothing. @param flags none by default */
export type ConnectionClosed = (flags?: ReadonlySet<ResponseFlag>) => void;

/**
 * What is observed of calls and exchanges. Nothing here ever throws into user code.
 * The default does nothing at all.
 */
export interface Telemetry {
  /** Outermost filter of a call: its span, and the trace headers. Absent: nothing to do. */
  readonly call?: CallFilter;
  /** Innermost filter of an attempt: its span, metrics, and what really went to the wire. */
  readonly attempt?: AttemptFilter;
  exchangeStarted(exchange: Exchange): void;
  /** Once, when the response is complete or the peer is gone. */
  exchangeEnded(exchange: Exchange): void;
  /** Runs the handler so that spans it starts are children of the exchange's. */
  run<T>(exchange: Exchange, handler: () => T): T;
  /** Something that happens now and then: a circuit opened, an endpoint was ejected, policy was accepted. */
  event(name: string, attributes: Readonly<Record<string, string | number | boolean>>): void;
  /** A connection that is not HTTP was taken, and is open. `bytes` is read again until it is closed. Absent: nobody counts. */
  tcpAccepted?(peer: Peer, bytes: ConnectionBytes): ConnectionClosed;
  /** The same for a connection that this process has made. */
  tcpConnected?(destination: Destination, bytes: ConnectionBytes): ConnectionClosed;
}

export const noTelemetry: Telemetry = {
  exchangeStarted() {},
  exchangeEnded() {},
  run: (_exchange, handler) => handler(),
  event() {},
};
