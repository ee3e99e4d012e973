import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { FakeClock } from 'heddle/ports';
import { openEmbeddedStore } from '../store/embedded.js';
import { Registry } from './registry.js';

const WORKLOAD = {
  namespace: 'default',
  serviceAccount: 'reviews',
  service: 'reviews',
  name: 'reviews-1',
  labels: {},
};
const ID = 'spiffe://cluster.local/ns/default/sa/reviews';
const LISTENER = {
  ...{ service: 'reviews', servicePort: 9080, portName: 'http', protocol: 'HTTP' },
  ...{ address: '127.0.0.1', port: 8001, mtls: true },
};
const LEASE_MS = 9_000;

function setUp(context: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'heddle-registry-'));
  const clock = new FakeClock();
  const store = openEmbeddedStore({ directory, clock });
  const open = () => new Registry({ store, clock, log: () => {}, leaseMs: LEASE_MS });
  const registry = open();
  context.after(async () => {
    registry.close();
    await store.close();
    await rm(directory, { recursive: true });
  });
  /** Moves time and waits until the store has done what follows from it. */
  const elapse = async (ms: number) => {
    clock.advance(ms);
    await store.commit({ operations: [{ type: 'put', key: 'barrier', value: clock.now() }] });
  };
  return { registry, store, open, elapse };
}

test('a registration is kept for as long as its stream is open', async (context) => {
  const { registry, elapse } = setUp(context);
  await registry.connect(WORKLOAD, ID, [LISTENER]);
  for (let step = 0; step < 20; step += 1) await elapse(LEASE_MS / 3);
  assert.equal((await registry.records()).length, 1);
});

test('a lost stream keeps its registration for one lease, and no longer', async (context) => {
  const { registry, elapse } = setUp(context);
  const registration = await registry.connect(WORKLOAD, ID, [LISTENER]);
  await elapse(LEASE_MS / 3);
  await registration.disconnect();
  await elapse(LEASE_MS - 1);
  assert.equal((await registry.records()).length, 1);
  await elapse(1);
  assert.equal((await registry.records()).length, 0);
});

test('a workload that comes back replaces its lost registration at once', async (context) => {
  const { registry } = setUp(context);
  const lost = await registry.connect(WORKLOAD, ID, [LISTENER]);
  await lost.disconnect();
  const back = await registry.connect(WORKLOAD, ID, [{ ...LISTENER, port: 8002 }]);
  const records = await registry.records();
  assert.deepEqual(
    records.map(({ id, listeners }) => [id, listeners[0]?.port]),
    [[back.id, 8002]],
  );
});

test('another workload of the same name whose stream is open is not replaced', async (context) => {
  const { registry } = setUp(context);
  await registry.connect(WORKLOAD, ID, [LISTENER]);
  await registry.connect(WORKLOAD, ID, [{ ...LISTENER, port: 8002 }]);
  assert.equal((await registry.records()).length, 2);
});

test('who said that it serves nothing any more is forgotten with its stream', async (context) => {
  const { registry } = setUp(context);
  const registration = await registry.connect(WORKLOAD, ID, [LISTENER]);
  await registration.listen([]);
  assert.deepEqual((await registry.records())[0]?.listeners, []);
  await registration.disconnect();
  await registration.disconnect();
  assert.deepEqual(await registry.records(), []);
});

test('the same listeners again write nothing', async (context) => {
  const { registry, store } = setUp(context);
  const registration = await registry.connect(WORKLOAD, ID, [LISTENER]);
  const revision = await store.revision();
  await registration.listen([{ ...LISTENER }]);
  assert.equal(await store.revision(), revision);
});

test('a registration whose lease ran out while this process slept is made again', async (context) => {
  const { registry, store } = setUp(context);
  const registration = await registry.connect(WORKLOAD, ID, [LISTENER]);
  const [entry] = (await store.list('mesh/workloads/')).entries;
  await store.revoke(entry!.lease!);
  assert.deepEqual(await registry.records(), []);
  await registration.renew();
  assert.equal((await registry.records()).length, 1);
});

test('what one process registered is replaced when the workload comes back to the next one', async (context) => {
  const { registry, open } = setUp(context);
  await registry.connect(WORKLOAD, ID, [LISTENER]);
  registry.close();
  const next = open();
  const back = await next.connect(WORKLOAD, ID, [LISTENER]);
  assert.deepEqual(
    (await next.records()).map(({ id }) => id),
    [back.id],
  );
  next.close();
});
