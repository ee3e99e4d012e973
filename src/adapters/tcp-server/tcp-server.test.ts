import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { before, type TestContext, test } from 'node:test';
import { inboundPolicy, ofMode, RawClient, TestPath, TestTls, until } from '../../inbound/fixtures.test.js';
import type { EffectiveInbound } from '../../policy/effective.js';
import { type Authorities, newAuthorities } from '../node-http/fixtures.test.js';
import { listenTcp, type TcpListenOptions, type TcpTarget } from './index.js';

let own: Authorities;
before(async () => {
  own = await newAuthorities();
});

const echo = (socket: Socket) => void socket.pipe(socket);

async function serve(
  t: TestContext,
  target: TcpTarget,
  policy: EffectiveInbound | null = inboundPolicy(),
  options: TcpListenOptions = {},
) {
  const mesh = new TestPath(policy);
  const tls = new TestTls(own.server, own.root);
  const listening = await listenTcp(
    mesh.path,
    { target, port: 0, tls },
    { address: '127.0.0.1', ...options },
  );
  t.after(async () => {
    const closing = listening.close(0);
    mesh.clock.advance(1);
    await closing;
  });
  return { mesh, tls, listening, port: listening.port };
}

const withIdentity = () => ({ ca: own.root.certificate, ...own.client, ALPNProtocols: [] });
const id = 'spiffe://cluster.local/ns/default/sa/productpage';

test('a STRICT port speaks mutual TLS, the handler and its listeners know who is there, and the end is logged', async (t) => {
  const seen: (string | undefined)[] = [];
  const { mesh, port } = await serve(
    t,
    (socket: Socket) => {
      const peer = () => mesh.ambient.getStore()?.facts.peer.id?.toString();
      seen.push(peer());
      socket.on('data', (chunk) => {
        seen.push(peer());
        socket.end(chunk);
      });
    },
    ofMode('STRICT'),
  );
  const caller = await RawClient.connectTls(port, withIdentity());
  caller.say('hello');
  await caller.closed;
  assert.equal(caller.heard, 'hello');
  assert.deepEqual(seen, [id, id]);
  const [exchange] = await mesh.endedBy(1);
  assert.equal(exchange?.facts.protocol, 'TCP');
  assert.equal(exchange?.facts.peer.id?.toString(), id);
  // Of what the application reads and writes, not of what TLS makes of it.
  assert.deepEqual([exchange!.bytesReceived, exchange!.bytesSent], [5, 5]);
  const plain = await RawClient.connect(port);
  plain.say('hello');
  await plain.closed;
  assert.equal(plain.heard, '');
  assert.match(mesh.warnings.join('\n'), /PLAIN_TEXT_ON_STRICT_PORT/);
  assert.equal(seen.length, 2);
});

test('a PERMISSIVE port takes both, and a caller that waits for the server to speak is plain text after a moment', async (t) => {
  const greeter = createServer((socket) => socket.end('220 ready'));
  const { mesh, port } = await serve(t, greeter);
  const silent = await RawClient.connect(port);
  await until(() => mesh.clock.pending > 0);
  mesh.clock.advance(1_000);
  assert.equal(await silent.hear(/ready/), '220 ready');
  await silent.close();
  const secure = await RawClient.connectTls(port, withIdentity());
  assert.equal(await secure.hear(/ready/), '220 ready');
  await secure.close();
  const ended = await mesh.endedBy(2);
  assert.deepEqual(
    ended.map(({ facts }) => facts.peer.id === null),
    [true, false],
  );
});

test('on a DISABLE port nothing is waited for', async (t) => {
  const { port } = await serve(
    t,
    createServer((socket) => socket.end('220 ready')),
    ofMode('DISABLE'),
  );
  const caller = await RawClient.connect(port);
  assert.equal(await caller.hear(/ready/), '220 ready');
  await caller.close();
});

test('a silent caller of a STRICT port is closed', async (t) => {
  const { mesh, port } = await serve(t, echo, ofMode('STRICT'));
  const caller = await RawClient.connect(port);
  await until(() => mesh.clock.pending > 0);
  mesh.clock.advance(1_000);
  await caller.closed;
  assert.match(mesh.warnings.join('\n'), /NO_FIRST_BYTE/);
});

test('a connection that policy forbids is closed before the application sees it, and the log has the rule', async (t) => {
  let served = 0;
  const rules = [{ to: [{ paths: { values: ['/only/http'] } }] }];
  const policy = inboundPolicy({
    authorization: [{ policy: 'default/closed', action: 'DENY', dryRun: false, rules }],
  });
  const { mesh, port } = await serve(t, () => (served += 1), policy);
  const caller = await RawClient.connect(port);
  caller.say('hello');
  await caller.closed;
  const [exchange] = await mesh.endedBy(1);
  assert.equal(served, 0);
  assert.equal(exchange?.verdict?.policy, 'default/closed');
  assert.match(exchange?.refusal?.because ?? '', /rbac_access_denied/);
  assert.equal(mesh.path.open.size, 0);
});

test('without policy nobody is served', async (t) => {
  const { mesh, port } = await serve(t, echo, null);
  const caller = await RawClient.connect(port);
  caller.say('hello');
  await caller.closed;
  assert.equal((await mesh.endedBy(1))[0]?.refusal?.because, 'no_policy_yet');
});

test('connections beyond the limit are closed, and one that ends makes room', async (t) => {
  const { mesh, port } = await serve(t, echo, inboundPolicy(), { maxConnections: 1 });
  const first = await RawClient.connect(port);
  first.say('a');
  await first.hear(/a/);
  const second = await RawClient.connect(port);
  second.say('b');
  await second.closed;
  assert.match(mesh.warnings.join('\n'), /TOO_MANY_CONNECTIONS/);
  await first.close();
  await mesh.endedBy(1);
  const third = await RawClient.connect(port);
  third.say('c');
  assert.equal(await third.hear(/c/), 'c');
  await third.close();
});

test('closing gives connections their time, and then ends them', async (t) => {
  const { mesh, port, listening } = await serve(t, echo);
  const caller = await RawClient.connect(port);
  caller.say('a');
  await caller.hear(/a/);
  const closing = listening.close(5_000);
  mesh.clock.advance(4_999);
  caller.say('b');
  assert.equal(await caller.hear(/ab/), 'ab');
  mesh.clock.advance(1);
  await closing;
  await caller.closed;
});

test('a connection whose root leaves the bundle is closed after 400 ms, and one whose root stays is not', async (t) => {
  const { mesh, port, tls } = await serve(t, echo, ofMode('STRICT'));
  const caller = await RawClient.connectTls(port, withIdentity());
  caller.say('a');
  await caller.hear(/a/);
  tls.rotate(own.server, own.root);
  mesh.clock.advance(1_000);
  caller.say('b');
  assert.equal(await caller.hear(/ab/), 'ab');
  tls.rotate(own.server, own.foreign);
  mesh.clock.advance(399);
  caller.say('c');
  assert.equal(await caller.hear(/abc/), 'abc');
  mesh.clock.advance(1);
  await caller.closed;
  assert.match(mesh.warnings.join('\n'), /NO_LONGER_TRUSTED/);
});

test('a peer with a certificate of somebody else is refused by its address', async (t) => {
  const { mesh, port } = await serve(t, echo, ofMode('STRICT'));
  const foreign = await newAuthorities();
  const caller = await RawClient.connectTls(port, { ...withIdentity(), ...foreign.client });
  await caller.closed;
  await until(() => mesh.warnings.length > 0);
  assert.match(mesh.warnings[0]!, /^refused a connection from 127\.0\.0\.1 /);
});
