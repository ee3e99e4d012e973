import assert from 'node:assert/strict';
import { getEventListeners, getMaxListeners, setMaxListeners } from 'node:events';
import { test } from 'node:test';
import { isMeshError } from '../base/errors.js';
import { StreamBody } from '../model/request-body.js';
import { Bench, failed, NOTHING, retries, route, serving, text } from './fixtures.test.helper.js';
import { bodyErrorOf, errorOf } from './surface.js';

const ONCE = ['trace admit', 'attempt-span admit', 'attempt-span settle response', 'trace settle response'];
const RELEASED = ['attempt-span release', 'trace release'];
/** Where nothing of the response is outstanding the attempt is over before the call is. */
const OVER = (kind: string) => [
  'trace admit',
  'attempt-span admit',
  `attempt-span settle ${kind}`,
  'attempt-span release',
  `trace settle ${kind}`,
  'trace release',
];

test('a response that is read: every filter is admitted, settled and released once, and nothing is held', async () => {
  const bench = new Bench();
  const { outcome } = await bench.begin();
  assert.deepEqual(bench.held(), { ...NOTHING, active: 1, limit: 1, inFlight: 1 });
  const body = bench.wire.last.head(200);
  const answered = await outcome;
  const read = text(answered);
  assert.deepEqual(bench.told, ONCE);
  body.push(Buffer.from('he'));
  assert.equal(bench.held().inFlight, 1);
  body.push(Buffer.from('llo'));
  body.end();
  assert.equal(await read, 'hello');
  assert.deepEqual(bench.told, [...ONCE, ...RELEASED]);
  assert.deepEqual(bench.held(), NOTHING);
});

test('a response that is dropped is released at once, and the connection given up', async () => {
  const bench = new Bench();
  const { outcome } = await bench.begin();
  bench.wire.last.head(200).push(Buffer.from('a'));
  const answered = await outcome;
  assert.ok(answered.kind === 'response');
  const reason = new Error('not wanted');
  answered.body.drop(reason);
  answered.body.drop(reason);
  assert.deepEqual(bench.wire.last.aborted, [reason]);
  assert.deepEqual(bench.told, [...ONCE, ...RELEASED]);
  assert.deepEqual(bench.held(), NOTHING);
});

test('a response that arrived whole holds nothing, though nobody reads it', async () => {
  const bench = new Bench();
  const { outcome } = await bench.begin();
  bench.wire.last.respond(200, 'unread');
  const answered = await outcome;
  assert.deepEqual(bench.held(), NOTHING);
  assert.deepEqual(bench.told, OVER('response'));
  assert.equal(await text(answered), 'unread');
});

test('a response whose end never comes and that nobody reads is held until the deadline, and no longer', async () => {
  const bench = new Bench({ routes: [route({ timeoutMs: 1_000 })] });
  const { call, outcome } = await bench.begin();
  bench.wire.last.head(200).push(Buffer.from('half'));
  const answered = await outcome;
  await bench.clock.advanceAsync(990);
  assert.equal(bench.held().inFlight, 1);
  await bench.clock.advanceAsync(20);
  assert.deepEqual(bench.held(), NOTHING);
  assert.deepEqual(bench.told, [...ONCE, ...RELEASED]);
  await assert.rejects(text(answered), (error: Error) => {
    assert.ok(isMeshError(bodyErrorOf(call, error), 'HEDDLE_DEADLINE_EXCEEDED'));
    return true;
  });
});

test('a failure settles and releases once', async () => {
  const bench = new Bench();
  const { outcome } = await bench.begin();
  bench.wire.last.fail('connection-termination');
  assert.equal(failed(await outcome).reset, 'connection-termination');
  assert.deepEqual(bench.told, OVER('failed'));
  assert.deepEqual(bench.held(), NOTHING);
});

test('a rejection settles and releases the filters that admitted, and nothing is sent', async () => {
  const bench = new Bench({ clusters: [{ ...new Bench().cluster().policy, limits: { maxRequests: 1 } }] });
  const first = await bench.begin();
  const outcome = await bench.run();
  assert.ok(outcome.kind === 'rejected' && outcome.flag === 'UO' && outcome.code === 'HEDDLE_OVERLOADED');
  assert.equal(bench.wire.sent.length, 1);
  assert.deepEqual(bench.held(), { ...NOTHING, active: 1, limit: 1, inFlight: 1 });
  bench.wire.last.respond(200);
  await first.outcome;
  assert.deepEqual(bench.held(), NOTHING);
});

test('a call whose signal has aborted already never starts', async () => {
  const bench = new Bench();
  const reason = { mine: true };
  const call = bench.call({ signal: AbortSignal.abort(reason) });
  const outcome = await bench.run(call);
  assert.ok(outcome.kind === 'cancelled');
  assert.equal(errorOf(call, outcome), reason);
  assert.equal(bench.wire.sent.length, 0);
  assert.deepEqual(bench.held(), NOTHING);
});

test('an abort while the attempt is under way stops it; the caller gets its own reason', async () => {
  const bench = new Bench({ routes: [route({ timeoutMs: 5_000, retries: retries() })] });
  const abort = new AbortController();
  const { call, outcome } = await bench.begin({ signal: abort.signal });
  assert.equal(getEventListeners(abort.signal, 'abort').length, 1);
  abort.abort('enough');
  const ended = await outcome;
  assert.ok(ended.kind === 'cancelled');
  assert.equal(errorOf(call, ended), 'enough');
  assert.equal(bench.wire.sent.length, 1);
  assert.deepEqual(bench.held(), NOTHING);
  assert.equal(getEventListeners(abort.signal, 'abort').length, 0);
});

test('an abort while the body is read breaks it off with the caller’s own reason', async () => {
  const bench = new Bench();
  const abort = new AbortController();
  const { call, outcome } = await bench.begin({ signal: abort.signal });
  bench.wire.last.head(200);
  const read = text(await outcome);
  abort.abort('enough');
  await assert.rejects(read, (error: Error) => bodyErrorOf(call, error) === 'enough');
  assert.deepEqual(bench.held(), NOTHING);
  assert.equal(getEventListeners(abort.signal, 'abort').length, 0);
});

test('an abort while a retry waits ends the wait', async () => {
  const bench = new Bench(
    { routes: [route({ retries: retries({ backoffMs: 10_000 }) })] },
    { next: () => 0.9 },
  );
  const abort = new AbortController();
  const { outcome } = await bench.begin({ signal: abort.signal });
  bench.wire.last.respond(503);
  await bench.clock.advanceAsync(1);
  assert.equal(bench.held().retries, 1);
  abort.abort();
  assert.equal((await outcome).kind, 'cancelled');
  assert.deepEqual(bench.held(), NOTHING);
  assert.equal(bench.clock.pending, 0);
});

test('one signal for many calls brings no warning of a leak; a limit that its owner set stays', async () => {
  const bench = new Bench();
  const [shared, limited] = [new AbortController(), new AbortController()];
  setMaxListeners(42, limited.signal);
  const warnings: Error[] = [];
  const warned = (warning: Error) => void warnings.push(warning);
  process.on('warning', warned);
  for (let i = 0; i < 20; i += 1) await bench.begin({ signal: shared.signal });
  for (let i = 0; i < 2; i += 1) await bench.begin({ signal: limited.signal });
  const lifted = new AbortController();
  setMaxListeners(0, lifted.signal);
  for (let i = 0; i < 20; i += 1) await bench.begin({ signal: lifted.signal });
  await new Promise(setImmediate);
  process.off('warning', warned);
  assert.deepEqual(warnings, []);
  assert.equal(getMaxListeners(limited.signal), 42);
  shared.abort();
  limited.abort();
  lifted.abort();
  await bench.clock.advanceAsync(0);
  assert.deepEqual(bench.held(), NOTHING);
});

test('an abort after the end changes nothing', async () => {
  const bench = new Bench();
  const abort = new AbortController();
  const { outcome } = await bench.begin({ signal: abort.signal });
  bench.wire.last.respond(200, 'whole');
  const answered = await outcome;
  abort.abort();
  assert.equal(await text(answered), 'whole');
  assert.deepEqual(bench.told, OVER('response'));
});

test('the per-try timeout ends the attempt and lets the next one try, on another endpoint', async () => {
  const bench = new Bench({ routes: [route({ retries: retries({ perTryTimeoutMs: 100 }) })] });
  const { call, outcome } = await bench.begin();
  await bench.clock.advanceAsync(150);
  assert.equal(bench.wire.sent.length, 2);
  const [first, second] = bench.wire.sent;
  assert.notEqual(first!.endpoint, second!.endpoint);
  assert.equal(second!.headers['x-envoy-attempt-count'], '2');
  second!.respond(200, 'late');
  assert.equal(await text(await outcome), 'late');
  assert.equal(call.attempts, 2);
  assert.deepEqual(bench.held(), NOTHING);
});

test('503 twice and then 200 under 5xx is three attempts on three endpoints', async () => {
  const bench = new Bench({ routes: [route({ retries: retries() })] });
  bench.wire.answer = (sent) => sent.respond(bench.wire.sent.length < 3 ? 503 : 200);
  const { call, outcome } = await bench.begin();
  await bench.clock.advanceAsync(1_000);
  assert.equal(((await outcome) as { status?: number }).status, 200);
  assert.equal(new Set(bench.wire.sent.map((sent) => sent.endpoint)).size, 3);
  assert.equal(bench.wire.last.headers['x-envoy-attempt-count'], '3');
  assert.equal(call.flags.size, 0);
});

test('always 503 with two retries is three attempts, the last response as it is, and URX', async () => {
  const bench = new Bench({ routes: [route({ retries: retries() })] });
  bench.wire.answer = (sent) => sent.respond(503, `from ${sent.endpoint}`);
  const { call, outcome } = await bench.begin();
  await bench.clock.advanceAsync(1_000);
  assert.equal(await text(await outcome), `from ${bench.wire.last.endpoint}`);
  assert.deepEqual([...call.flags], ['URX']);
  assert.equal(bench.wire.sent.length, 3);
  assert.deepEqual(bench.held(), NOTHING);
});

test('the deadline ends a call whose attempts time out one after the other, with UT', async () => {
  const bench = new Bench({
    routes: [route({ timeoutMs: 250, retries: retries({ perTryTimeoutMs: 100, attempts: 5 }) })],
  });
  const { call, outcome } = await bench.begin();
  await bench.clock.advanceAsync(400);
  const ended = failed(await outcome);
  assert.deepEqual([ended.code, ended.flag], ['HEDDLE_DEADLINE_EXCEEDED', 'UT']);
  assert.ok(call.attempts <= 3 && call.attempts >= 2);
  assert.deepEqual(bench.held(), NOTHING);
});

test('the least of the route’s, the caller’s and the exchange’s limits holds', async () => {
  const cases: readonly [number | null, number | undefined, number, number][] = [
    [100, undefined, Number.POSITIVE_INFINITY, 100],
    [null, 200, Number.POSITIVE_INFINITY, 200],
    [500, 300, Number.POSITIVE_INFINITY, 300],
    [500, 300, 50, 50],
    [null, undefined, 700, 700],
  ];
  for (const [timeoutMs, callerMs, exchangeAt, expected] of cases) {
    const bench = new Bench({ routes: [route({ timeoutMs })] });
    serving(bench, exchangeAt);
    const { call, outcome } = await bench.begin({ timeoutMs: callerMs });
    assert.equal(call.deadlineAt, expected);
    assert.equal(bench.wire.last.headers['x-heddle-deadline-ms'], String(expected));
    await bench.clock.advanceAsync(expected + 10);
    assert.equal(failed(await outcome).reset, 'timeout');
    assert.deepEqual(bench.held(), NOTHING);
  }
});

test('a call made while serving ends when the peer goes away, and does not listen any longer', async () => {
  const bench = new Bench();
  const exchange = serving(bench);
  const { call, outcome } = await bench.begin();
  exchange.abandon();
  const ended = await outcome;
  assert.ok(ended.kind === 'cancelled');
  assert.match(String(errorOf(call, ended)), /abandoned by its caller/);
  assert.deepEqual(bench.held(), NOTHING);
});

test('a stream of which too much was read is not sent again', async () => {
  const bench = new Bench({ routes: [route({ retries: retries() })] });
  const source = async function* () {
    yield new Uint8Array(100 * 1024);
  };
  const body = new StreamBody(source());
  const { call, outcome } = await bench.begin({ method: 'PUT', body });
  for await (const _ of body.read());
  bench.wire.last.respond(503);
  assert.equal(((await outcome) as { status?: number }).status, 503);
  assert.equal(call.attempts, 1);
});

test('idle resolves when the last call is released', async () => {
  const bench = new Bench();
  await bench.outbound.idle(1_000);
  const { outcome } = await bench.begin();
  let idle = false;
  const waited = bench.outbound.idle(1_000).then(() => (idle = true));
  await bench.clock.advanceAsync(0);
  assert.equal(idle, false);
  bench.wire.last.respond(200);
  await outcome;
  await waited;
});

test('idle waits for calls no longer than it is told', async () => {
  const bench = new Bench();
  const { outcome } = await bench.begin();
  let idle = false;
  const waited = bench.outbound.idle(1_000).then(() => (idle = true));
  await bench.clock.advanceAsync(999);
  assert.equal(idle, false);
  await bench.clock.advanceAsync(1);
  await waited;
  bench.wire.last.respond(200);
  await outcome;
});

test('after many calls of every kind nothing is held', async () => {
  const bench = new Bench({
    routes: [route({ timeoutMs: 1_000, retries: retries({ perTryTimeoutMs: 200 }) })],
  });
  const abort = new AbortController();
  serving(bench, 3_000);
  bench.wire.answer = (sent) => {
    const turn = bench.wire.sent.length % 5;
    if (turn === 0) sent.respond(503);
    else if (turn === 1) sent.fail('connection-failure', 'no');
    else if (turn === 2) sent.respond(200, 'unread');
    else if (turn === 3) sent.head(200).push(Buffer.from('endless'));
  };
  const outcomes = Array.from({ length: 500 }, () => bench.run(bench.call({ signal: abort.signal })));
  await bench.clock.advanceAsync(500);
  abort.abort();
  await bench.clock.advanceAsync(5_000);
  await Promise.all(outcomes);
  assert.deepEqual(bench.held(), NOTHING);
  assert.equal(getEventListeners(abort.signal, 'abort').length, 0);
  assert.equal(bench.clock.pending, 0);
  const count = (line: string) => bench.told.filter((one) => one === line).length;
  assert.equal(count('attempt-span admit'), count('attempt-span release'));
  assert.equal(count('trace admit'), 500);
  assert.equal(count('trace release'), 500);
});
