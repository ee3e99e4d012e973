import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ControlMessage, FakeClock, Value } from 'heddle/ports';
import { Registry } from '../registry/registry.js';
import { ServiceAccounts } from '../registry/service-accounts.js';
import { openEmbeddedStore } from '../store/embedded.js';
import { Hub } from './hub.js';
import type { MeshState } from './state.js';
import type { StreamPeer } from './stream.js';

const PEER: StreamPeer = {
  spiffeId: 'spiffe://cluster.local/ns/default/sa/reviews',
  namespace: 'default',
  serviceAccount: 'reviews',
  notAfter: Date.UTC(2026, 0, 1) + 3_600_000,
};

const HELLO = {
  type: 'hello',
  protocol: 1,
  workload: { namespace: 'default', serviceAccount: 'reviews', service: '', name: 'r', labels: {} },
  ...{ hosts: ['*'], have: {}, revision: 0, listeners: [], certificateExpiresAt: null },
};

function state(revision: number): MeshState {
  const services = [{ host: `r${revision}.default.svc.cluster.local`, namespace: 'default', ports: [] }];
  const accounts = new ServiceAccounts([]);
  return { revision, resources: [], accounts, workloads: [], services, endpoints: [] };
}

function setUp(context: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'heddle-hub-'));
  const clock = new FakeClock();
  const store = openEmbeddedStore({ directory, clock });
  const registry = new Registry({ store, clock, log: () => {}, leaseMs: 10_000 });
  const states = new Value<MeshState>(state(1));
  const hub = new Hub({
    ...{ states, registry, clock, log: () => {}, pingMs: 1_000, maxStreams: 3, maxStreamsPerIdentity: 2 },
    settings: { mesh: { trustDomain: 'cluster.local', outboundTrafficPolicy: 'REGISTRY_ONLY' } },
    bundle: new Value({ trustDomain: 'cluster.local', roots: [] }),
  });
  context.after(async () => {
    await hub.close();
    registry.close();
    await store.close();
    await rm(directory, { recursive: true });
  });
  return { hub, clock, states };
}

/** The connection as the hub sees it. */
class FakeWire {
  readonly said: ControlMessage[] = [];
  keepsUp = true;
  ended = false;
  write(line: string): boolean {
    this.said.push(JSON.parse(line));
    return this.keepsUp;
  }
  end(): void {
    this.ended = true;
  }
  get types(): string[] {
    return this.said.map((message) =>
      message.type === 'update' ? `update ${message.revision}` : message.type,
    );
  }
}

test('a stream is welcomed, told the state, and told of each new one', (context) => {
  const { hub, states } = setUp(context);
  const wire = new FakeWire();
  hub.open(wire, PEER).receive(JSON.stringify(HELLO));
  states.set(state(2));
  assert.deepEqual(wire.types, ['welcome', 'update 1', 'update 2']);
});

test('a reader that does not keep up gets the newest state when it does, not all that it missed', (context) => {
  const { hub, states } = setUp(context);
  const wire = new FakeWire();
  const stream = hub.open(wire, PEER);
  stream.receive(JSON.stringify(HELLO));
  wire.keepsUp = false;
  states.set(state(2));
  for (const revision of [3, 4, 5]) states.set(state(revision));
  stream.receive('{"type":"ping"}');
  assert.deepEqual(wire.types, ['welcome', 'update 1', 'update 2']);
  wire.keepsUp = true;
  stream.drained();
  assert.deepEqual(wire.types.slice(3), ['update 5']);
  const last = wire.said.at(-1) as Extract<ControlMessage, { type: 'update' }>;
  assert.deepEqual(last.remove, ['host/r2.default.svc.cluster.local']);
});

test('a stream that falls silent is ended, one that pings is not', (context) => {
  const { hub, clock } = setUp(context);
  const [silent, lively] = [new FakeWire(), new FakeWire()];
  hub.open(silent, PEER).receive(JSON.stringify(HELLO));
  const stream = hub.open(lively, PEER);
  stream.receive(JSON.stringify(HELLO));
  for (let step = 0; step < 5; step += 1) {
    clock.advance(1_000);
    stream.receive('{"type":"ping"}');
  }
  assert.equal(silent.ended, true);
  assert.equal(lively.ended, false);
  assert.deepEqual(lively.types.slice(2), ['pong', 'pong', 'pong', 'pong', 'pong']);
});

test('a stream does not outlive the certificate that opened it', (context) => {
  const { hub, clock } = setUp(context);
  const wire = new FakeWire();
  const stream = hub.open(wire, PEER);
  stream.receive(JSON.stringify(HELLO));
  clock.jumpWall(3_600_000);
  clock.advance(1_000);
  const goodbye = wire.said.at(-1) as Extract<ControlMessage, { type: 'goodbye' }>;
  assert.deepEqual([goodbye.type, goodbye.retry, wire.ended], ['goodbye', true, true]);
});

test('another version of the protocol is turned away', (context) => {
  const { hub } = setUp(context);
  const wire = new FakeWire();
  hub.open(wire, PEER).receive(JSON.stringify({ ...HELLO, protocol: 2 }));
  assert.deepEqual([wire.types, wire.ended], [['goodbye'], true]);
});

test('there is a limit for one identity, and one for all', (context) => {
  const { hub } = setUp(context);
  const other: StreamPeer = {
    ...PEER,
    spiffeId: 'spiffe://cluster.local/ns/default/sa/ratings',
    serviceAccount: 'ratings',
  };
  hub.open(new FakeWire(), PEER);
  assert.equal(hub.refusal(PEER), null);
  const second = hub.open(new FakeWire(), PEER);
  assert.match(hub.refusal(PEER) ?? '', /holds 2 streams/);
  assert.equal(hub.refusal(other), null);
  hub.open(new FakeWire(), other);
  assert.match(hub.refusal(null) ?? '', /all the streams/);
  hub.closed(second);
  assert.equal(hub.refusal(PEER), null);
});
