import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FakeClock } from '../../base/testing.js';
import type { RateLimitFacts } from './decide.js';
import { MOST_KEYS, RateLimiter } from './index.js';
import { describeRateLimit, type RateLimitRule } from './policy.js';

const ALL: RateLimitRule = { name: 'all', requests: 10, perMs: 1_000, burst: 10 };

const request = (changes: Partial<RateLimitFacts> = {}): RateLimitFacts => ({
  method: 'GET',
  path: '/',
  headers: {},
  principal: null,
  remoteIp: '10.0.0.1',
  ...changes,
});

function limiter(...limits: RateLimitRule[]) {
  const clock = new FakeClock();
  const state = new RateLimiter({ policy: 'ns/limit', limits }, clock);
  const passed = (count: number, facts = request()) => {
    let admitted = 0;
    for (let i = 0; i < count; i += 1) if (state.take(facts) === null) admitted += 1;
    return admitted;
  };
  return { clock, state, passed };
}

test('a bucket begins full, and tokens come back one by one', () => {
  const { clock, passed } = limiter(ALL);
  assert.equal(passed(25), 10);
  clock.advance(99);
  assert.equal(passed(5), 0);
  clock.advance(1);
  assert.equal(passed(5), 1);
  clock.advance(500);
  assert.equal(passed(50), 5);
  clock.advance(3_600_000);
  assert.equal(passed(50), 10);
});

test('a burst is more than what comes in a time, or less', () => {
  const more = limiter({ ...ALL, burst: 25 });
  assert.equal(more.passed(50), 25);
  more.clock.advance(1_000);
  assert.equal(more.passed(50), 10);
  const less = limiter({ ...ALL, burst: 2 });
  assert.equal(less.passed(50), 2);
  less.clock.advance(1_000);
  assert.equal(less.passed(50), 2);
});

test('who is refused is told when the next token is there', () => {
  const { clock, state, passed } = limiter(ALL);
  passed(10);
  assert.equal(state.take(request())?.retryAfterMs, 100);
  clock.advance(30);
  const limited = state.take(request());
  assert.equal(limited?.retryAfterMs, 70);
  assert.equal(limited.limit.name, 'all');
  clock.advance(70);
  assert.equal(state.take(request()), null);
});

test('a third of a second is no whole number, and three are one second all the same', () => {
  const { clock, passed } = limiter({ name: 'thirds', requests: 3, perMs: 1_000, burst: 3 });
  assert.equal(passed(9), 3);
  let admitted = 0;
  for (let ms = 0; ms < 10_000; ms += 1) {
    clock.advance(1);
    admitted += passed(1);
  }
  assert.equal(admitted, 30);
});

test('each value of a key has a bucket of its own, and those without one share', () => {
  const { passed } = limiter({ ...ALL, by: ['header:x-tenant'] });
  assert.equal(passed(15, request({ headers: { 'x-tenant': 'a' } })), 10);
  assert.equal(passed(15, request({ headers: { 'x-tenant': 'b' } })), 10);
  assert.equal(passed(6), 6);
  assert.equal(passed(6, request({ remoteIp: '10.0.0.2' })), 4);
});

test('keys together are one key, and cannot be mixed up by what is in them', () => {
  const { passed } = limiter({ ...ALL, requests: 1, burst: 1, by: ['principal', 'remoteIp'] });
  assert.equal(passed(2, request({ principal: 'a' })), 1);
  assert.equal(passed(2, request({ principal: 'a', remoteIp: '10.0.0.2' })), 1);
  assert.equal(passed(2, request({ principal: 'a","10.0.0.2', remoteIp: '' })), 1);
});

test('a request that one limit refuses takes no token of another', () => {
  const writes: RateLimitRule = {
    ...ALL,
    name: 'writes',
    requests: 2,
    burst: 2,
    match: { methods: ['POST'] },
  };
  const { passed, state } = limiter(ALL, writes);
  const post = request({ method: 'POST' });
  assert.equal(passed(8, post), 2);
  assert.equal(state.take(post)?.limit.name, 'writes');
  assert.equal(passed(20), 8);
});

test('a limit in the same words keeps its buckets when policy changes, others begin full', () => {
  const { state, passed } = limiter(ALL);
  passed(7);
  state.setPolicy({
    policy: 'ns/limit',
    limits: [{ ...ALL }, { ...ALL, name: 'more', requests: 100, burst: 100 }],
  });
  assert.equal(passed(20), 3);
  state.setPolicy({ policy: 'ns/limit', limits: [{ ...ALL, burst: 5 }] });
  assert.equal(passed(20), 5);
});

test('what was used longest ago is forgotten first', () => {
  const { state } = limiter({ ...ALL, requests: 1, burst: 1, by: ['header:x-id'] });
  const of = (id: number) => request({ headers: { 'x-id': String(id) } });
  for (let id = 0; id < MOST_KEYS; id += 1) assert.equal(state.take(of(id)), null);
  assert.notEqual(state.take(of(0)), null);
  assert.equal(state.take(of(MOST_KEYS)), null);
  assert.equal(state.take(of(0)), null, 'the oldest was forgotten');
  assert.notEqual(state.take(of(2)), null, 'the others were not');
});

test('in no time do more pass than the burst and what came meanwhile', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 5_000 }),
      fc.integer({ min: 1, max: 100 }),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 1, max: 30 })), {
        maxLength: 40,
      }),
      (requests, perMs, burst, steps) => {
        const { clock, passed } = limiter({ name: 'x', requests, perMs, burst });
        let admitted = 0;
        for (const [ms, asked] of steps) {
          clock.advance(ms);
          admitted += passed(asked);
          assert.ok(admitted <= burst + (clock.now() * requests) / perMs + 1e-6);
        }
      },
    ),
  );
});

test('a limit is described in a line', () => {
  const limits: RateLimitRule[] = [
    ALL,
    { ...ALL, name: 'each', by: ['principal'], match: { paths: ['/a'] } },
  ];
  assert.deepEqual(describeRateLimit({ policy: 'ns/api', limits }), [
    "rate limit ns/api 'all': 10 requests each 1000 ms, burst 10",
    "rate limit ns/api 'each': 10 requests each 1000 ms, burst 10, for each principal, of those that match",
  ]);
});

test('keys that are very long have buckets of their own like any others', () => {
  const { passed } = limiter({ ...ALL, by: ['header:x-key'] });
  const of = (last: string) => request({ headers: { 'x-key': `${'k'.repeat(10_000)}${last}` } });
  assert.equal(passed(12, of('a')), 10);
  assert.equal(passed(12, of('b')), 10);
  assert.equal(passed(1, of('a')), 0);
});
