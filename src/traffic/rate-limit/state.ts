/** The buckets of one policy. A limit that a new policy says in the same words keeps them. */
import { hash } from 'node:crypto';
import type { Clock } from '../../base/clock.js';
import { compileRequestMatch, type RequestTest } from '../../model/request-match.js';
import { type Bucket, hasToken, keyOf, nextTokenMs, type RateLimitFacts, refill } from './decide.js';
import type { RateLimitPolicy, RateLimitRule } from './policy.js';

/** Why a request may not pass. */
export interface Limited {
  readonly limit: RateLimitRule;
  /** Until the next token. */
  readonly retryAfterMs: number;
}

/** Buckets of one limit: what was used longest ago is forgotten first, and begins full again. */
export const MOST_KEYS = 10_000;

/** A key that is no longer is kept as it is: principals, addresses, most headers. */
const LONGEST_KEY = 256;

/** Callers write headers as long as the head of a request may be: ten thousand of those are not kept. */
function kept(key: string): string {
  return key.length <= LONGEST_KEY ? key : `sha256 ${hash('sha256', key, 'base64')}`;
}

export class RateLimiter {
  readonly #clock: Clock;
  #policy: RateLimitPolicy;
  #limits: Limit[] = [];

  constructor(policy: RateLimitPolicy, clock: Clock) {
    this.#clock = clock;
    this.#policy = policy;
    this.setPolicy(policy);
  }

  get policy(): RateLimitPolicy {
    return this.#policy;
  }

  setPolicy(policy: RateLimitPolicy): void {
    this.#policy = policy;
    const known = new Map(this.#limits.map((limit) => [limit.words, limit]));
    this.#limits = policy.limits.map((rule) => known.get(JSON.stringify(rule)) ?? new Limit(rule));
  }

  /** Takes a token of every limit that the request matches, or of none. @returns null: it may pass */
  take(facts: RateLimitFacts): Limited | null {
    const now = this.#clock.now();
    for (const limit of this.#limits) {
      if (!limit.test(facts)) continue;
      const bucket = limit.bucket(facts, now);
      if (!hasToken(bucket)) return { limit: limit.rule, retryAfterMs: nextTokenMs(limit.rule, bucket) };
    }
    for (const limit of this.#limits) if (limit.test(facts)) limit.spend(facts, now);
    return null;
  }
}

class Limit {
  readonly rule: RateLimitRule;
  readonly test: RequestTest;
  readonly words: string;
  readonly #buckets = new Map<string, Bucket>();

  constructor(rule: RateLimitRule) {
    this.rule = rule;
    this.test = compileRequestMatch(rule.match);
    this.words = JSON.stringify(rule);
  }

  bucket(facts: RateLimitFacts, now: number): Bucket {
    const bucket = this.#buckets.get(kept(keyOf(this.rule.by, facts)));
    return bucket === undefined ? { tokens: this.rule.burst, at: now } : refill(this.rule, bucket, now);
  }

  spend(facts: RateLimitFacts, now: number): void {
    const key = kept(keyOf(this.rule.by, facts));
    const { tokens } = this.bucket(facts, now);
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: Math.max(0, tokens - 1), at: now });
    if (this.#buckets.size > MOST_KEYS) this.#buckets.delete(this.#buckets.keys().next().value!);
  }
}
