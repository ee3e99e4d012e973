import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Resource } from 'heddle/policy';
import { FakeClock } from 'heddle/ports';
import { HEAD_KEY, resourceKey, WORKLOADS_PREFIX } from '../keys.js';
import { openEmbeddedStore } from '../store/embedded.js';
import type { Operation } from '../store/store.js';
import { type MeshState, MeshStates } from './state.js';

async function setUp(context: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'heddle-state-'));
  const clock = new FakeClock();
  const store = openEmbeddedStore({ directory, clock });
  const states = new MeshStates(store, clock, () => {});
  await states.start();
  context.after(async () => {
    await states.close();
    await store.close();
    await rm(directory, { recursive: true });
  });
  /** The state that follows from a commit. */
  async function commit(...operations: Operation[]): Promise<MeshState> {
    const before = states.state.current();
    await store.commit({ operations });
    while (states.state.current() === before) {
      await turn();
      clock.advance(1_000);
    }
    return states.state.current();
  }
  return { states, commit };
}

function put(kind: string, name: string, spec: unknown): Operation {
  const resource: Resource = { apiVersion: 'v1', kind, metadata: { namespace: 'default', name }, spec };
  return { type: 'put', key: resourceKey(kind, 'default', name), value: { resource } };
}

const head: Operation = { type: 'put', key: HEAD_KEY, value: null };
const named = ({ resources }: MeshState, name: string) =>
  resources.find(({ metadata }) => metadata.name === name) ?? assert.fail(`no ${name}`);

test('a write of one resource leaves the others the objects that they were, and is told as the change', async (context) => {
  const { commit } = await setUp(context);
  const first = await commit(put('Service', 'a', {}), put('Service', 'b', {}), head);
  const second = await commit(put('Service', 'b', { ports: [] }), head);
  assert.equal(named(second, 'a'), named(first, 'a'));
  assert.deepEqual(second.change, { remove: [named(first, 'b')], upsert: [named(second, 'b')] });
  assert.equal(second.serial, (first.serial ?? 0) + 1);
  assert.ok(second.revision > first.revision);
  const third = await commit({ type: 'delete', key: resourceKey('Service', 'default', 'a') }, head);
  assert.deepEqual(third.change, { remove: [named(first, 'a')], upsert: [] });
});

test('registrations and resources do not disturb each other', async (context) => {
  const { commit } = await setUp(context);
  const workload = { namespace: 'default', serviceAccount: 'a', service: 'a', name: 'a-1', labels: {} };
  const listener = {
    ...{ service: 'a', servicePort: 80, portName: 'http', protocol: 'HTTP' },
    ...{ address: '127.0.0.1', port: 8001, mtls: false },
  };
  const record = { id: '1', workload, spiffeId: null, listeners: [listener], registeredAt: 1 };
  const key = `${WORKLOADS_PREFIX}default/a/x/1`;
  const first = await commit({ type: 'put', key, value: record }, put('Sidecar', 's', {}));
  assert.equal(first.services.length, 1);
  const second = await commit(put('Sidecar', 's', { egress: [] }), head);
  assert.deepEqual([second.services, second.endpoints], [first.services, first.endpoints]);
  assert.equal(second.endpoints, first.endpoints, 'nobody need look into them again');
  const other = { ...record, id: '2', workload: { ...workload, name: 'b-1', serviceAccount: 'b' } };
  const listeners = [{ ...listener, service: 'b', port: 8002 }];
  const third = await commit({ type: 'put', key: `${key}2`, value: { ...other, listeners } });
  assert.equal(third.resources, second.resources);
  assert.deepEqual(third.change, {});
  assert.equal(third.services.length, 2);
  assert.equal(third.endpoints[0], second.endpoints[0], 'who was there is the same');
});
