import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMeshError } from '../base/errors.js';
import type { Rejected } from '../model/outcome.js';
import type { EffectiveCluster, EffectiveHost, EffectiveTls } from '../policy/effective.js';
import { destinationsOf } from './bind.js';
import {
  ALL,
  Bench,
  cluster,
  endpoint,
  host,
  NOTHING,
  policy,
  REVIEWS,
  route,
} from './fixtures.test.helper.js';

const OUTLIER = {
  consecutive5xx: 2,
  consecutiveGatewayErrors: 0,
  splitLocalOrigin: false,
  consecutiveLocalOriginFailures: 5,
  intervalMs: 1_000,
  baseEjectionTimeMs: 10_000,
  maxEjectionPercent: 100,
  minHealthPercent: 0,
};
const BREAKER = { errorThresholdPercent: 50, volumeThreshold: 4, windowMs: 3_600_000, openMs: 3_600_000 };

async function ejectFirst(bench: Bench): Promise<void> {
  bench.wire.answer = (sent) => sent.respond(sent.endpoint.startsWith('10.0.0.1:') ? 500 : 200);
  for (let i = 0; i < 12; i += 1) await bench.run();
}

test('ejections and work in flight survive a change of policy', async () => {
  const bench = new Bench({ clusters: [cluster({ outlier: OUTLIER })] });
  await ejectFirst(bench);
  assert.equal(bench.events.length, 1);
  assert.match(
    bench.events[0]!,
    /^endpoint\.ejected outbound\|80\|\|reviews\S* 10\.0\.0\.1:8080 consecutive-5xx/,
  );
  bench.wire.answer = null;
  const { outcome } = await bench.begin();
  const before = bench.cluster();
  bench.accept({
    revision: 2,
    clusters: [cluster({ outlier: { ...OUTLIER, consecutive5xx: 7 }, limits: { maxRequests: 5 } })],
  });
  const after = bench.cluster();
  assert.notEqual(before, after);
  assert.equal(before.state, after.state);
  assert.deepEqual(
    after.endpoints.map(({ ejected }) => ejected),
    [true, false, false],
  );
  assert.equal(bench.held().inFlight, 1);
  bench.wire.last.respond(200);
  await outcome;
  assert.deepEqual(bench.held(), NOTHING);
  await bench.clock.advanceAsync(15_000);
  assert.equal(bench.events.at(-1), `endpoint.returned ${ALL} 10.0.0.1:8080`);
});

test('an endpoint that left is forgotten, and new when it comes back', async () => {
  const bench = new Bench({ clusters: [cluster({ outlier: OUTLIER })] });
  await ejectFirst(bench);
  const clusters = [cluster({ outlier: OUTLIER })];
  bench.accept({ clusters, endpoints: [endpoint(2)] });
  bench.accept({ clusters, endpoints: [endpoint(1), endpoint(2)] });
  assert.deepEqual(
    bench.cluster().endpoints.map(({ ejected }) => ejected),
    [false, false],
  );
});

test('outlier detection that policy no longer asks for lets everybody back', async () => {
  const bench = new Bench({ clusters: [cluster({ outlier: OUTLIER })] });
  await ejectFirst(bench);
  bench.accept({ clusters: [cluster()] });
  assert.equal(
    bench.cluster().endpoints.some(({ ejected }) => ejected),
    false,
  );
  assert.equal(bench.clock.pending, 0);
});

test('an open circuit survives a change of anything but its own thresholds', async () => {
  const bench = new Bench({ clusters: [cluster({ breaker: BREAKER })] });
  bench.wire.answer = (sent) => sent.respond(500);
  for (let i = 0; i < 6; i += 1) await bench.run();
  const refused = (await bench.run()) as Rejected;
  assert.equal(refused.code, 'HEDDLE_CIRCUIT_OPEN');
  bench.accept({ clusters: [cluster({ breaker: { ...BREAKER }, limits: { maxRequests: 9 } })] });
  assert.equal(((await bench.run()) as Rejected).code, 'HEDDLE_CIRCUIT_OPEN');
  bench.accept({ clusters: [cluster({ breaker: { ...BREAKER, volumeThreshold: 100 } })] });
  assert.equal((await bench.run()).kind, 'response');
  assert.deepEqual(bench.held(), NOTHING);
});

test('clusters that vanish are disposed: no timer of theirs is left', async () => {
  const bench = new Bench({ clusters: [cluster({ outlier: OUTLIER, breaker: BREAKER })] });
  await ejectFirst(bench);
  assert.ok(bench.clock.pending > 0);
  bench.accept({ hosts: [] });
  assert.equal(bench.clock.pending, 0);
  bench.accept({ clusters: [cluster({ outlier: OUTLIER, breaker: BREAKER })] });
  await ejectFirst(bench);
  bench.binder.dispose();
  assert.equal(bench.clock.pending, 0);
});

test('a call that was under way while its cluster vanished ends as it would have', async () => {
  const bench = new Bench({ clusters: [cluster({ outlier: OUTLIER })] });
  const state = bench.cluster().state;
  const { outcome } = await bench.begin();
  bench.accept({ hosts: [] });
  bench.wire.last.respond(200);
  assert.equal((await outcome).kind, 'response');
  assert.deepEqual([state.limit.active, bench.outbound.active], [0, 0]);
});

test('a bad policy is refused with its field, and the good one stays as it was', () => {
  const bench = new Bench();
  const { snapshot } = bench.outbound;
  const regex = { index: 0, match: { uri: { regex: '(' } } };
  assert.throws(
    () => bench.accept({ revision: 2, hosts: [host({ routes: [route(regex)] })] }),
    (error) => isMeshError(error, 'HEDDLE_INVALID_POLICY'),
  );
  assert.equal(bench.outbound.snapshot, snapshot);
});

test('a subset takes the endpoints that hold all of its labels', () => {
  const name = `outbound|80|v1|${REVIEWS}`;
  const bench = new Bench({
    clusters: [cluster(), cluster({ name, subset: 'v1', labels: { version: 'v1' } })],
    endpoints: [endpoint(1, { labels: { version: 'v1' } }), endpoint(2, { labels: { version: 'v2' } })],
  });
  assert.deepEqual(
    bench.cluster(name).endpoints.map(({ endpoint: one }) => one.key),
    ['10.0.0.1:8080'],
  );
  assert.equal([...destinationsOf(bench.outbound.snapshot!)].length, 3);
});

const external = (name: string, changes: Partial<EffectiveCluster> = {}): EffectiveHost => ({
  ...host({
    clusters: [cluster({ name: `outbound|80||${name}`, ...changes })],
    routes: [
      route({ action: { kind: 'forward', destinations: [{ cluster: `outbound|80||${name}`, weight: 1 }] } }),
    ],
  }),
  host: name,
  domains: [name],
  resolution: 'dns',
});

test('a host found by DNS without endpoints is its own endpoint; a wildcard has none', () => {
  const bench = new Bench({ hosts: [external('api.example'), external('*.wild.example')] });
  assert.deepEqual(
    bench.cluster('outbound|80||api.example').endpoints.map(({ endpoint: one }) => one.key),
    ['api.example:80'],
  );
  assert.deepEqual(bench.cluster('outbound|80||*.wild.example').endpoints, []);
});

async function withTls(tls: EffectiveTls, changes: Parameters<typeof endpoint>[1], scheme: 'http' | 'https') {
  const bench = new Bench({ clusters: [cluster({ tls })], endpoints: [endpoint(1, changes)] });
  bench.wire.answer = (sent) => sent.respond(200);
  const outcome = await bench.run(bench.call({ scheme, authority: 'reviews:80' }));
  assert.deepEqual(bench.held(), NOTHING);
  return { outcome, destination: bench.cluster().endpoints[0]!.destination, sent: bench.wire.sent.length };
}

test('https to a destination that policy reaches in plain text is refused before anything is sent', async () => {
  const { outcome, sent } = await withTls({ mode: 'disable' }, {}, 'https');
  assert.ok(outcome.kind === 'rejected' && outcome.code === 'HEDDLE_PEER_UNTRUSTED');
  assert.equal(outcome.because, 'plain-text');
  assert.equal(sent, 0);
});

test('a mesh peer of whom no SPIFFE ID is known is refused before anything is sent', async () => {
  const { outcome, sent } = await withTls({ mode: 'mesh', sni: 'x' }, { mtls: true }, 'http');
  assert.ok(outcome.kind === 'rejected' && outcome.code === 'HEDDLE_PEER_UNTRUSTED');
  assert.equal(outcome.because, 'peer-unknown');
  assert.equal(sent, 0);
});

test('auto is mutual TLS with the registered identity where the endpoint takes it, else plain text', async () => {
  const spiffeId = 'spiffe://cluster.local/ns/default/sa/reviews';
  const secured = await withTls({ mode: 'auto', sni: 'sni' }, { mtls: true, spiffeId }, 'http');
  assert.deepEqual(secured.destination.tls, { mode: 'mesh', sni: 'sni', subjectAltNames: [spiffeId] });
  const plain = await withTls({ mode: 'auto', sni: 'sni' }, { mtls: false, spiffeId }, 'http');
  assert.equal(plain.destination.tls, null);
  const named = await withTls(
    { mode: 'mesh', sni: '', subjectAltNames: ['spiffe://cluster.local/ns/a/sa/b'] },
    { mtls: false },
    'http',
  );
  assert.deepEqual(named.destination.tls?.subjectAltNames, ['spiffe://cluster.local/ns/a/sa/b']);
  for (const { outcome } of [secured, plain, named]) assert.equal(outcome.kind, 'response');
});

test('a destination keeps its key while nothing that a connection depends on changes', () => {
  const bench = new Bench();
  const keys = () => [...destinationsOf(bench.outbound.snapshot!)].map(({ key }) => key);
  const before = keys();
  bench.accept({ revision: 2, clusters: [cluster({ limits: { maxRequests: 3 }, outlier: OUTLIER })] });
  assert.deepEqual(keys(), before);
  bench.accept({
    revision: 3,
    clusters: [cluster({ tls: { mode: 'simple', sni: 'a', subjectAltNames: [] } })],
  });
  assert.equal(
    keys().some((key) => before.includes(key)),
    false,
  );
  assert.equal(policy().revision, 1);
});

const PLACES = [endpoint(1, { locality: 'us/c/1' }), endpoint(2, { locality: 'eu/a/1' })];

async function reached(bench: Bench, calls = 10): Promise<string[]> {
  bench.wire.sent.length = 0;
  bench.wire.answer = (sent) => sent.respond(200);
  for (let i = 0; i < calls; i += 1) await bench.run();
  return [...new Set(bench.wire.sent.map((sent) => sent.endpoint))].sort();
}

test('with outlier detection the nearest locality takes the calls, and the next when it is ejected', async () => {
  const bench = new Bench({ clusters: [cluster({ outlier: OUTLIER })], endpoints: PLACES });
  assert.deepEqual(await reached(bench), ['10.0.0.2:8080']);
  bench.cluster().endpoints[1]!.ejected = true;
  assert.deepEqual(await reached(bench), ['10.0.0.1:8080']);
});

test('without it, or where policy switches localities off, all endpoints take calls', async () => {
  for (const changes of [{}, { outlier: OUTLIER, localityOff: true as const }]) {
    const bench = new Bench({ clusters: [cluster(changes)], endpoints: PLACES });
    assert.deepEqual(await reached(bench), ['10.0.0.1:8080', '10.0.0.2:8080']);
  }
});

test('a distribution sends the calls of a locality where it says', async () => {
  const locality = { distribute: [{ from: 'eu/*', to: { us: 100 } }] };
  const bench = new Bench({ clusters: [cluster({ locality })], endpoints: PLACES });
  assert.deepEqual(await reached(bench), ['10.0.0.1:8080']);
});

test('a call to a host under a wildcard without endpoints goes to the very host that it names, by its own state', async () => {
  const world = (revision: number, changes: Partial<EffectiveCluster> = {}) => ({
    ...{ revision, hosts: [external('*.wild.example', changes)] },
  });
  const bench = new Bench(world(1));
  bench.wire.answer = (sent) => sent.respond(200);
  await bench.run(bench.call({ authority: 'A.wild.example' }));
  await bench.run(bench.call({ authority: 'b.wild.example:80' }));
  assert.deepEqual(
    bench.wire.sent.map(({ endpoint: key }) => key),
    ['A.wild.example:80', 'b.wild.example:80'],
  );
  assert.equal([...destinationsOf(bench.outbound.snapshot!)].length, 2);
  bench.accept(world(2, { limits: { maxRequests: 1 } }));
  bench.wire.answer = null;
  const first = await bench.begin({ authority: 'a.wild.example' });
  const second = await bench.run(bench.call({ authority: 'a.wild.example' }));
  assert.ok(second.kind === 'rejected' && second.flag === 'UO');
  bench.wire.last.respond(200);
  await first.outcome;
  bench.accept({ revision: 3, hosts: [] });
  assert.deepEqual([...destinationsOf(bench.outbound.snapshot!)], []);
});

test('a cluster without balancing goes to the host by its name, whatever endpoints are listed', () => {
  const hosts = [{ ...host({ clusters: [cluster({ balancer: { kind: 'passthrough' } })] }) }];
  const bench = new Bench({ hosts });
  assert.deepEqual(
    bench.cluster().endpoints.map(({ endpoint: one }) => one.key),
    [`${REVIEWS}:80`],
  );
});

test('it keeps to mutual TLS where all listed endpoints take it, and expects the identity that they share', () => {
  const hosts = [host({ clusters: [cluster({ balancer: { kind: 'passthrough' } })] })];
  const one = { mtls: true, spiffeId: 'spiffe://cluster.local/ns/default/sa/reviews' };
  const other = { mtls: true, spiffeId: 'spiffe://cluster.local/ns/default/sa/other' };
  const reached = (endpoints: readonly (typeof one)[]) => {
    const bench = new Bench({
      hosts,
      endpoints: endpoints.map((changes, index) => endpoint(index, changes)),
    });
    const { mtls, spiffeId } = bench.cluster().endpoints[0]!.endpoint;
    return [mtls, spiffeId];
  };
  assert.deepEqual(reached([one, one]), [true, one.spiffeId]);
  assert.deepEqual(reached([one, other]), [true, undefined]);
  assert.deepEqual(reached([one, { ...one, mtls: false }]), [false, one.spiffeId]);
});

test('a cluster that is sticky by cookie sets one where the caller has none, and keeps the caller where it was', async () => {
  const hash = { from: 'cookie' as const, name: 'user', path: '/', ttlMs: 0 };
  const bench = new Bench({
    clusters: [cluster({ balancer: { kind: 'consistent-hash', hash, table: 'ring', size: 1024 } })],
  });
  bench.wire.answer = (sent) => sent.respond(200);
  const first = await bench.run();
  assert.ok(first.kind === 'response');
  const set = String(first.headers['set-cookie']);
  assert.match(set, /^user="[0-9a-f]{16}"; Path=\/; HttpOnly$/);
  const headers = { cookie: set.split(';')[0]! };
  for (let i = 0; i < 5; i += 1) {
    const again = await bench.run(bench.call({ headers: { ...headers } }));
    assert.ok(again.kind === 'response' && again.headers['set-cookie'] === undefined);
  }
  assert.equal(new Set(bench.wire.sent.map((sent) => sent.endpoint)).size, 1);
});

test('a cluster that says the same over the same endpoints is bound once, and goes on where it was', () => {
  const first = policy({ hosts: [host()] });
  const bench = new Bench();
  const before = bench.binder.bind(first).clusters.get(ALL);
  const after = bench.binder.bind({ ...first, revision: 2 });
  assert.equal(after.clusters.get(ALL), before);
  const moved = { ...first, revision: 3, endpoints: [{ host: REVIEWS, ports: { 80: [endpoint(7)] } }] };
  const last = bench.binder.bind(moved).clusters.get(ALL)!;
  assert.notEqual(last, before);
  assert.deepEqual(
    last.endpoints.map(({ endpoint: one }) => one.key),
    ['10.0.0.7:8080'],
  );
});
