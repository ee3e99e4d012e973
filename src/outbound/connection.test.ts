import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Failed } from '../model/outcome.js';
import type { OutboundAttempt } from './attempt.js';
import { beginConnection, type ConnectionEnd, type ConnectionTarget, runConnection } from './connection.js';
import {
  Bench,
  cluster,
  endpoint,
  host,
  NOTHING,
  REVIEWS,
  serving,
  type World,
} from './fixtures.test.helper.js';
import type { OutboundCall } from './outbound-call.js';

const TARGET: ConnectionTarget = { host: 'reviews', port: 80 };

/** Connects to wherever it is told, and says where. */
const there = async (attempt: OutboundAttempt): Promise<ConnectionEnd<string>> => ({
  kind: 'opened',
  stream: attempt.endpoint.endpoint.key,
});

const FAILED: Failed = {
  kind: 'failed',
  reset: 'connection-failure',
  code: 'HEDDLE_CONNECT_FAILED',
  flag: 'UF',
  sent: 'no',
  because: 'connection-failure',
};

async function connect(
  bench: Bench,
  open = there,
  target = TARGET,
): Promise<{ call: OutboundCall; end: ConnectionEnd<string> }> {
  const call = beginConnection(bench.outbound, target, {});
  return { call, end: await runConnection(bench.outbound, call, target, open) };
}

/** Where one connection after the other leads to, all of them open. */
async function places(bench: Bench, count: number): Promise<string[]> {
  const found: string[] = [];
  for (let i = 0; i < count; i += 1) {
    const { end } = await connect(bench);
    found.push(end.kind === 'opened' ? end.stream : end.kind);
  }
  return found;
}

test('what a connection holds is held until it is released, and once', async () => {
  const bench = new Bench();
  const { call } = await connect(bench);
  assert.deepEqual(bench.held(), { ...NOTHING, active: 1, inFlight: 1 });
  assert.equal(bench.cluster().state.connections.active, 1);
  call.release();
  call.release();
  assert.deepEqual(bench.held(), NOTHING);
  assert.equal(bench.cluster().state.connections.active, 0);
});

test('a connection that fails holds nothing, and is not tried again', async () => {
  const bench = new Bench();
  let attempts = 0;
  const { end } = await connect(bench, async () => {
    attempts += 1;
    return FAILED;
  });
  assert.deepEqual([end.kind, attempts], ['failed', 1]);
  assert.deepEqual(bench.held(), NOTHING);
});

test('open connections count where the least request is looked for', async () => {
  const balancer = { kind: 'least-request', choices: 2 } as const;
  const world: World = { clusters: [cluster({ balancer })], endpoints: [endpoint(1), endpoint(2)] };
  const found = await places(new Bench(world), 20);
  const first = found.filter((key) => key === endpoint(1).key).length;
  assert.ok(first >= 8 && first <= 12, `${first} of 20`);
});

test('a consistent hash of the source address keeps the caller on one endpoint', async () => {
  const balancer = {
    kind: 'consistent-hash',
    hash: { from: 'source-ip' },
    table: 'ring',
    size: 1024,
  } as const;
  const bench = new Bench({ clusters: [cluster({ balancer })] });
  serving(bench);
  assert.equal(new Set(await places(bench, 20)).size, 1);
});

test('the count of open connections outlives a change of policy, which changes the limit alone', async () => {
  const limited = (maxConnections: number): World => ({
    clusters: [cluster({ connection: { ...cluster().connection, maxConnections } })],
  });
  const bench = new Bench(limited(3));
  const { call } = await connect(bench);
  await connect(bench);
  bench.accept({ ...limited(2), revision: 2 });
  const { end } = await connect(bench);
  assert.deepEqual(end.kind === 'rejected' && [end.code, end.flag], ['HEDDLE_OVERLOADED', 'UO']);
  call.release();
  assert.equal((await connect(bench)).end.kind, 'opened');
});

test('calls and connections do not take each other’s places', async () => {
  const limits = { maxRequests: 1 };
  const connection = { ...cluster().connection, maxConnections: 1 };
  const bench = new Bench({ clusters: [cluster({ limits, connection })] });
  assert.equal((await connect(bench)).end.kind, 'opened');
  const { call } = await bench.begin();
  assert.equal(call.attempts, 1);
  assert.equal(bench.wire.sent.length, 1);
});

test('filters of connections stand in the order of all filters, without those about HTTP', () => {
  const bench = new Bench({
    clusters: [
      cluster({ breaker: { errorThresholdPercent: 50, volumeThreshold: 2, windowMs: 1, openMs: 1 } }),
    ],
  });
  const { connectionFilters } = bench.cluster();
  assert.deepEqual(
    connectionFilters.map(({ name }) => name),
    ['load', 'breaker', 'limit', 'identity'],
  );
  assert.equal(bench.cluster().connectionFilters, connectionFilters);
  bench.binder.dispose();
});

test('under a wildcard a connection goes to the host that it names', async () => {
  const wildcard = {
    ...host(),
    host: '*.example.com',
    domains: ['*.example.com'],
    resolution: 'none' as const,
  };
  const name = 'outbound|80||*.example.com';
  const bench = new Bench({ hosts: [{ ...wildcard, clusters: [cluster({ name })] }], endpoints: [] });
  const { end } = await connect(bench, there, { host: 'a.example.com', port: 80 });
  assert.equal(end.kind === 'opened' && end.stream, 'a.example.com:80');
});

test('a connection says where it went, and by whose rule', async () => {
  const destinations = [{ cluster: `outbound|0||${REVIEWS}`, weight: 1 }];
  const bench = new Bench({ hosts: [{ ...host(), tcp: [{ index: 0, destinations }] }], revision: 7 });
  const { call } = await connect(bench);
  const { service, cluster: name, port, virtualService, revision, attempts } = call;
  assert.deepEqual(
    { service, name, port, virtualService, revision, attempts },
    {
      service: REVIEWS,
      name: `outbound|80||${REVIEWS}`,
      port: 80,
      virtualService: 'default/reviews',
      revision: 7,
      attempts: 1,
    },
  );
});

test('without policy, or after closing, nothing is connected', async () => {
  const bench = new Bench();
  bench.outbound.snapshot = null;
  const early = await connect(bench);
  assert.equal(early.end.kind === 'rejected' && early.end.code, 'HEDDLE_NO_POLICY');
  bench.outbound.closed = true;
  const late = await connect(bench);
  assert.equal(late.end.kind === 'rejected' && late.end.code, 'HEDDLE_CLOSED');
});
