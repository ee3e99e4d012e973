/** Hedged calls, their deadlines and their places in limits and budgets, in virtual time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StreamBody } from '../model/request-body.js';
import { type HedgePolicy, hedgePolicyFrom } from '../traffic/hedge/policy.js';
import {
  Bench,
  cluster,
  endpoint,
  failed,
  NOTHING,
  retries,
  route,
  text,
  type World,
} from './fixtures.test.helper.js';

const HEDGING = hedgePolicyFrom({ maxAttempts: 2, delayMs: 100 });

function world(changes: Partial<HedgePolicy> = {}, rest: World & { cluster?: object } = {}): World {
  const { cluster: more, ...others } = rest;
  return { clusters: [cluster({ hedging: { ...HEDGING, ...changes }, ...more })], ...others };
}

/** One tick of the wheel of deadlines, by which it may be late. */
const TICK = 4;

test('an answer in time is the only attempt', async () => {
  const bench = new Bench(world());
  const { outcome } = await bench.begin();
  await bench.clock.advanceAsync(99);
  bench.wire.last.respond(200, 'first');
  assert.equal(await text(await outcome), 'first');
  await bench.clock.advanceAsync(10_000);
  assert.equal(bench.wire.sent.length, 1);
  assert.deepEqual(bench.held(), NOTHING);
});

test('after the delay a second attempt begins on another endpoint; it wins, and the first is given up at once', async () => {
  const bench = new Bench(world());
  const { call, outcome } = await bench.begin();
  await bench.clock.advanceAsync(100 + TICK);
  const [first, second] = bench.wire.sent;
  assert.equal(bench.wire.sent.length, 2);
  assert.notEqual(first!.endpoint, second!.endpoint);
  assert.equal(first!.headers['x-envoy-attempt-count'], '1');
  assert.equal(second!.attempt.headers?.['x-envoy-attempt-count'], '2');
  assert.equal(first!.attempt.headers?.['x-envoy-attempt-count'], '1', 'what the first says stays its own');
  assert.deepEqual(bench.held(), { active: 1, deadlines: 0, limit: 2, retries: 1, inFlight: 2 });
  second!.respond(200, 'second');
  assert.equal(await text(await outcome), 'second');
  assert.equal(first!.attempt.stopped, 'cancelled');
  assert.equal(call.attempts, 2);
  assert.equal(call.current, second!.attempt);
  assert.deepEqual(bench.held(), NOTHING);
});

test('the first attempt can still win, and the second is given up', async () => {
  const bench = new Bench(world());
  const { call, outcome } = await bench.begin();
  await bench.clock.advanceAsync(100 + TICK);
  const [first, second] = bench.wire.sent;
  first!.respond(200, 'first');
  assert.equal(await text(await outcome), 'first');
  assert.equal(second!.attempt.stopped, 'cancelled');
  assert.equal(call.current, first!.attempt);
  assert.deepEqual(bench.held(), NOTHING);
});

test('attempts begin one after the other up to the most there may be, each on an endpoint of its own', async () => {
  const endpoints = [1, 2, 3, 4, 5].map((number) => endpoint(number));
  const bench = new Bench(world({ maxAttempts: 4 }, { endpoints }));
  const { outcome } = await bench.begin();
  const begun: number[] = [];
  for (let i = 0; i < 6; i += 1) {
    await bench.clock.advanceAsync(100 + TICK);
    begun.push(bench.wire.sent.length);
  }
  assert.deepEqual(begun, [2, 3, 4, 4, 4, 4]);
  assert.equal(new Set(bench.wire.sent.map((sent) => sent.endpoint)).size, 4);
  bench.wire.sent[2]!.respond(200);
  await outcome;
  assert.deepEqual(
    bench.wire.sent.map(({ attempt }) => attempt.stopped),
    ['cancelled', 'cancelled', null, 'cancelled'],
  );
  assert.deepEqual(bench.held(), NOTHING);
});

test('a failure does not win while another attempt is under way', async () => {
  const bench = new Bench(world());
  const { outcome } = await bench.begin();
  await bench.clock.advanceAsync(100 + TICK);
  const [first, second] = bench.wire.sent;
  second!.respond(503, 'busy');
  await bench.clock.advanceAsync(50);
  assert.equal(bench.held().limit, 1, 'its place is free');
  first!.respond(200, 'first');
  assert.equal(await text(await outcome), 'first');
  assert.deepEqual(bench.held(), NOTHING);
});

test('if all fail the last outcome is the call’s, and the retry policy has its say', async () => {
  const bench = new Bench(world({}, { routes: [route({ retries: retries({ attempts: 1 }) })] }));
  const { call, outcome } = await bench.begin();
  await bench.clock.advanceAsync(100 + TICK);
  const [first, second] = bench.wire.sent;
  first!.fail('connection-termination');
  second!.respond(503, 'busy');
  await bench.clock.advanceAsync(300);
  assert.equal(bench.wire.sent.length, 3);
  assert.equal(bench.wire.last.headers['x-envoy-attempt-count'], '3');
  bench.wire.last.respond(200, 'third');
  assert.equal(await text(await outcome), 'third');
  assert.equal(call.attempts, 3);
  assert.deepEqual(bench.held(), NOTHING);
});

test('a failure before the delay is left to the retry policy', async () => {
  const bench = new Bench(world());
  const { outcome } = await bench.begin();
  bench.wire.last.fail('connection-failure', 'no');
  assert.equal(failed(await outcome).reset, 'connection-failure');
  await bench.clock.advanceAsync(1_000);
  assert.equal(bench.wire.sent.length, 1);
  assert.deepEqual(bench.held(), NOTHING);
});

test('methods that may not be repeated, and bodies that can be read once, are not hedged', async () => {
  const once = new StreamBody((async function* () {})());
  for (const [changes, request, attempts] of [
    [{}, { method: 'POST' }, 1],
    [{ methods: ['POST'] }, { method: 'POST' }, 2],
    [{ methods: ['POST'] }, { method: 'POST', body: 'text' }, 2],
    [{ methods: ['POST'] }, { method: 'POST', body: once }, 1],
    [{ methods: ['POST'] }, { method: 'GET' }, 1],
  ] as const) {
    const bench = new Bench(world(changes));
    const { outcome } = await bench.begin(request);
    await bench.clock.advanceAsync(200);
    assert.equal(bench.wire.sent.length, attempts, JSON.stringify([changes, request.method]));
    bench.wire.sent[0]!.respond(200);
    await outcome;
    assert.deepEqual(bench.held(), NOTHING);
  }
});

test('without another endpoint there is no second attempt; with a new one there is', async () => {
  const bench = new Bench(world({}, { endpoints: [endpoint(1)] }));
  const { outcome } = await bench.begin();
  await bench.clock.advanceAsync(500);
  assert.equal(bench.wire.sent.length, 1);
  bench.wire.last.respond(200);
  await outcome;
  assert.deepEqual(bench.held(), NOTHING);
});

test('the retry budget binds hedges: of many slow calls only as many as it allows begin a second attempt', async () => {
  const retryBudget = { budgetPercent: 20, minRetryConcurrency: 2 };
  const bench = new Bench(world({}, { cluster: { retryBudget } }));
  const calls = [];
  for (let i = 0; i < 20; i += 1) calls.push(await bench.begin());
  await bench.clock.advanceAsync(100 + TICK);
  assert.equal(bench.wire.sent.length - 20, bench.held().retries);
  assert.equal(bench.held().retries, 4, '20 % of 20 and of the few more');
  for (const sent of [...bench.wire.sent]) sent.respond(200);
  await Promise.all(calls.map(({ outcome }) => outcome));
  assert.deepEqual(bench.held(), NOTHING);
});

test('hedges count into the limit: beyond it they are refused, and the call goes on with its first attempt', async () => {
  const bench = new Bench(world({}, { cluster: { limits: { maxRequests: 1 } } }));
  const { outcome } = await bench.begin();
  await bench.clock.advanceAsync(100 + TICK);
  assert.equal(bench.wire.sent.length, 1);
  bench.wire.last.respond(200, 'first');
  assert.equal(await text(await outcome), 'first');
  assert.deepEqual(bench.held(), NOTHING);
});

test('the deadline of the call ends all attempts, and none begins after it', async () => {
  const bench = new Bench(world({ maxAttempts: 5 }, { routes: [route({ timeoutMs: 150 })] }));
  const { outcome } = await bench.begin();
  await bench.clock.advanceAsync(150 + TICK);
  assert.equal(failed(await outcome).reset, 'timeout');
  assert.equal(bench.wire.sent.length, 2);
  assert.deepEqual(
    bench.wire.sent.map(({ attempt }) => attempt.stopped),
    ['deadline', 'deadline'],
  );
  await bench.clock.advanceAsync(1_000);
  assert.equal(bench.wire.sent.length, 2);
  assert.deepEqual(bench.held(), NOTHING);
});

test('a caller that gives up ends all attempts', async () => {
  const bench = new Bench(world());
  const abort = new AbortController();
  const { outcome } = await bench.begin({ signal: abort.signal });
  await bench.clock.advanceAsync(100 + TICK);
  abort.abort(new Error('enough'));
  assert.equal((await outcome).kind, 'cancelled');
  assert.deepEqual(
    bench.wire.sent.map(({ attempt }) => attempt.stopped),
    ['cancelled', 'cancelled'],
  );
  assert.deepEqual(bench.held(), NOTHING);
});

test('each attempt has its own time per try; one that runs out of it leaves the other running', async () => {
  const bench = new Bench(world({}, { routes: [route({ retries: retries({ perTryTimeoutMs: 150 }) })] }));
  const { outcome } = await bench.begin();
  await bench.clock.advanceAsync(150 + TICK);
  assert.equal(bench.wire.sent[0]!.attempt.stopped, 'per-try-timeout');
  assert.equal(bench.wire.sent[1]!.attempt.stopped, null);
  bench.wire.sent[1]!.respond(200, 'second');
  assert.equal(await text(await outcome), 'second');
  assert.deepEqual(bench.held(), NOTHING);
});

test('losers eject nobody: being given up is no failure of theirs', async () => {
  const outlier = {
    consecutive5xx: 1,
    consecutiveGatewayErrors: 1,
    splitLocalOrigin: false,
    consecutiveLocalOriginFailures: 1,
    intervalMs: 1_000,
    baseEjectionTimeMs: 5_000,
    maxEjectionPercent: 100,
    minHealthPercent: 0,
  };
  const breaker = { errorThresholdPercent: 1, volumeThreshold: 1, windowMs: 1_000, openMs: 1_000 };
  const retryBudget = { budgetPercent: 0, minRetryConcurrency: 1 };
  const bench = new Bench(world({}, { cluster: { outlier, breaker, retryBudget } }));
  for (let i = 0; i < 10; i += 1) {
    const { outcome } = await bench.begin();
    await bench.clock.advanceAsync(100 + TICK);
    bench.wire.last.respond(200);
    assert.equal((await outcome).kind, 'response');
  }
  assert.equal(bench.wire.sent.length, 20);
  assert.deepEqual(
    bench.cluster().endpoints.map(({ ejected }) => ejected),
    [false, false, false],
  );
  assert.equal(bench.cluster().state.breaker?.state, 'closed');
  bench.binder.dispose();
});

test('the winner’s body belongs to the call: reading it to the end frees its place', async () => {
  const bench = new Bench(world());
  const { call, outcome } = await bench.begin();
  await bench.clock.advanceAsync(100 + TICK);
  const body = bench.wire.sent[1]!.head(200);
  await outcome;
  assert.deepEqual(bench.held(), { active: 1, deadlines: 0, limit: 1, retries: 0, inFlight: 1 });
  call.cancel('signal', new Error('enough'));
  assert.equal(bench.wire.sent[1]!.attempt.stopped, 'cancelled');
  body.end();
  assert.deepEqual(bench.held(), NOTHING);
});

test('a host’s deadline holds where nothing else does, and the smaller one wins', async () => {
  for (const [deadlineMs, timeoutMs, asked, expected] of [
    [300, null, undefined, 300],
    [300, 200, undefined, 200],
    [300, 500, undefined, 300],
    [300, null, 100, 100],
  ] as const) {
    const bench = new Bench({ clusters: [cluster({ deadlineMs })], routes: [route({ timeoutMs })] });
    const { call, outcome } = await bench.begin({ timeoutMs: asked });
    assert.equal(call.deadlineAt, expected);
    assert.equal(bench.wire.last.headers['x-heddle-deadline-ms'], String(expected));
    await bench.clock.advanceAsync(expected - 1);
    assert.equal(bench.wire.last.attempt.stopped, null);
    await bench.clock.advanceAsync(1 + TICK);
    assert.equal(failed(await outcome).flag, 'UT');
    assert.deepEqual(bench.held(), NOTHING);
  }
});

type Move = 'ok' | 'busy' | 'lost' | 'head' | 'wait' | 'abort';

test('whatever happens to hedged calls, nothing of them is left, and nobody is asked too often', async () => {
  const facts = fc.record({
    endpoints: fc.integer({ min: 1, max: 5 }),
    maxAttempts: fc.integer({ min: 2, max: 5 }),
    attempts: fc.integer({ min: 0, max: 2 }),
    timeoutMs: fc.option(fc.integer({ min: 1, max: 400 })),
    maxRequests: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
    moves: fc.array(
      fc.tuple(
        fc.constantFrom<Move>('ok', 'busy', 'lost', 'head', 'wait', 'wait', 'abort'),
        fc.integer({ min: 0, max: 4 }),
        fc.integer({ min: 0, max: 150 }),
      ),
      { maxLength: 12 },
    ),
  });
  await fc.assert(
    fc.asyncProperty(facts, async ({ endpoints, maxAttempts, attempts, timeoutMs, maxRequests, moves }) => {
      const bench = new Bench(
        world(
          { maxAttempts },
          {
            endpoints: Array.from({ length: endpoints }, (_, i) => endpoint(i + 1)),
            routes: [route({ timeoutMs, retries: attempts === 0 ? null : retries({ attempts }) })],
            cluster: { limits: maxRequests === undefined ? {} : { maxRequests } },
          },
        ),
      );
      const abort = new AbortController();
      const { call, outcome } = await bench.begin({ signal: abort.signal });
      for (const [move, at, ms] of moves) {
        const open = bench.wire.sent.filter(({ attempt }) => attempt.abort !== null);
        const sent = open[at % Math.max(1, open.length)];
        if (move === 'ok') sent?.respond(200);
        else if (move === 'busy') sent?.respond(503);
        else if (move === 'lost') sent?.fail('connection-termination');
        else if (move === 'head') sent?.head(200);
        else if (move === 'abort' && at === 0) abort.abort(new Error('enough'));
        await bench.clock.advanceAsync(ms);
        assert.ok(bench.held().limit <= maxAttempts);
      }
      abort.abort(new Error('the end'));
      const ended = await outcome;
      if (ended.kind === 'response') ended.body.drop(new Error('not wanted'));
      call.release();
      await bench.clock.advanceAsync(1_000);
      assert.deepEqual(bench.held(), NOTHING);
      assert.ok(bench.wire.sent.length <= Math.min(maxAttempts, endpoints) + attempts);
    }),
    { numRuns: 150 },
  );
});
