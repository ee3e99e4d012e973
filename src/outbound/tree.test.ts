/** What calls tell their peers of deadlines and retries, and what the exchange being served makes of both; in virtual time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bench, cluster, NOTHING, retries, route, serving } from './fixtures.test.helper.js';

const grpc = { 'content-type': 'application/grpc' };

test('a gRPC call ends by its own grpc-timeout, and each attempt says what is left of it', async () => {
  const bench = new Bench({ routes: [route({ retries: retries({ backoffMs: 1 }) })] });
  const headers = { ...grpc, 'grpc-timeout': '1S' };
  const { call, outcome } = await bench.begin({ method: 'POST', headers });
  assert.equal(call.deadlineAt, 1_000);
  assert.equal(bench.wire.last.headers['grpc-timeout'], '1000m');
  await bench.clock.advanceAsync(300);
  bench.wire.last.respond(503);
  await bench.clock.advanceAsync(1);
  assert.equal(bench.wire.last.headers['grpc-timeout'], '700m');
  bench.wire.last.respond(200);
  assert.equal((await outcome).kind, 'response');
  assert.deepEqual(bench.held(), NOTHING);
});

test('a grpc-timeout of nothing reaches nobody', async () => {
  const bench = new Bench();
  const { outcome } = await bench.begin({ method: 'POST', headers: { ...grpc, 'grpc-timeout': '0m' } });
  const ended = await outcome;
  assert.ok(ended.kind === 'failed' && ended.sent === 'no' && ended.code === 'HEDDLE_DEADLINE_EXCEEDED');
  assert.equal(bench.wire.sent.length, 0);
});

test('an attempt that is repeated when it is late says so, the last one does not', async () => {
  const policy = retries({ perTryTimeoutMs: 100, backoffMs: 1, attempts: 1 });
  const bench = new Bench({ routes: [route({ retries: policy })] });
  const { outcome } = await bench.begin();
  assert.equal(bench.wire.last.headers['x-heddle-retries'], 'on-timeout');
  await bench.clock.advanceAsync(110);
  assert.deepEqual([bench.wire.sent.length, bench.wire.last.headers['x-heddle-retries']], [2, undefined]);
  bench.wire.last.respond(200);
  await outcome;
});

test('what is called for a retry is told so, and is neither retried nor hedged', async () => {
  const bench = new Bench({
    routes: [route({ retries: retries() })],
    clusters: [cluster({ hedging: { maxAttempts: 3, delayMs: 10, methods: ['GET'] } })],
  });
  const exchange = serving(bench);
  exchange.repeated = true;
  const { outcome } = await bench.begin();
  await bench.clock.advanceAsync(100);
  assert.deepEqual([bench.wire.sent.length, bench.wire.last.headers['x-heddle-retries']], [1, 'spent']);
  bench.wire.last.respond(503);
  await outcome;
  assert.equal(exchange.retriesSpent, true);
});

test('a peer that says so spends the retries of the exchange, though policy has none for the call', async () => {
  const bench = new Bench();
  const exchange = serving(bench);
  const { outcome } = await bench.begin();
  bench.wire.last.head(503, { 'x-heddle-retries': 'spent' }).end();
  await outcome;
  assert.equal(exchange.retriesSpent, true);
});

test('what runs on after the answer has neither the deadline nor the retry of its exchange', async () => {
  const bench = new Bench({ routes: [route({ retries: retries() })] });
  const exchange = serving(bench, 50);
  exchange.repeated = true;
  exchange.ended = true;
  await bench.clock.advanceAsync(100);
  const { call, outcome } = await bench.begin();
  assert.equal(call.deadlineAt, Number.POSITIVE_INFINITY);
  bench.wire.last.respond(503);
  await bench.clock.advanceAsync(100);
  bench.wire.last.respond(200);
  assert.equal((await outcome).kind, 'response');
  assert.equal(bench.wire.sent.length, 2);
});

test('for a minute a handler whose caller is gone begins no calls; what is left after that is the process’s own', async () => {
  const bench = new Bench();
  const exchange = serving(bench);
  exchange.goneAt = 0;
  exchange.abandon();
  assert.equal((await (await bench.begin()).outcome).kind, 'cancelled');
  assert.equal(bench.wire.sent.length, 0);
  await bench.clock.advanceAsync(60_000);
  const { outcome } = await bench.begin();
  bench.wire.last.respond(200);
  assert.equal((await outcome).kind, 'response');
});

test('hedging asked for by header begins the next attempt beside a late one, as often as there are retries', async () => {
  const bench = new Bench({ routes: [route({ retries: retries({ attempts: 2 }) })] });
  const headers = {
    'x-envoy-hedge-on-per-try-timeout': 'true',
    'x-envoy-upstream-rq-per-try-timeout-ms': '50',
  };
  const { outcome } = await bench.begin({ headers });
  await bench.clock.advanceAsync(400);
  assert.deepEqual(
    bench.wire.sent.map(({ attempt }) => attempt.stopped),
    [null, null, null],
  );
  bench.wire.sent[1]!.respond(200);
  assert.equal((await outcome).kind, 'response');
  assert.deepEqual(bench.held(), NOTHING);
});

test('a call whose time is over is answered 204 where the caller asked for that, with the flag', async () => {
  const bench = new Bench({ routes: [route({ timeoutMs: 1_000 })] });
  const headers = {
    'x-envoy-upstream-rq-timeout-ms': '20',
    'x-envoy-upstream-rq-timeout-alt-response': '1',
  };
  const { call, outcome } = await bench.begin({ headers });
  await bench.clock.advanceAsync(30);
  const ended = await outcome;
  assert.ok(ended.kind === 'response' && ended.status === 204);
  assert.deepEqual([...call.flags], ['UT']);
  assert.deepEqual(bench.held(), NOTHING);
});
