import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FakeClock, seededRandom } from '../../base/testing.js';
import type { Outcome } from '../../model/outcome.js';
import { ResponseBody } from '../../model/response-body.js';
import { testAttempt } from '../../model/testing.js';
import { type LoopFacts, nextLimit, nextMeasurementMs, percentile } from './decide.js';
import { ConcurrencyState, concurrencyFilter } from './index.js';
import { type ConcurrencyPolicy, concurrencyPolicyFrom, describeConcurrency } from './policy.js';

const POLICY = concurrencyPolicyFrom({ jitterPercent: 0, minRttRequests: 5 });

function controller(changes: Partial<ConcurrencyPolicy> = {}) {
  const clock = new FakeClock();
  const state = new ConcurrencyState({ ...POLICY, ...changes }, { clock, random: seededRandom(1) });
  /** `count` requests one after the other, each of which takes `latencyMs`. */
  const serve = (count: number, latencyMs: number) => {
    for (let i = 0; i < count; i += 1) {
      const startedAt = clock.now();
      assert.equal(state.enter(), true);
      clock.advance(latencyMs);
      state.sample(startedAt);
      state.leave();
    }
  };
  /** Ends the window after requests of `latencyMs`. */
  const window = (latencyMs: number) => {
    const startedAt = clock.now();
    clock.advance(latencyMs);
    state.sample(startedAt);
    clock.advance(Math.max(0, 100 - latencyMs));
    state.tick();
  };
  return { clock, state, serve, window };
}

test('the next limit is what Envoy computes', () => {
  const policy = concurrencyPolicyFrom({ minLimit: 3, maxLimit: 1_000 });
  const next = (limit: number, minRttMs: number, sampleRttMs: number) =>
    nextLimit(policy, { limit, minRttMs, sampleRttMs });
  assert.equal(next(16, 10, 12.5), 20, 'as fast as the buffer allows: the square root is added');
  assert.equal(next(100, 10, 5), 214, 'twice at most: 200 and its root');
  assert.equal(next(100, 10, 100), 57, 'half at least: 50 and its root');
  assert.equal(next(100, 10, 15), 92, '83.3 and its root, without the fraction');
  assert.equal(next(3, 10, 1_000), 3, 'the least');
  assert.equal(next(900, 10, 10), 1_000, 'the most');
  assert.equal(next(10, 0, 0), 24, 'nothing to measure is as fast as can be');
});

test('an event loop that is late makes the limit smaller, however fast the answers are', () => {
  const policy = concurrencyPolicyFrom({ minLimit: 3, maxLimit: 1_000 });
  const next = (loop: LoopFacts) => nextLimit(policy, { limit: 100, minRttMs: 10, sampleRttMs: 5, loop });
  const loop = { sampleMs: 12.5, minMs: 1, toleratedMs: 10 };
  assert.equal(next(loop), 214, 'a quarter more than tolerated is nothing to act on');
  assert.equal(next({ ...loop, sampleMs: 25 }), 57, 'half of it');
  assert.equal(next({ ...loop, sampleMs: 500 }), 57, 'and not less');
  assert.equal(
    next({ ...loop, sampleMs: 60, minMs: 50 }),
    214,
    'what an idle service does is no sign of load',
  );
});

test('a window goes by the turn that whoever arrives at any time falls into', () => {
  const { state, serve, window } = controller({ initialLimit: 100 });
  serve(5, 10);
  for (let turns = 0; turns < 75; turns += 1) state.turn(1, 10);
  window(10);
  assert.equal(state.limit, 136, 'short turns say nothing');
  for (let turns = 0; turns < 30; turns += 1) state.turn(1, 10);
  state.turn(30, 10);
  window(10);
  assert.equal(
    state.limit,
    120,
    'half of the time went into one long turn: 15.5 ms for 12.5 that are aimed at',
  );
});

test('the limit stays within its bounds, and moves by a factor of two and a root at most', () => {
  const facts = fc.record({
    limit: fc.integer({ min: 3, max: 1_000 }),
    minRttMs: fc.double({ min: 0, max: 1e4, noNaN: true }),
    sampleRttMs: fc.double({ min: 0, max: 1e4, noNaN: true }),
  });
  fc.assert(
    fc.property(facts, (given) => {
      const next = nextLimit(POLICY, given);
      assert.ok(Number.isInteger(next) && next >= 3 && next <= 1_000);
      assert.ok(next <= given.limit * 2 + Math.sqrt(given.limit * 2));
      assert.ok(next >= Math.min(1_000, Math.floor(given.limit / 2)));
    }),
  );
});

test('a percentile is one of the values', () => {
  assert.equal(percentile([5, 1, 3, 2, 4], 50), 3);
  assert.equal(percentile([5, 1, 3, 2, 4], 100), 5);
  assert.equal(percentile([5, 1, 3, 2, 4], 1), 1);
  assert.equal(percentile([7], 50), 7);
});

test('processes do not measure all at once: up to 15 % later, drawn by each', () => {
  const policy = concurrencyPolicyFrom({ minRttIntervalMs: 60_000 });
  assert.equal(nextMeasurementMs(policy, { next: () => 0 }), 60_000);
  assert.equal(nextMeasurementMs(policy, { next: () => 0.999_999 }), 68_999);
});

test('it begins by measuring at the least limit, and goes on from the initial one', () => {
  const { state, serve } = controller({ initialLimit: 20 });
  assert.equal(state.limit, 3);
  assert.equal(state.measuring, true);
  serve(4, 10);
  assert.equal(state.measuring, true);
  serve(1, 10);
  assert.equal(state.measuring, false);
  assert.equal(state.minRttMs, 10);
  assert.equal(state.limit, 20);
});

test('beyond the limit nothing is let in until something is over', () => {
  const { state } = controller();
  assert.deepEqual(
    [1, 2, 3, 4].map(() => state.enter()),
    [true, true, true, false],
  );
  state.leave();
  assert.equal(state.enter(), true);
  assert.equal(state.active, 3);
});

test('a fast service gets more each window, a slow one less', () => {
  const { state, serve, window } = controller();
  serve(5, 10);
  const limits: number[] = [];
  for (let i = 0; i < 4; i += 1) {
    window(10);
    limits.push(state.limit);
  }
  assert.deepEqual(limits, [5, 8, 13, 20]);
  limits.length = 0;
  for (let i = 0; i < 3; i += 1) {
    window(50);
    limits.push(state.limit);
  }
  assert.deepEqual(limits, [13, 9, 6]);
});

test('a window in which nothing was answered changes nothing', () => {
  const { clock, state, serve } = controller({ initialLimit: 20 });
  serve(5, 10);
  clock.advance(10_000);
  state.tick();
  assert.equal(state.limit, 20);
});

test('the smallest latency is measured anew after its interval, and what was under way before does not count', () => {
  const { clock, state, serve } = controller({ initialLimit: 20, minRttIntervalMs: 5_000 });
  serve(5, 10);
  const old = clock.now();
  clock.advance(5_000);
  state.tick();
  assert.equal(state.measuring, true);
  assert.equal(state.limit, 3);
  for (let i = 0; i < 10; i += 1) state.sample(old);
  assert.equal(state.measuring, true, 'those began before');
  serve(5, 30);
  assert.equal(state.minRttMs, 30);
  assert.equal(state.limit, 20, 'the limit from before holds again');
});

test('five windows in a row at the least limit call the measurement into question', () => {
  const { state, serve, window } = controller();
  serve(5, 10);
  for (let i = 0; i < 4; i += 1) window(90);
  assert.equal(state.limit, 3);
  assert.equal(state.measuring, false);
  window(90);
  assert.equal(state.measuring, true);
  serve(5, 90);
  assert.equal(state.minRttMs, 90);
});

test('of very many latencies a fair sample is kept', () => {
  const { clock, state, serve } = controller({ initialLimit: 20 });
  serve(5, 10);
  const startedAt = clock.now();
  clock.advance(10);
  for (let i = 0; i < 50_000; i += 1) state.sample(startedAt);
  clock.advance(100);
  state.tick();
  assert.equal(state.limit, 30);
});

test('a new policy keeps what was learnt, within the new bounds', () => {
  const { state, serve } = controller({ initialLimit: 50 });
  serve(5, 10);
  state.setPolicy({ ...POLICY, maxLimit: 40 });
  assert.equal(state.limit, 40);
  assert.equal(state.minRttMs, 10);
  assert.equal(state.measuring, false);
});

test('as a filter it refuses beyond the limit, measures responses only, and gives every place back', () => {
  const { state } = controller({ minRttRequests: 1, initialLimit: 7 });
  const filter = concurrencyFilter(state);
  const attempts = [testAttempt(), testAttempt(), testAttempt()];
  for (const attempt of attempts) assert.equal(filter.admit(attempt), null);
  assert.deepEqual(filter.admit(testAttempt()), {
    kind: 'rejected',
    code: 'HEDDLE_OVERLOADED',
    flag: 'UO',
    status: 503,
    because: 'reached_concurrency_limit',
  });
  filter.settle!(attempts[0]!, { kind: 'cancelled', cause: undefined });
  assert.equal(state.measuring, true);
  filter.settle!(attempts[1]!, response());
  assert.equal(state.limit, 7);
  for (const attempt of attempts) filter.release!(attempt);
  assert.equal(state.active, 0);
});

function response(): Outcome {
  return { kind: 'response', status: 200, statusText: '', headers: {}, body: ResponseBody.of('') };
}

test('it is described in a line', () => {
  assert.equal(
    describeConcurrency(POLICY),
    'adaptive concurrency: between 3 and 1000 at once, adjusted each 100 ms; more are answered 503',
  );
});
