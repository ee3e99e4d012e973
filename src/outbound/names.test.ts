import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock, seededRandom } from '../base/testing.js';
import type { Endpoint } from '../model/endpoint.js';
import type { ResolvedName } from '../ports/name-resolver.js';
import { noTelemetry } from '../ports/telemetry.js';
import { Binder } from './bind.js';
import { host, policy } from './fixtures.test.helper.js';
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
