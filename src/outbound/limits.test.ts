/** Limits as calls meet them: who goes, who waits, who is refused, and what a refusal does not do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outlierPolicyFrom } from '../traffic/outlier/policy.js';
import { Bench, cluster, endpoint, NOTHING, retries, route, type World } from './fixtures.test.helper.js';

const CONNECTION = { connectTimeoutMs: 10_000, idleTimeoutMs: 60_000, maxRequestsPerConnection: 0 };

function world(changes: Parameters<typeof cluster>[0], count = 1): World {
  return {
    routes: [route({ retries: retries() })],
    clusters: [cluster(changes)],
    endpoints: Array.from({ length: count }, (_, index) => endpoint(index + 1)),
  };
}

/** So many calls at once. @returns how many were refused, and what is under way */
async function burst(bench: Bench, calls: number) {
  const refused: unknown[] = [];
  const open = Array.from({ length: calls }, () =>
    bench.run().then((outcome) => {
      if (outcome.kind === 'rejected') refused.push([outcome.code, outcome.flag, outcome.status]);
    }),
  );
  await bench.clock.advanceAsync(0);
  return { refused, open };
}

const refusals = (count: number) => Array.from({ length: count }, () => ['HEDDLE_OVERLOADED', 'UO', 503]);

test('one connection and one place to wait: two of ten are under way, the rest is refused at once and not retried', async () => {
  const limits = { maxPendingRequests: 1 };
  const bench = new Bench(world({ limits, connection: { ...CONNECTION, maxConnections: 1 } }));
  const { refused, open } = await burst(bench, 10);
  assert.deepEqual(refused, refusals(8));
  assert.equal(bench.wire.sent.length, 2);
  for (const sent of bench.wire.sent) sent.respond(200);
  await Promise.all(open);
  assert.deepEqual(bench.held(), NOTHING);
});

test('connections are counted over all endpoints', async () => {
  const limits = { maxPendingRequests: 1 };
  const bench = new Bench(world({ limits, connection: { ...CONNECTION, maxConnections: 4 } }, 3));
  const { refused } = await burst(bench, 10);
  assert.deepEqual(refused, refusals(5));
});

test('whoever may have a connection does not wait, though it has to be opened first: without a bound of connections nobody waits', async () => {
  const limits = { maxPendingRequests: 1 };
  const bench = new Bench(world({ limits }));
  const { refused } = await burst(bench, 10);
  assert.deepEqual(refused, []);
  assert.equal(bench.cluster().state.limit.pending, 0);
  const bounded = new Bench(world({ limits, connection: { ...CONNECTION, maxConnections: 4 } }));
  assert.deepEqual((await burst(bounded, 10)).refused, refusals(5));
  assert.equal(bounded.cluster().state.limit.pending, 1);
});

test('over HTTP/2 no call waits for a connection of its own: only maxRequests bounds them', async () => {
  const connection = { ...CONNECTION, maxConnections: 1, http2: true } as const;
  const limits = { maxPendingRequests: 1, maxRequests: 7 };
  const bench = new Bench(world({ limits, connection }));
  const { refused } = await burst(bench, 10);
  assert.deepEqual(refused, refusals(3));
});

test('a refusal is not charged to the endpoint', async () => {
  const outlier = outlierPolicyFrom({ consecutive5xxErrors: 1, maxEjectionPercent: 100 });
  const bench = new Bench(world({ outlier, limits: { maxRequests: 1 } }));
  const { refused } = await burst(bench, 10);
  assert.deepEqual(refused, refusals(9));
  assert.deepEqual(bench.events, []);
});
