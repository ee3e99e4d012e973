/** The rate limits of the hosts that have one, with the buckets that outlive every snapshot. */
import type { Clock } from '../base/clock.js';
import type { Call } from '../model/call.js';
import type { CallFilter } from '../model/filter.js';
import type { Rejected } from '../model/outcome.js';
import type { EffectiveHost } from '../policy/effective.js';
import { RateLimiter } from '../traffic/rate-limit/index.js';
import { CALL_ORDER, inOrder } from './order.js';

export class RateLimits {
  readonly #clock: Clock;
  /** By host. */
  #limiters: ReadonlyMap<string, RateLimiter> = new Map();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes over what policy says now. @returns `filters`, and one more among them if there is any limit */
  among(filters: readonly CallFilter[], hosts: readonly EffectiveHost[]): readonly CallFilter[] {
    const limiters = new Map<string, RateLimiter>();
    for (const { host, rateLimit } of hosts) {
      if (rateLimit === undefined) continue;
      const limiter = this.#limiters.get(host) ?? new RateLimiter(rateLimit, this.#clock);
      limiter.setPolicy(rateLimit);
      limiters.set(host, limiter);
    }
    this.#limiters = limiters;
    return limiters.size === 0 ? filters : inOrder(CALL_ORDER, [...filters, filterOf(limiters)]);
  }
}

function filterOf(limiters: ReadonlyMap<string, RateLimiter>): CallFilter {
  return {
    name: 'rate-limit',
    admit(call) {
      const limiter = limiters.get(call.service);
      return limiter === undefined ? null : limitCall(limiter, call);
    },
  };
}

function limitCall(limiter: RateLimiter, call: Call): Rejected | null {
  const { method, originalPath: path, headers } = call;
  const limited = limiter.take({ method, path, headers, principal: null, remoteIp: '' });
  if (limited === null) return null;
  return {
    kind: 'rejected',
    code: 'HEDDLE_RATE_LIMITED',
    flag: 'RL',
    status: 429,
    because: 'local_rate_limited',
    detail: `limit '${limited.limit.name}' of RateLimit ${limiter.policy.policy} is used up`,
    retryAfterMs: limited.retryAfterMs,
  };
}
