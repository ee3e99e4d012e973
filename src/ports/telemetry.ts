import type { Exchange } from '../model/exchange.js';
import type { AttemptFilter, CallFilter } from '../model/filter.js';

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
}

export const noTelemetry: Telemetry = {
  exchangeStarted() {},
  exchangeEnded() {},
  run: (_exchange, handler) => handler(),
  event() {},
};
