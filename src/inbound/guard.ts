/**
 * Steps 7 and 8: what `heddle.dev/v1` lets a workload refuse to protect itself, and the time that an exchange may take. The state
 * outlives snapshots: a new policy changes bounds, not memories.
 */
import type { Clock } from '../base/clock.js';
import { Deadline, Deadlines } from '../base/deadlines.js';
import type { Random } from '../base/random.js';
import type { Exchange, ExchangeHold, Refusal } from '../model/exchange.js';
import { ConcurrencyState, REACHED } from '../traffic/concurrency/index.js';
import { admittedBelow, decidePriority } from '../traffic/priority/index.js';
import { type Limited, RateLimiter, type RateLimitFacts } from '../traffic/rate-limit/index.js';
import type { Protection } from './bind.js';

export class InboundGuard {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #deadlines: Deadlines;
  /** What the state below was last told. */
  #protection: Protection | null = null;
  #limiter: RateLimiter | null = null;
  #concurrency: ConcurrencyState | null = null;
  /** Exchanges under way, by port. */
  readonly #active = new Map<number, number>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
    this.#deadlines = new Deadlines(clock);
  }

  /** @returns null: it is let in, and counted until its {@link ExchangeHold} is told of the end */
  admit(exchange: Exchange, protection: Protection): Refusal | null {
    if (protection !== this.#protection) this.#update(protection);
    const facts = factsOf(exchange);
    const limited = this.#limiter?.take(facts) ?? null;
    if (limited !== null) {
      exchange.flags.add('RL');
      return rateLimited(limited);
    }
    const port = exchange.facts.localPort;
    if (this.#isFull(port, protection)) {
      exchange.flags.add('UO');
      return OVERFLOW;
    }
    const entered = this.#enter(protection, facts);
    if (entered === 'refused') return OVERLOADED;
    const held = new Held(exchange, this.#deadlines, entered, this.#counted(port));
    exchange.hold = held;
    const deadlineMs = protection.inbound.resilience?.deadlineMs;
    if (deadlineMs !== undefined) {
      const at = exchange.startedAt + deadlineMs;
      exchange.deadlineAt = Math.min(exchange.deadlineAt, at);
      this.#deadlines.arm(held, at);
    }
    return null;
  }

  #isFull(port: number, { inbound: { maxRequests } }: Protection): boolean {
    if (maxRequests === undefined) return false;
    const most = maxRequests.ports[port] ?? maxRequests.others ?? Number.POSITIVE_INFINITY;
    return (this.#active.get(port) ?? 0) >= most;
  }

  /** Counts from now on, limit or not: one that comes later holds for those that are in. @returns gives the place back */
  #counted(port: number): () => void {
    const active = this.#active;
    active.set(port, (active.get(port) ?? 0) + 1);
    return () => active.set(port, (active.get(port) ?? 0) - 1);
  }

  /** @returns what it was counted in; null: in nothing */
  #enter({ priorities }: Protection, facts: RateLimitFacts): ConcurrencyState | null | 'refused' {
    const state = this.#concurrency;
    if (state === null) return null;
    const priority = decidePriority(priorities, facts);
    if (priority === 'exempt') return null;
    state.tick();
    return state.enter(admittedBelow(priority, state.limit)) ? state : 'refused';
  }

  #update(protection: Protection): void {
    this.#protection = protection;
    const { rateLimit, resilience } = protection.inbound;
    if (rateLimit === undefined) this.#limiter = null;
    else if (this.#limiter === null) this.#limiter = new RateLimiter(rateLimit, this.#clock);
    else this.#limiter.setPolicy(rateLimit);
    const concurrency = resilience?.concurrency;
    if (concurrency === undefined) this.#concurrency = null;
    else if (this.#concurrency === null)
      this.#concurrency = new ConcurrencyState(concurrency, { clock: this.#clock, random: this.#random });
    else this.#concurrency.setPolicy(concurrency);
  }
}

/** An exchange that was let in: its place, and its deadline. */
class Held extends Deadline implements ExchangeHold {
  readonly #exchange: Exchange;
  readonly #deadlines: Deadlines;
  #concurrency: ConcurrencyState | null;
  #leave: (() => void) | null;
  /** Of the caller. */
  readonly #deadlineAt: number;

  constructor(
    exchange: Exchange,
    deadlines: Deadlines,
    concurrency: ConcurrencyState | null,
    leave: () => void,
  ) {
    super();
    this.#leave = leave;
    this.#exchange = exchange;
    this.#deadlines = deadlines;
    this.#concurrency = concurrency;
    this.#deadlineAt = exchange.deadlineAt;
  }

  override expire(): void {
    const exchange = this.#exchange;
    if (exchange.ended) return;
    exchange.flags.add('UT');
    exchange.refusal = TIMED_OUT;
    exchange.server?.expire();
  }

  ended(complete: boolean): void {
    this.#deadlines.disarm(this);
    this.#leave?.();
    this.#leave = null;
    if (this.#concurrency === null) return;
    // One that broke off says nothing about how long answers take.
    if (complete) this.#concurrency.sample(this.#exchange.startedAt);
    this.#concurrency.leave();
    this.#concurrency = null;
  }

  upgraded(): void {
    this.#exchange.deadlineAt = this.#deadlineAt;
    this.ended(false);
  }
}

function factsOf({ facts, path }: Exchange): RateLimitFacts {
  const { method, headers, peer, remoteIp } = facts;
  return { method, path, headers, principal: peer.id?.principal ?? null, remoteIp };
}

/** @source Envoy `local_ratelimit`: body, details and `x-envoy-ratelimited`; draft-ietf-httpapi-ratelimit-headers-03 for the rest */
function rateLimited({ limit, retryAfterMs }: Limited): Refusal {
  const seconds = String(Math.max(1, Math.ceil(retryAfterMs / 1_000)));
  return {
    status: 429,
    body: 'local_rate_limited',
    because: 'local_rate_limited',
    close: false,
    headers: {
      'x-envoy-ratelimited': 'true',
      'x-ratelimit-limit': String(limit.burst),
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': seconds,
      'retry-after': seconds,
    },
  };
}

/** @source Envoy: what a full circuit breaker of a cluster is answered with */
const OVERFLOW: Refusal = {
  status: 503,
  body: 'upstream connect error or disconnect/reset before headers. reset reason: overflow',
  because: 'upstream_reset_before_response_started{overflow}',
  close: false,
};

/** @source Envoy `adaptive_concurrency_filter.cc`: status, body and details; it sets no flag */
const OVERLOADED: Refusal = {
  status: 503,
  body: 'reached concurrency limit',
  because: REACHED,
  close: false,
};

/** @source Envoy `router.cc`: what a route timeout is answered with */
const TIMED_OUT: Refusal = {
  status: 504,
  body: 'upstream request timeout',
  because: 'response_timeout',
  close: false,
};
