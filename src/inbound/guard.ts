/**
 * Steps 7 and 8: what `heddle.dev/v1` lets a workload refuse to protect itself, and the time that an exchange may take. The state
 * outlives snapshots: a new policy changes bounds, not memories.
 */
import type { Clock } from '../base/clock.js';
import { Deadlines } from '../base/deadlines.js';
import { type EventLoop, unwatchedLoop } from '../base/event-loop.js';
import type { Random } from '../base/random.js';
import type { Exchange, Refusal } from '../model/exchange.js';
import { decidePriority } from '../traffic/priority/index.js';
import { RateLimiter, type RateLimitFacts } from '../traffic/rate-limit/index.js';
import type { Protection } from './bind.js';
import { Held } from './held.js';
import { OVERFLOW, rateLimited } from './overload.js';
import { Shedder } from './shed.js';

export class InboundGuard {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #loop: EventLoop;
  readonly #deadlines: Deadlines;
  /** What the state below was last told. */
  #protection: Protection | null = null;
  #limiter: RateLimiter | null = null;
  #shedder: Shedder | null = null;
  /** Exchanges under way, by port. */
  readonly #active = new Map<number, number>();

  /** @param loop the one that handlers run in. @default one that is never late */
  constructor(clock: Clock, random: Random, loop: EventLoop = unwatchedLoop) {
    this.#clock = clock;
    this.#random = random;
    this.#loop = loop;
    this.#deadlines = new Deadlines(clock);
  }

  /**
   * @returns null: it is let in, or waits until then (`exchange.waiting`), and counted until its {@link ExchangeHold} is told of the end
   */
  admit(exchange: Exchange, protection: Protection): Refusal | null {
    if (protection !== this.#protection) this.#update(protection);
    const facts = this.#limiter === null && this.#shedder === null ? null : factsOf(exchange);
    const limited = facts === null ? null : (this.#limiter?.take(facts) ?? null);
    if (limited !== null) {
      exchange.flags.add('RL');
      return rateLimited(limited);
    }
    const port = exchange.facts.localPort;
    if (this.#isFull(port, protection)) {
      exchange.flags.add('UO');
      return OVERFLOW;
    }
    const deadlineMs = protection.inbound.resilience?.deadlineMs;
    const endsAt = exchange.startedAt + (deadlineMs ?? Number.POSITIVE_INFINITY);
    const held = new Held(exchange, { clock: this.#clock, deadlines: this.#deadlines, endsAt });
    if (this.#shedder !== null && facts !== null) {
      const priority = decidePriority(protection.priorities, facts);
      const refusal = priority === 'exempt' ? null : held.apply(this.#shedder, priority);
      if (refusal !== null) return refusal;
    }
    return held.begin(this.#counted(port));
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

  #update(protection: Protection): void {
    this.#protection = protection;
    const { rateLimit, resilience } = protection.inbound;
    if (rateLimit === undefined) this.#limiter = null;
    else if (this.#limiter === null) this.#limiter = new RateLimiter(rateLimit, this.#clock);
    else this.#limiter.setPolicy(rateLimit);
    const { concurrency, queue } = resilience ?? {};
    if (concurrency === undefined) this.#shedder = null;
    else if (this.#shedder === null) {
      const [clock, random, loop] = [this.#clock, this.#random, this.#loop];
      this.#shedder = new Shedder(concurrency, queue, { clock, random, loop });
    } else this.#shedder.setPolicy(concurrency, queue);
  }
}

function factsOf({ facts, path }: Exchange): RateLimitFacts {
  const { method, headers, peer, remoteIp } = facts;
  return { method, path, headers, principal: peer.id?.principal ?? null, remoteIp };
}
