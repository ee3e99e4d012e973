/** Calls that are to go where their like went: by what is hashed, what retries do about it, and which cookie is set. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HeaderFields } from '../base/headers.js';
import { seededRandom } from '../base/testing.js';
import { hashText } from '../traffic/balance/hash.js';
import type { HashPolicy } from '../traffic/balance/policy.js';
import {
  Bench,
  cluster,
  endpoint,
  retries,
  route,
  type Sent,
  serving,
  type World,
} from './fixtures.test.helper.js';

const TEN = Array.from({ length: 10 }, (_, index) => endpoint(index + 1));

function world(hash: HashPolicy, more: World = {}): World {
  const balancer = { kind: 'consistent-hash', hash, table: 'ring', size: 1_024 } as const;
  return { clusters: [cluster({ balancer })], endpoints: TEN, ...more };
}

function make(hash: HashPolicy, more: World = {}, seed = 1): Bench {
  const bench = new Bench(world(hash, more), seededRandom(seed));
  bench.wire.answer = (sent) => sent.respond(200);
  return bench;
}

type Ask = (bench: Bench, user: string) => Promise<unknown>;
const asks: readonly [what: string, hash: HashPolicy, ask: Ask][] = [
  [
    'a header',
    { from: 'header', name: 'x-user' },
    (bench, user) => bench.run(bench.call({ headers: { 'x-user': user } as HeaderFields })),
  ],
  [
    'a cookie',
    { from: 'cookie', name: 'user', path: '', ttlMs: null },
    (bench, user) => bench.run(bench.call({ headers: { cookie: `a=b; user=${user}` } as HeaderFields })),
  ],
  [
    'a query parameter',
    { from: 'query', name: 'user' },
    (bench, user) => bench.run(bench.call({ path: `/a?x=${bench.wire.sent.length}&user=${user}` })),
  ],
  [
    'the address of whoever is served',
    { from: 'source-ip' },
    (bench, user) => {
      const exchange = serving(bench);
      Object.assign(exchange, { facts: { ...exchange.facts, remoteIp: user } });
      return bench.run();
    },
  ],
];
const users = Array.from({ length: 30 }, (_, index) => `10.9.8.${index}`);

for (const [what, hash, ask] of asks)
  test(`by ${what}: each goes to one endpoint, the same from every process, whatever it carries beside`, async () => {
    const [one, other] = [make(hash, {}, 1), make(hash, {}, 2)];
    const endpoints: string[] = [];
    for (const user of users) {
      const before = one.wire.sent.length;
      for (let time = 0; time < 3; time += 1) await ask(one, user);
      await ask(other, user);
      const seen = new Set([...one.wire.sent.slice(before), other.wire.last].map((sent) => sent.endpoint));
      assert.equal(seen.size, 1, user);
      endpoints.push(...seen);
    }
    assert.ok(new Set(endpoints).size >= 7, `${new Set(endpoints).size} endpoints for 30 users`);
  });

test('without what is hashed any endpoint takes the call', async () => {
  const bench = make({ from: 'header', name: 'x-user' });
  for (let call = 0; call < 200; call += 1) await bench.run();
  assert.equal(new Set(bench.wire.sent.map((sent) => sent.endpoint)).size, 10);
});

test('a cookie with a ttl is set where there is none, exactly so, and the call goes where the next one will', async () => {
  const hash = { from: 'cookie', name: 'user', path: '/shop', ttlMs: 90_500 } as const;
  const bench = make(hash);
  const first = await bench.run();
  assert.ok(first.kind === 'response');
  const set = String(first.headers['set-cookie']);
  const [, value] =
    /^user="([0-9a-f]{16})"; Max-Age=91; Path=\/shop; HttpOnly$/.exec(set) ?? assert.fail(set);
  const where = bench.wire.last.endpoint;
  const second = await bench.run(bench.call({ headers: { cookie: `user=${value}` } as HeaderFields }));
  assert.ok(second.kind === 'response');
  assert.deepEqual([bench.wire.last.endpoint, second.headers['set-cookie']], [where, undefined]);
});

const user = (bench: Bench, name: string) => bench.call({ headers: { 'x-user': name } as HeaderFields });
const BY_USER = { from: 'header', name: 'x-user' } as const;

test('retries stay with the endpoint where policy says so, as Istio does for a hash, and go to the next one elsewhere', async () => {
  const failing = (ignorePreviousHosts: boolean) => {
    const bench = make(BY_USER, {
      routes: [route({ retries: retries({ attempts: 2, ignorePreviousHosts }) })],
    });
    bench.wire.answer = (sent) => sent.respond(503);
    return bench;
  };
  const tried = async (bench: Bench) => {
    const outcome = bench.run(user(bench, 'alice'));
    await bench.clock.advanceAsync(1_000);
    await outcome;
    return bench.wire.sent.map((sent) => sent.endpoint);
  };
  const same = await tried(failing(false));
  assert.equal(same.length, 3);
  assert.equal(new Set(same).size, 1);
  const [one, other] = [await tried(failing(true)), await tried(failing(true))];
  assert.equal(new Set(one).size, 3);
  assert.equal(one[0], same[0]);
  assert.deepEqual(one, other, 'which are next is no chance');
});

test('retryRemoteLocalities: after two attempts in a place the next one goes to another; the key decides to which endpoint', async () => {
  const outlier = {
    ...{
      consecutive5xx: 100,
      consecutiveGatewayErrors: 0,
      splitLocalOrigin: false,
      consecutiveLocalOriginFailures: 5,
    },
    ...{ intervalMs: 10_000, baseEjectionTimeMs: 30_000, maxEjectionPercent: 100, minHealthPercent: 0 },
  };
  const balancer = { kind: 'consistent-hash', hash: BY_USER, table: 'ring', size: 1_024 } as const;
  const endpoints = TEN.map((one, index) => ({ ...one, locality: index < 5 ? 'eu/a/1' : 'eu/b/1' }));
  const near = new Set(endpoints.slice(0, 5).map(({ key }) => key));
  const tried = async (name: string) => {
    const bench = new Bench({
      clusters: [cluster({ balancer, outlier })],
      endpoints,
      routes: [route({ retries: retries({ attempts: 3, remoteLocalities: true }) })],
    });
    bench.wire.answer = (sent: Sent) => sent.respond(503);
    const outcome = bench.run(user(bench, name));
    await bench.clock.advanceAsync(1_000);
    await outcome;
    return bench.wire.sent.map((sent) => sent.endpoint);
  };
  for (const name of ['alice', 'bob', 'carol']) {
    const places = await tried(name);
    assert.deepEqual(
      places.map((key) => near.has(key)),
      [true, true, false, false],
      name,
    );
    assert.equal(new Set(places).size, 4);
    assert.deepEqual(await tried(name), places);
  }
});

test('a value is hashed as it is: two writings of a name are two keys', () => {
  assert.notEqual(hashText('Alice'), hashText('alice'));
});
