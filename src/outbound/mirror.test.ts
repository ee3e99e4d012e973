import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StreamBody } from '../model/request-body.js';
import {
  Bench,
  cluster,
  NOTHING,
  REVIEWS,
  retries,
  route,
  text,
  type World,
} from './fixtures.test.helper.js';

const SHADOW = `outbound|80|shadow|${REVIEWS}`;

function mirrored(changes: World = {}): Bench {
  return new Bench({
    routes: [
      route({ mirrors: [{ cluster: SHADOW, percentage: 100 }], timeoutMs: 1_000, retries: retries() }),
    ],
    clusters: [cluster(), cluster({ name: SHADOW, subset: 'shadow' })],
    ...changes,
  });
}

test('the copy delays nothing: the call is answered while the copy still hangs', async () => {
  const bench = mirrored();
  const { outcome } = await bench.begin({ method: 'POST', body: 'payload' });
  assert.equal(bench.wire.sent.length, 2);
  const [copy, original] = bench.wire.sent;
  assert.equal(copy!.attempt.call.cluster, SHADOW);
  assert.equal(copy!.attempt.call.body, 'payload');
  original!.respond(200, 'answer');
  assert.equal(await text(await outcome), 'answer');
  assert.deepEqual(bench.held(), { ...NOTHING, active: 1, deadlines: 1, limit: 1, inFlight: 1 });
  await bench.clock.advanceAsync(1_100);
  assert.deepEqual(bench.held(), NOTHING);
});

test('the response of the copy is dropped, whatever it is', async () => {
  const bench = mirrored();
  const { outcome } = await bench.begin();
  const [copy, original] = bench.wire.sent;
  copy!.head(503).push(Buffer.from('who cares'));
  await bench.clock.advanceAsync(0);
  assert.equal(copy!.aborted.length, 1);
  original!.respond(200);
  await outcome;
  assert.deepEqual(bench.held(), NOTHING);
});

test('a copy that fails is not tried again and fails nothing', async () => {
  const bench = mirrored();
  const { call, outcome } = await bench.begin();
  const [copy, original] = bench.wire.sent;
  copy!.fail('connection-failure', 'no');
  await bench.clock.advanceAsync(1);
  original!.respond(200);
  assert.equal((await outcome).kind, 'response');
  assert.equal(bench.wire.sent.length, 2);
  assert.equal(call.flags.size, 0);
  assert.deepEqual(bench.held(), NOTHING);
});

test('a mirror without endpoints, or one that policy does not define, is left out in silence', async () => {
  for (const clusters of [[cluster(), cluster({ name: SHADOW, labels: { none: 'such' } })], [cluster()]]) {
    const bench = mirrored({ clusters });
    bench.wire.answer = (sent) => sent.respond(200);
    assert.equal((await bench.run()).kind, 'response');
    await bench.clock.advanceAsync(0);
    assert.equal(bench.wire.sent.length, 1);
    assert.deepEqual(bench.held(), NOTHING);
  }
});

test('retries are not copied, and a stream is not copied at all', async () => {
  const bench = mirrored();
  bench.wire.answer = (sent) => sent.respond(sent.attempt.call.cluster === SHADOW ? 200 : 503);
  const { outcome } = await bench.begin();
  await bench.clock.advanceAsync(500);
  await outcome;
  const copies = bench.wire.sent.filter(({ attempt }) => attempt.call.cluster === SHADOW);
  assert.deepEqual([copies.length, bench.wire.sent.length], [1, 4]);

  const streamed = mirrored();
  streamed.wire.answer = (sent) => sent.respond(200);
  await streamed.run(streamed.call({ method: 'POST', body: new StreamBody((async function* () {})()) }));
  assert.equal(streamed.wire.sent.length, 1);
});

test('what the copy is told does not change the call', async () => {
  const bench = mirrored();
  const { call } = await bench.begin();
  const [copy] = bench.wire.sent;
  assert.notEqual(copy!.attempt.call.headers, call.headers);
});

test('an injected fault answers before any state is touched, and before the mirror', async () => {
  const fault = { delay: { percent: 100, fixedDelayMs: 200 }, abort: { percent: 100, httpStatus: 555 } };
  const breaker = { errorThresholdPercent: 1, volumeThreshold: 1, windowMs: 3_600_000, openMs: 3_600_000 };
  const bench = mirrored({
    routes: [route({ fault, mirrors: [{ cluster: SHADOW, percentage: 100 }], retries: retries() })],
    clusters: [cluster({ breaker }), cluster({ name: SHADOW })],
  });
  const { call, outcome } = await bench.begin();
  assert.deepEqual(bench.held(), { ...NOTHING, active: 1 });
  await bench.clock.advanceAsync(200);
  const answered = await outcome;
  assert.ok(answered.kind === 'response' && answered.status === 555 && answered.local === 'FI');
  assert.deepEqual([...call.flags].sort(), ['DI', 'FI']);
  assert.equal(bench.wire.sent.length, 0);
  assert.equal(bench.cluster().state.breaker?.state, 'closed');
  assert.equal(
    bench.told.some((line) => line.startsWith('attempt-span')),
    false,
  );
  assert.deepEqual(bench.held(), NOTHING);
});

test('a fault’s delay counts against the deadline', async () => {
  const fault = { delay: { percent: 100, fixedDelayMs: 5_000 } };
  const bench = new Bench({ routes: [route({ fault, timeoutMs: 100 })] });
  const { outcome } = await bench.begin();
  await bench.clock.advanceAsync(120);
  const ended = await outcome;
  assert.ok(ended.kind === 'failed' && ended.reset === 'timeout' && ended.sent === 'no');
  assert.deepEqual(bench.held(), NOTHING);
  assert.equal(bench.clock.pending, 0);
});
