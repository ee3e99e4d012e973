/**
 * The path of every exchange: its record, the steps before its handler, the one ambient frame, and its end. Knows no server:
 * adapters translate a request to facts, ask `begin`, answer the refusal or `run` the handler, and say `end`.
 */
import type { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '../base/clock.js';
import type { Source } from '../base/source.js';
import { Exchange, type ExchangeFacts } from '../model/exchange.js';
import { acceptRequestId, REQUEST_ID } from '../observability/trace/request-id.js';
import type { Telemetry } from '../ports/telemetry.js';
import { incomingTimeoutMs } from '../traffic/timeout/index.js';
import type { InboundSnapshot } from './bind.js';
import type { Connection } from './connection.js';
import { OpenSet } from './drain.js';
import { refuseForbidden, refuseUnreadable } from './order.js';

export interface InboundPathOptions {
  readonly clock: Clock;
  /** null until the first policy is there: every exchange is answered 503. */
  readonly snapshot: Source<InboundSnapshot | null>;
  readonly telemetry: Telemetry;
  /** Called once an exchange, when it is over. Must not throw. */
  readonly accessLog: (exchange: Exchange) => void;
  /** The one permitted ambient state: calls made while serving find their exchange here. */
  readonly ambient: AsyncLocalStorage<Exchange>;
  /** Proxies before this workload whose `x-forwarded-for` is believed. @default 0: the direct peer is the caller */
  readonly trustedHops?: number;
  /** A new UUID (version 4). */
  readonly randomId: () => string;
  /** Takes one line about something that went wrong and has no exchange to be logged with. */
  readonly warn: (line: string) => void;
}

/** How an exchange ended. */
export interface ExchangeEnd {
  /** Of the response that was begun; 0 for none. */
  readonly status: number;
  /** false: the peer went away before the last byte. */
  readonly complete: boolean;
}

export class InboundPath {
  readonly clock: Clock;
  readonly snapshot: Source<InboundSnapshot | null>;
  readonly trustedHops: number;
  readonly warn: (line: string) => void;
  readonly telemetry: Telemetry;
  /** What adapters have seen: the exchange of a request that passes two of them runs once. Keyed by the server's own objects. */
  readonly exchanges = new WeakMap<object, Exchange>();
  /** By socket. An identity is in here only if we verified it. */
  readonly connections = new WeakMap<object, Connection>();
  /** The exchanges under way. */
  readonly open = new OpenSet<Exchange>();
  readonly #options: InboundPathOptions;
  #draining = false;

  constructor(options: InboundPathOptions) {
    this.#options = options;
    this.clock = options.clock;
    this.snapshot = options.snapshot;
    this.telemetry = options.telemetry;
    this.trustedHops = options.trustedHops ?? 0;
    this.warn = options.warn;
  }

  /**
   * A request has arrived. If `refusal` is set on the result the adapter answers with it, else it runs the handler; it says `end`
   * in either case. Never throws.
   * @param fault what the adapter found wrong with the head, in a word for the access log; null for nothing
   */
  begin(facts: ExchangeFacts, fault: string | null): Exchange {
    const { clock, telemetry } = this;
    const exchange = new Exchange(facts, clock.now(), clock.wallNow());
    // Read once: one exchange sees one snapshot.
    const snapshot = this.snapshot.current();
    exchange.refusal = refuseUnreadable(exchange, snapshot, fault);
    exchange.deadlineAt = exchange.startedAt + (incomingTimeoutMs(facts.headers) ?? Number.POSITIVE_INFINITY);
    exchange.requestId = acceptRequestId(facts.headers[REQUEST_ID]) ?? this.#options.randomId();
    this.open.add(exchange);
    telemetry.exchangeStarted(exchange);
    if (exchange.refusal === null && snapshot !== null)
      exchange.refusal = refuseForbidden(exchange, snapshot);
    return exchange;
  }

  /** Runs the handler inside the exchange's frame. */
  run<T>(exchange: Exchange, handler: () => T): T {
    return this.#options.ambient.run(exchange, () => this.telemetry.run(exchange, handler));
  }

  /** The last byte is out, or the peer is gone: calls made while serving are cancelled then. Saying it twice does nothing. */
  end(exchange: Exchange, end: ExchangeEnd): void {
    if (exchange.ended) return;
    exchange.status = end.status;
    if (end.complete) exchange.ended = true;
    else exchange.abandon();
    this.open.delete(exchange);
    this.telemetry.exchangeEnded(exchange);
    this.#options.accessLog(exchange);
  }

  /** Closing: adapters answer what still arrives with `connection: close`. */
  get draining(): boolean {
    return this.#draining;
  }

  /** Begins to drain. Resolves true when no exchange is under way any more, or false after `timeoutMs`. */
  drain(timeoutMs: number): Promise<boolean> {
    this.#draining = true;
    return this.open.emptyWithin(this.clock, timeoutMs);
  }
}
