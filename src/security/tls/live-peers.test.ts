import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { connect, createServer, type Server } from 'node:tls';
import { FakeClock } from '../../base/testing.js';
import { TlsContexts } from './contexts.js';
import {
  CLIENT,
  contexts,
  expecting,
  FixedIdentity,
  foreign,
  received,
  root,
  SERVER,
} from './fixtures.test.js';

/** A server that keeps its connections. */
async function keeping(context: TestContext): Promise<Server> {
  const { contexts: ours } = await contexts(SERVER);
  const server = createServer({ ...ours.serverOptions() }, (socket) => socket.on('error', () => {}).resume());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  return server;
}

/** A connection as a transport makes it, that is kept. */
async function open(server: Server, ours: TlsContexts, key: string) {
  const handshake = ours.handshake(expecting(SERVER), '127.0.0.1', key);
  const { port } = server.address() as AddressInfo;
  const socket = connect({ host: '127.0.0.1', port, ...handshake.options });
  socket.on('error', () => {});
  handshake.follow(socket);
  await once(socket, 'secureConnect');
  return { socket, fault: handshake.confirm(socket) };
}

async function client() {
  const clock = new FakeClock();
  const identity = new FixedIdentity(await received(CLIENT));
  return { clock, identity, ours: new TlsContexts(identity, { clock }) };
}

test('when the root of a server leaves, its destination is told of at once and its connection is closed 400 ms later', async (context) => {
  const server = await keeping(context);
  const { clock, identity, ours } = await client();
  const { socket, fault } = await open(server, ours, 'one');
  assert.equal(fault, undefined);
  assert.equal(ours.peers.size, 1);
  const told: string[][] = [];
  ours.peers.onWithdrawn((keys) => told.push([...keys]));

  identity.bundle.set({ trustDomain: 'td', roots: [root.certificate, foreign.certificate] });
  assert.deepEqual([told, clock.pending], [[], 0]);
  identity.bundle.set({ trustDomain: 'td', roots: [foreign.certificate] });
  assert.deepEqual(told, [['one']]);
  clock.advance(399);
  assert.equal(socket.destroyed, false);
  clock.advance(1);
  assert.equal(socket.destroyed, true);
  await once(socket, 'close');
  assert.equal(ours.peers.size, 0);
});

test('a connection on a resumed session is closed with the root that the session was made under', async (context) => {
  const server = await keeping(context);
  const { clock, identity, ours } = await client();
  const first = await open(server, ours, 'one');
  while (ours.sessions.size === 0) await once(first.socket, 'session');
  const second = await open(server, ours, 'one');
  assert.deepEqual([second.fault, second.socket.isSessionReused()], [undefined, true]);
  identity.bundle.set({ trustDomain: 'td', roots: [foreign.certificate] });
  clock.advance(400);
  assert.deepEqual([first.socket.destroyed, second.socket.destroyed], [true, true]);
});

test('a server that is put on the deny list is told of and closed 400 ms later, whatever else stays', async (context) => {
  const server = await keeping(context);
  const { clock, identity, ours } = await client();
  const { socket } = await open(server, ours, 'one');
  const told: string[][] = [];
  ours.peers.onWithdrawn((keys) => told.push([...keys]));
  const bundle = identity.bundle.current();
  identity.bundle.set({ ...bundle, denied: { serials: [], ids: ['spiffe://td/somebody/else'], keys: [] } });
  assert.deepEqual([told, clock.pending], [[], 0]);
  identity.bundle.set({ ...bundle, denied: { serials: [], ids: [SERVER], keys: [] } });
  assert.deepEqual(told, [['one']]);
  clock.advance(400);
  assert.equal(socket.destroyed, true);
  await assert.rejects(open(server, ours, 'one'), /HEDDLE_PEER_UNTRUSTED.*deny list/);
});

test('a root that leaves in the middle of a handshake vouches for nobody at its end', async (context) => {
  const server = await keeping(context);
  const { identity, ours } = await client();
  const handshake = ours.handshake(expecting(SERVER), '127.0.0.1', 'one');
  const { port } = server.address() as AddressInfo;
  const socket = connect({ host: '127.0.0.1', port, ...handshake.options });
  identity.bundle.set({ trustDomain: 'td', roots: [foreign.certificate] });
  await once(socket, 'secureConnect');
  assert.match(String(handshake.confirm(socket)), /HEDDLE_PEER_UNTRUSTED.*any more/);
  assert.equal(ours.peers.size, 0);
  socket.destroy();
});
