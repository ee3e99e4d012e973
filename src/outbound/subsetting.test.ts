/** Long lists of endpoints: what the wire gets to see of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALL, Bench, cluster, endpoint, type World } from './fixtures.test.helper.js';

const MANY = Array.from({ length: 1_000 }, (_, index) =>
  endpoint(index, { key: `10.1.${index >> 8}.${index & 255}:8080`, locality: 'eu/a/1' }),
);
const BUSY = 400;

async function sendTo(bench: Bench, calls: number): Promise<Set<string>> {
  bench.wire.sent.length = 0;
  for (let call = 0; call < calls; call += 1) await bench.run();
  return new Set(bench.wire.sent.map((sent) => sent.endpoint));
}

function make(world: World = {}): Bench {
  const bench = new Bench({ endpoints: MANY, ...world });
  bench.wire.answer = (sent) => sent.respond(200);
  return bench;
}

test('endpoints that are never picked are never sent anything, so nobody connects to them', async () => {
  const bench = make();
  assert.equal((await sendTo(bench, 1_000)).size, 50);
  assert.equal(bench.cluster().endpoints.length, 1_000);
});

test('policy says how many, or all', async () => {
  const subsetting = { enabled: true, minEndpoints: 10, threshold: 100 };
  const few = make({ clusters: [cluster({ subsetting })] });
  assert.equal((await sendTo(few, 500)).size, 10);
  const all = make({ clusters: [cluster({ subsetting: { ...subsetting, enabled: false } })] });
  assert.equal((await sendTo(all, 1_000)).size, 1_000);
});

test('calls that pile up are spread over more endpoints, and a new policy does not crowd them again', async () => {
  const bench = make();
  bench.wire.answer = null;
  const outcomes = Array.from({ length: BUSY }, () => bench.run());
  await bench.clock.advanceAsync(0);
  const wide = bench.cluster().state.widths[0]!.endpoints;
  assert.ok(wide >= BUSY / 2, `${wide}`);
  bench.accept({ endpoints: MANY.slice(1), revision: 2 });
  outcomes.push(bench.run());
  await bench.clock.advanceAsync(0);
  assert.equal(bench.cluster().state.widths[0]!.endpoints, wide);
  for (const sent of bench.wire.sent) sent.respond(200);
  await Promise.all(outcomes);
  assert.equal(bench.held().inFlight, 0);
});

test('endpoints that outlier detection takes out are replaced', async () => {
  const outlier = {
    consecutive5xx: 1,
    consecutiveGatewayErrors: 0,
    splitLocalOrigin: false,
    consecutiveLocalOriginFailures: 5,
    intervalMs: 10_000,
    baseEjectionTimeMs: 30_000,
    maxEjectionPercent: 100,
    minHealthPercent: 0,
  };
  const bench = make({ clusters: [cluster({ outlier })] });
  const first = await sendTo(bench, 200);
  const bad = new Set([...first].slice(0, 10));
  bench.wire.answer = (sent) => sent.respond(bad.has(sent.endpoint) ? 500 : 200);
  // Each ejection makes a rotation of its own, which begins anywhere.
  await sendTo(bench, 2_000);
  assert.equal(bench.cluster().endpoints.filter(({ ejected }) => ejected).length, 10);
  const then = await sendTo(bench, 200);
  assert.equal(then.size, 50);
  assert.deepEqual(
    [...first].filter((key) => !then.has(key)),
    [...first].filter((key) => bad.has(key)),
  );
});

test('peak EWMA: the plan measures attempts, and a slow endpoint is left alone', async () => {
  const bench = new Bench({
    endpoints: [endpoint(1), endpoint(2)],
    clusters: [cluster({ balancer: { kind: 'peak-ewma', decayMs: 10_000 } })],
  });
  const answered = async (ms: number) => {
    const { outcome } = await bench.begin();
    await bench.clock.advanceAsync(ms);
    bench.wire.last.respond(200);
    await outcome;
    return bench.wire.last.endpoint;
  };
  const slow = await answered(500);
  const fast = await answered(5);
  assert.notEqual(slow, fast);
  for (let call = 0; call < 20; call += 1) assert.equal(await answered(5), fast);
  assert.equal(bench.cluster(ALL).filters[0]!.name, 'load');
});
