/**
 * The path of every exchange: its record, the steps before its handler, the one ambient frame, and its end. Knows no server:
 * adapters translate a request to facts, ask `begin`, answer the refusal or `run` the handler, and say `end`.
 */
import type { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '../base/clock.js';
import type { EventLoop } from '../base/event-loop.js';
import { type Random, systemRandom } from '../base/random.js';
import type { Source } from '../base/source.js';
import { Exchange, type ExchangeFacts } from '../model/exchange.js';
import { acceptRequestId, REQUEST_ID } from '../observability/trace/request-id.js';
import type { Telemetry } from '../ports/telemetry.js';
import type { SendCheck } from '../security/authorize/check.js';
import { hideTokens } from '../security/token/decide.js';
import { TokenAuthenticator } from '../security/token/index.js';
import { isRepeated, isRepeatedWhenLate } from '../traffic/retry/tree.js';
import { incomingTimeoutMs } from '../traffic/timeout/index.js';
import type { InboundSnapshot, Protection } from './bind.js';
import type { Connection } from './connection.js';
import { OpenCount } from './drain.js';
import { InboundGuard } from './guard.js';
import { Marks } from './marks.js';
import { admit, refuseUnreadable, type Witnesses } from './order.js';

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
  /** Verifies tokens, where policy asks for it. @default one that can fetch no keys: only those that policy holds are known */
  readonly tokens?: TokenAuthenticator;
  /** Asks the external authorizers that policy names. @default nobody can be asked */
  readonly sendCheck?: SendCheck;
  /** For adaptive limits. @default the platform's */
  readonly random?: Random;
  /** The one that handlers run in. @default one that is never late */
  readonly loop?: EventLoop;
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
  readonly exchanges = new Marks<Exchange>();
  /** By socket. An identity is in here only if we verified it. */
  readonly connections = new WeakMap<object, Connection>();
  /** The exchanges under way: each is added once, by whoever begins it, and leaves with its `end`. */
  readonly open = new OpenCount();
  readonly #options: InboundPathOptions;
  readonly #guard: InboundGuard;
  readonly #witnesses: Witnesses;
  #draining = false;

  constructor(options: InboundPathOptions) {
    this.#options = options;
    this.#guard = new InboundGuard(options.clock, options.random ?? systemRandom, options.loop);
    this.clock = options.clock;
    this.snapshot = options.snapshot;
    this.telemetry = options.telemetry;
    this.trustedHops = options.trustedHops ?? 0;
    this.warn = options.warn;
    this.#witnesses = {
      tokens: options.tokens ?? new TokenAuthenticator({ clock: options.clock, warn: options.warn }),
      sendCheck: options.sendCheck ?? (() => Promise.resolve(null)),
    };
  }

  /**
   * A request has arrived. The adapter waits for `waiting` if that is set on the result. Then, if `refusal` is set, it answers with
   * that, else it runs the handler; it says `end` in either case. Never throws.
   * @param fault what the adapter found wrong with the head, in a word for the access log; null for nothing
   */
  begin(facts: ExchangeFacts, fault: string | null): Exchange {
    const { clock, telemetry } = this;
    // Read once: one exchange sees one snapshot.
    const snapshot = this.snapshot.current();
    const exchange = new Exchange(withoutTokens(facts, snapshot), clock.now(), clock.wallNow());
    exchange.refusal = refuseUnreadable(exchange, snapshot, { target: facts.path, fault });
    exchange.deadlineAt = exchange.startedAt + (incomingTimeoutMs(facts.headers) ?? Number.POSITIVE_INFINITY);
    exchange.repeated = isRepeated(facts.headers);
    exchange.repeatedWhenLate = isRepeatedWhenLate(facts.headers);
    exchange.requestId = acceptRequestId(facts.headers[REQUEST_ID]) ?? this.#options.randomId();
    this.open.add();
    telemetry.exchangeStarted(exchange);
    if (exchange.refusal === null && snapshot !== null) {
      this.#admit(exchange, snapshot);
      if (snapshot.protection !== null) this.#protect(exchange, snapshot.protection);
    }
    return exchange;
  }

  /** Steps 4 to 7. What has to be asked of others is asked as part of the exchange: in its trace, and within its time. */
  #admit(exchange: Exchange, snapshot: InboundSnapshot): void {
    if (snapshot.asks) this.run(exchange, () => admit(exchange, snapshot, this.#witnesses));
    else admit(exchange, snapshot, this.#witnesses);
  }

  /** Steps 8 and 9, once it is known who asks. */
  #protect(exchange: Exchange, protection: Protection): void {
    if (exchange.waiting !== null)
      exchange.waiting = exchange.waiting.then(() => {
        this.#protect(exchange, protection);
        return exchange.waiting ?? undefined;
      });
    // Nobody would give back what is held for an exchange that is over.
    else if (exchange.refusal === null && !exchange.ended)
      exchange.refusal = this.#guard.admit(exchange, protection);
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
    else {
      exchange.goneAt = this.clock.now();
      exchange.abandon();
    }
    exchange.hold?.ended(end.complete);
    this.open.delete();
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

/** What logs and traces read: a token in the query is not for them. */
function withoutTokens(facts: ExchangeFacts, snapshot: InboundSnapshot | null): ExchangeFacts {
  const tokens = snapshot?.tokens ?? null;
  if (tokens === null) return facts;
  const path = hideTokens(tokens, facts.path);
  return path === facts.path ? facts : { ...facts, path };
}
