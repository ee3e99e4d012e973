/** A call with what the outbound side adds to it: its plan, and its end. */
import { defaultMaxListeners, getMaxListeners, setMaxListeners } from 'node:events';
import { Call, type CallRequest } from '../model/call.js';
import type { EndpointState } from '../model/endpoint-state.js';
import type { Exchange } from '../model/exchange.js';
import type { CallFilter } from '../model/filter.js';
import { StreamBody } from '../model/request-body.js';
import type { BodyEnd, BodyOwner } from '../model/response-body.js';
import type { MadeCookie } from '../traffic/balance/index.js';
import type { RetryPolicy } from '../traffic/retry/policy.js';
import type { AskedTimes } from '../traffic/timeout/index.js';
import type { OutboundAttempt } from './attempt.js';
import { releaseCall } from './order.js';
import type { Plan } from './plan.js';

export class OutboundCall extends Call implements BodyOwner {
  /** What the snapshot says of this call; set before any filter runs. */
  plan: Plan | null = null;
  /** The route's, and what the caller asked for beside it; null: no retries. */
  retries: RetryPolicy | null = null;
  /** What the caller asked for in Envoy's headers; null: nothing. */
  asked: AskedTimes | null = null;
  /** The port that the caller addressed. */
  port = 0;
  /** How many call filters admitted it: exactly these are settled and released. */
  admitted = 0;
  filters: readonly CallFilter[] = [];
  /** Endpoints of the attempts so far. */
  tried: readonly EndpointState[] = NOBODY;
  /** That keeps the caller on the endpoint: goes out with the response. */
  cookie: MadeCookie | null = null;
  /** Told once when nothing of the call runs any more. */
  onReleased: { left(call: OutboundCall): void } | null = null;
  readonly exchange: Exchange | undefined;
  readonly timeoutMs: number | undefined;
  readonly #signal: AbortSignal | null;
  #leaveExchange: (() => void) | null = null;
  #released = false;

  constructor(request: CallRequest, startedAt: number, exchange: Exchange | undefined) {
    super(request, startedAt);
    this.exchange = exchange;
    this.timeoutMs = request.timeoutMs;
    this.#signal = request.signal ?? null;
  }

  /** The exchange, while it is being served: what runs on after its answer is work of the process's own. */
  get serving(): Exchange | undefined {
    return this.exchange?.ended === false ? this.exchange : undefined;
  }

  /** Listens for those who may give the call up: its caller, and whoever we are serving. One listener each, removed at the end. */
  watch(): void {
    const signal = this.#signal;
    if (signal !== null) {
      if (signal.aborted) this.cancel('signal', signal.reason);
      else {
        allowMany(signal);
        signal.addEventListener('abort', this);
      }
    }
    const { exchange } = this;
    if (exchange === undefined) return;
    if (!exchange.ended) this.#leaveExchange = exchange.onAbandoned(() => this.#abandon());
    else if (exchange.goneAt !== null && this.startedAt - exchange.goneAt < GONE_MS) this.#abandon();
  }

  #abandon(): void {
    this.cancel(
      'signal',
      new DOMException('the request being served was abandoned by its caller', 'AbortError'),
    );
  }

  /** Nobody may give it up any more. */
  unwatch(): void {
    this.#signal?.removeEventListener('abort', this);
    this.#leaveExchange?.();
  }

  /** The caller's signal aborted. */
  handleEvent(): void {
    this.cancel('signal', this.#signal?.reason);
  }

  /** The last byte of the response was read, or nobody wants it any more. */
  bodyClosed(end: BodyEnd, _error: Error | null): void {
    (this.current as OutboundAttempt | null)?.conclude(end);
    this.release();
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    (this.current as OutboundAttempt | null)?.release();
    this.unwatch();
    releaseCall(this.filters, this);
    // Whoever produces the body must not wait for a reader that will not come.
    if (this.body instanceof StreamBody) this.body.cancel().catch(() => {});
    this.onReleased?.left(this);
  }
}

const NOBODY: readonly EndpointState[] = [];

/**
 * A handler that goes on although its caller is gone begins no calls for so long. What calls later is a timer or a queue that was made
 * while serving: it lives as long as the process and must not fail for ever because its maker's caller hung up.
 */
const GONE_MS = 60_000;

/** Calls that may share one signal. */
const MANY = 1_000_000;

/** One signal for many calls is no leak, and Node's warning of one would be noise; a limit that its owner set stays. */
function allowMany(signal: AbortSignal): void {
  try {
    if (getMaxListeners(signal) === defaultMaxListeners) setMaxListeners(MANY, signal);
  } catch {
    // Node 20 throws for a signal whose owner lifted the limit.
  }
}
