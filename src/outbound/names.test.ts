import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock, seededRandom } from '../base/testing.js';
import type { Endpoint } from '../model/endpoint.js';
import type { EffectiveCluster, EffectiveHost } from '../policy/effective.js';
import type { ResolvedName } from '../ports/name-resolver.js';
import { noTelemetry } from '../ports/telemetry.js';
import { Binder } from './bind.js';
import type { BoundCluster } from './bound-cluster.js';
import { destinationOf } from './destination.js';
import { cluster, host, policy } from './fixtures.test.helper.js';
import { Names } from './names.js';

const named = (address: string): Endpoint => ({
  key: `${address}:443`,
  address,
  port: 443,
  labels: { v: '1' },
  weight: 3,
  mtls: false,
});

function world() {
  const clock = new FakeClock();
  const asked: string[] = [];
  let answer: ResolvedName | Error = new Error('ENOTFOUND');
  let changes = 0;
  const names = new Names({
    clock,
    resolver: {
      resolve: (name) => {
        asked.push(name);
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
    },
    onChange: () => {
      changes += 1;
    },
  });
  const says = (addresses: readonly string[] | Error, ttlMs: number | null = null) => {
    answer = addresses instanceof Error ? addresses : { addresses, ttlMs };
  };
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  const pass = async (ms: number) => {
    clock.advance(ms);
    await settle();
  };
  return { names, asked, says, settle, pass, changes: () => changes };
}

const keys = (endpoints: readonly Endpoint[]) => endpoints.map(({ key }) => key);

test('a name is itself until it has addresses, and then one endpoint for each, that keeps the name for its certificate', async () => {
  const { names, says, settle, changes } = world();
  const listed = [named('db.example'), named('10.0.0.1')];
  says(['10.9.0.2', '::1', '10.9.0.1', '10.9.0.2']);
  assert.deepEqual(keys(names.expand(listed)), ['db.example:443', '10.0.0.1:443']);
  await settle();
  assert.equal(changes(), 1);
  const expanded = names.expand(listed);
  assert.deepEqual(keys(expanded), ['10.9.0.1:443', '10.9.0.2:443', '[::1]:443', '10.0.0.1:443']);
  assert.deepEqual(expanded[0], {
    ...named('db.example'),
    key: '10.9.0.1:443',
    address: '10.9.0.1',
    name: 'db.example',
  });
  assert.equal(expanded[3], listed[1]);
});

test('it is asked for again when the answer expires: by its time to live, within bounds, else after a minute', async () => {
  for (const [ttlMs, waitMs] of [
    [30_000, 30_000],
    [0, 5_000],
    [86_400_000, 300_000],
    [null, 60_000],
  ] as const) {
    const { names, says, settle, pass, asked, changes } = world();
    says(['10.0.0.1'], ttlMs);
    names.expand([named('db.example')]);
    await settle();
    says(['10.0.0.2'], ttlMs);
    await pass(waitMs - 1);
    assert.equal(asked.length, 1);
    await pass(1);
    assert.deepEqual([asked.length, changes()], [2, 2]);
    assert.deepEqual(keys(names.expand([named('db.example')])), ['10.0.0.2:443']);
    // The same again is no change.
    await pass(waitMs);
    assert.deepEqual([asked.length, changes(), names.revision], [3, 2, 2]);
  }
});

test('a look-up that fails changes nothing, and is tried again soon and then more seldom', async () => {
  const { names, says, settle, pass, asked } = world();
  says(['10.0.0.1'], 5_000);
  names.expand([named('db.example')]);
  await settle();
  says(new Error('EAI_AGAIN'));
  await pass(5_000);
  for (const waitMs of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
    const before = asked.length;
    await pass(waitMs - 1);
    assert.equal(asked.length, before);
    await pass(1);
    assert.equal(asked.length, before + 1);
    assert.deepEqual(keys(names.expand([named('db.example')])), ['10.0.0.1:443']);
  }
});

test('names that nobody uses any more are not asked for', async () => {
  const { names, says, settle, pass, asked, changes } = world();
  says(['10.0.0.1']);
  names.expand([named('a.example'), named('b.example')]);
  await settle();
  names.retain(new Set(['b.example']));
  await pass(60_000);
  assert.deepEqual(asked, ['a.example', 'b.example', 'b.example']);
  // One whose answer comes when it was forgotten already.
  names.expand([named('c.example')]);
  names.retain(new Set());
  await settle();
  assert.equal(changes(), 2);
  names.close();
  names.expand([named('d.example')]);
  await pass(600_000);
  assert.deepEqual(asked.slice(3), ['c.example']);
});

test('Unix sockets and addresses are no names', async () => {
  const { names, asked } = world();
  names.expand([named('unix:///run/db.sock'), named('10.0.0.1'), named('::1')]);
  assert.deepEqual(asked, []);
});

test('a host of names is bound anew when its addresses change, and only then', async () => {
  const { names, says, settle } = world();
  const clock = new FakeClock();
  const binder = new Binder({
    clock,
    random: seededRandom(1),
    telemetry: noTelemetry,
    event() {},
    callFilters: [],
    names,
  });
  const hosts = [{ ...host({}), resolution: 'dns' as const }];
  const inForce = policy({ hosts, endpoints: [named('db.example')] });
  const bound = () => [...binder.bind(inForce).clusters.values()][0]!;
  says(['10.0.0.1', '10.0.0.2']);
  const first = bound();
  assert.equal(bound(), first);
  assert.deepEqual(keys(first.endpoints.map(({ endpoint }) => endpoint)), ['db.example:443']);
  await settle();
  const second = bound();
  assert.deepEqual(keys(second.endpoints.map(({ endpoint }) => endpoint)), ['10.0.0.1:443', '10.0.0.2:443']);
  assert.equal(bound(), second);
  binder.dispose();
});

/** A binder over names that the test answers for, one by one. */
function following() {
  const clock = new FakeClock();
  const asked: { name: string; answer: (addresses: readonly string[]) => void }[] = [];
  let changes = 0;
  const names = new Names({
    clock,
    resolver: {
      resolve: (name) =>
        new Promise((resolve) =>
          asked.push({ name, answer: (addresses) => resolve({ addresses, ttlMs: null }) }),
        ),
    },
    onChange: () => {
      changes += 1;
    },
  });
  const binder = new Binder({
    ...{ clock, random: seededRandom(1), telemetry: noTelemetry, callFilters: [], names },
    event() {},
  });
  const say = async (name: string, ...addresses: string[]) => {
    for (const one of asked.filter((question) => question.name === name)) one.answer(addresses);
    await new Promise<void>((resolve) => setImmediate(resolve));
  };
  return { names, binder, asked, say, clock, changes: () => changes };
}
const dns = (name: string, cluster: EffectiveCluster) => ({
  ...host({ clusters: [cluster] }),
  ...{ host: name, domains: [name], resolution: 'dns' as const },
});
const inForceOf = (
  hosts: readonly EffectiveHost[],
  lists: Readonly<Record<string, readonly Endpoint[]>>,
) => ({
  ...policy({ hosts }),
  endpoints: Object.entries(lists).map(([name, endpoints]) => ({ host: name, ports: { 80: endpoints } })),
});
const at = (name: string) => cluster({ name: `outbound|80||${name}` });
const keysOf = (bound: BoundCluster) => bound.endpoints.map(({ endpoint }) => endpoint.key);

test('a policy that changes while a look-up is under way has its answer, and nobody asks twice', async () => {
  const { binder, asked, say } = following();
  const one = inForceOf([dns('one.test', at('one.test'))], { 'one.test': [named('db.example')] });
  binder.bind(one);
  const other = inForceOf([dns('one.test', at('one.test'))], {
    'one.test': [named('db.example'), named('10.0.0.9')],
  });
  binder.bind(other);
  await say('db.example', '10.0.0.1');
  assert.equal(asked.length, 1);
  const [bound] = [...binder.bind(other).clusters.values()];
  assert.deepEqual(keysOf(bound!), ['10.0.0.1:443', '10.0.0.9:443']);
  binder.dispose();
});

test('a name of two hosts is asked for once, and followed until both are gone; a change of one name leaves hosts of others as they are', async () => {
  const { binder, asked, say, clock, names } = following();
  const hosts = ['one.test', 'two.test', 'other.test'].map((name) => dns(name, at(name)));
  const lists = {
    'one.test': [named('db.example')],
    'two.test': [named('db.example')],
    'other.test': [named('cache.example')],
  };
  const inForce = inForceOf(hosts, lists);
  binder.bind(inForce);
  assert.deepEqual(
    asked.map(({ name }) => name),
    ['db.example', 'cache.example'],
  );
  await say('cache.example', '10.1.0.1');
  const before = binder.bind(inForce).clusters;
  await say('db.example', '10.0.0.1');
  const after = binder.bind(inForce).clusters;
  const name = (host: string) => `outbound|80||${host}`;
  assert.equal(after.get(name('other.test')), before.get(name('other.test')));
  for (const host of ['one.test', 'two.test'])
    assert.deepEqual(keysOf(after.get(name(host))!), ['10.0.0.1:443']);
  const less = inForceOf(hosts.slice(1), {
    'two.test': lists['two.test'],
    'other.test': lists['other.test'],
  });
  assert.deepEqual(keysOf(binder.bind(less).clusters.get(name('two.test'))!), ['10.0.0.1:443']);
  binder.bind(inForceOf(hosts.slice(2), { 'other.test': lists['other.test'] }));
  assert.equal(clock.pending, 1, 'only cache.example is waited for');
  names.close();
  assert.equal(clock.pending, 0);
  binder.dispose();
});

test('an answer that comes after the close changes nothing and sets no timer', async () => {
  const { binder, names, say, clock, changes } = following();
  binder.bind(inForceOf([dns('one.test', at('one.test'))], { 'one.test': [named('db.example')] }));
  names.close();
  await say('db.example', '10.0.0.1');
  assert.deepEqual([changes(), clock.pending], [0, 0]);
  binder.dispose();
});

test('each address of a name has its weight, labels and place; one of two names counts once, by the first', async () => {
  const { binder, say } = following();
  const first = { ...named('db.example'), weight: 3, locality: 'eu/a/1' };
  const second = { ...named('alias.example'), weight: 5, locality: 'eu/b/1' };
  const inForce = inForceOf([dns('one.test', at('one.test'))], { 'one.test': [first, second] });
  binder.bind(inForce);
  await say('db.example', '10.0.0.1', '10.0.0.2');
  await say('alias.example', '10.0.0.2', '10.0.0.3');
  const [bound] = [...binder.bind(inForce).clusters.values()];
  assert.deepEqual(
    bound!.endpoints.map(({ endpoint }) => [endpoint.key, endpoint.weight, endpoint.locality, endpoint.name]),
    [
      ['10.0.0.1:443', 3, 'eu/a/1', 'db.example'],
      ['10.0.0.2:443', 3, 'eu/a/1', 'db.example'],
      ['10.0.0.3:443', 5, 'eu/b/1', 'alias.example'],
    ],
  );
  binder.dispose();
});

test('of a name with a thousand addresses a process works with fifty', async () => {
  const { binder, say } = following();
  const inForce = inForceOf([dns('one.test', at('one.test'))], { 'one.test': [named('big.example')] });
  binder.bind(inForce);
  await say(
    'big.example',
    ...Array.from({ length: 1_000 }, (_, index) => `10.0.${index >> 8}.${index & 255}`),
  );
  const [bound] = [...binder.bind(inForce).clusters.values()];
  const picked = new Set<unknown>();
  for (let pick = 0; pick < 2_000; pick += 1)
    picked.add(bound!.pick({ plan: null, tried: [], headers: {}, path: '/' } as never));
  assert.deepEqual([bound!.endpoints.length, picked.size], [1_000, 50]);
  binder.dispose();
});

test('TLS to an address of a name shows the name; another name of the same address has connections of its own', () => {
  const tls = { mode: 'simple', sni: '', subjectAltNames: [] } as const;
  const at = (name: string) => ({ ...named('10.0.0.1'), name });
  const to = destinationOf(cluster({ tls }), at('db.example'));
  assert.equal(to.tls?.sni, 'db.example');
  assert.notEqual(to.key, destinationOf(cluster({ tls }), at('alias.example')).key);
  assert.equal(
    destinationOf(cluster({ tls: { ...tls, sni: 'front.example' } }), at('db.example')).tls?.sni,
    'front.example',
  );
  assert.equal(destinationOf(cluster({ tls }), named('db.example')).tls?.sni, 'db.example');
  for (const address of ['10.0.0.1', '::1', 'unix:///run/db.sock'])
    assert.equal(destinationOf(cluster({ tls }), named(address)).tls?.sni, '');
});
