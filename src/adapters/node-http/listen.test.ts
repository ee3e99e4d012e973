import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { before, type TestContext, test } from 'node:test';
import {
  denyPaths,
  get,
  inboundPolicy,
  newPair,
  newRoot,
  ofMode,
  type Pair,
  RawClient,
  TestPath,
  TestTls,
  twoFacedPair,
  until,
} from '../../inbound/fixtures.test.js';
import type { EffectiveInbound } from '../../policy/effective.js';
import type { Issuer } from '../../security/certificate/issue.js';
import { type Listening, type ListenOptions, type ListenTarget, listen } from './index.js';

let root: Issuer;
let foreign: Issuer;
let server: Pair;
let client: Pair;

before(async () => {
  root = await newRoot();
  foreign = await newRoot();
  server = await newPair(root, 'reviews');
  client = await newPair(root, 'productpage');
});

interface Setup {
  readonly policy?: EffectiveInbound | null;
  readonly target?: ListenTarget;
  readonly options?: ListenOptions;
}

interface Served {
  readonly mesh: TestPath;
  readonly tls: TestTls;
  readonly listening: Listening;
  readonly port: number;
}

async function serve(t: TestContext, setup: Setup = {}): Promise<Served> {
  const mesh = new TestPath(setup.policy);
  const tls = new TestTls(server, root);
  const target =
    setup.target ?? ((_request: IncomingMessage, response: ServerResponse) => response.end('hello'));
  const listening = await listen(
    mesh.path,
    { target, port: 0, tls },
    { address: '127.0.0.1', ...setup.options },
  );
  t.after(async () => {
    const closing = listening.close(0);
    mesh.clock.advance(1);
    await closing;
  });
  return { mesh, tls, listening, port: listening.port };
}

const trusted = () => ({ ...client, ca: root.certificate });

test('a STRICT port closes a plain-text connection without a byte, and says why', async (t) => {
  const { mesh, port } = await serve(t, { policy: ofMode('STRICT') });
  const caller = await RawClient.connect(port);
  caller.say(get('/'));
  await caller.closed;
  assert.equal(caller.heard, '');
  assert.deepEqual(mesh.warnings, [
    `refused a connection from 127.0.0.1 to port ${port}: PLAIN_TEXT_ON_STRICT_PORT`,
  ]);
  assert.equal(mesh.started.length, 0);
});

test('a STRICT port refuses a client without a certificate', async (t) => {
  const { mesh, port } = await serve(t, { policy: ofMode('STRICT') });
  const caller = await RawClient.connectTls(port, { ca: root.certificate });
  caller.say(get('/'));
  await caller.closed;
  assert.equal(caller.heard, '');
  await until(() => mesh.warnings.length === 1);
  assert.equal(mesh.started.length, 0);
});

test('a STRICT port refuses a certificate of another authority, even one with the right name', async (t) => {
  const { mesh, port } = await serve(t, { policy: ofMode('STRICT') });
  const caller = await RawClient.connectTls(port, {
    ...(await newPair(foreign, 'productpage')),
    ca: root.certificate,
  });
  caller.say(get('/'));
  await caller.closed;
  assert.equal(caller.heard, '');
  await until(() => mesh.warnings.length === 1);
  assert.equal(mesh.started.length, 0);
});

test('a certificate with two SPIFFE IDs, or one of another trust domain, is refused at the connection', async (t) => {
  const { mesh, port } = await serve(t, { policy: ofMode('STRICT') });
  const pairs = [
    await twoFacedPair(root),
    await newPair(root, 'spiffe://other.example/ns/default/sa/productpage'),
  ];
  for (const pair of pairs) {
    const caller = await RawClient.connectTls(port, { ...pair, ca: root.certificate });
    caller.say(get('/'));
    await caller.closed;
    assert.equal(caller.heard, '');
    mesh.clock.advance(1_000);
  }
  assert.equal(mesh.started.length, 0);
  assert.match(mesh.warnings[0] ?? '', /NOT_AN_SVID.*2 URI names/);
  assert.match(mesh.warnings[1] ?? '', /NOT_AN_SVID.*other\.example/);
});

test('a STRICT port serves a peer of the mesh, and the exchange knows who it is', async (t) => {
  const { mesh, port } = await serve(t, { policy: ofMode('STRICT') });
  const caller = await RawClient.connectTls(port, {
    ...trusted(),
    servername: 'outbound_.80_._.reviews.default',
  });
  caller.say(get('/'));
  assert.match(await caller.hear(/hello/), /^HTTP\/1\.1 200 OK/);
  await caller.close();
  const [exchange] = await mesh.endedBy(1);
  assert.equal(exchange?.facts.peer.id?.toString(), 'spiffe://cluster.local/ns/default/sa/productpage');
  assert.equal(exchange?.facts.peer.sni, 'outbound_.80_._.reviews.default');
  assert.equal(exchange?.facts.scheme, 'https');
  assert.equal(exchange?.facts.localPort, port);
});

test('a PERMISSIVE port serves plain text and mutual TLS side by side, and STRICT of one port holds for it alone', async (t) => {
  const { mesh, port } = await serve(t, { policy: ofMode('PERMISSIVE') });
  const plain = await RawClient.connect(port);
  plain.say(get('/'));
  await plain.hear(/hello/);
  const secure = await RawClient.connectTls(port, trusted());
  secure.say(get('/'));
  await secure.hear(/hello/);
  await plain.close();
  await secure.close();
  const exchanges = await mesh.endedBy(2);
  assert.deepEqual(
    exchanges.map(({ facts }) => [facts.scheme, facts.peer.id?.serviceAccount ?? null]),
    [
      ['http', null],
      ['https', 'productpage'],
    ],
  );
  mesh.accept(inboundPolicy({ mtls: { mode: 'PERMISSIVE', ports: { [port]: 'STRICT' } } }));
  const late = await RawClient.connect(port);
  late.say(get('/'));
  await late.closed;
  assert.equal(late.heard, '');
});

test('a DISABLE port serves plain text and does not shake hands', async (t) => {
  const { port } = await serve(t, { policy: ofMode('DISABLE') });
  const plain = await RawClient.connect(port);
  plain.say(get('/'));
  await plain.hear(/hello/);
  await plain.close();
  const secure = await RawClient.connectTls(port, trusted());
  await secure.closed;
  assert.equal(secure.heard, '');
});

test('a plain-text connection that is kept alive is refused and closed once its port becomes STRICT', async (t) => {
  const { mesh, port } = await serve(t, { policy: ofMode('PERMISSIVE') });
  const caller = await RawClient.connect(port);
  caller.say(get('/'));
  await caller.hear(/hello/);
  mesh.accept(ofMode('STRICT'), 2);
  caller.say(get('/'));
  await caller.closed;
  assert.match(caller.heard, /HTTP\/1\.1 403 Forbidden/);
  const [, refused] = await mesh.endedBy(2);
  assert.equal(refused?.refusal?.because, 'mtls_strict_plain_text');
});

test('everything is answered 503 until the first policy is there', async (t) => {
  const { mesh, port } = await serve(t, { policy: null });
  const caller = await RawClient.connect(port);
  caller.say(get('/'));
  assert.match(await caller.hear(/HEDDLE_NO_POLICY/), /^HTTP\/1\.1 503 /);
  mesh.accept(inboundPolicy());
  caller.say(get('/'));
  await caller.hear(/hello/);
  await caller.close();
});

test('rotation keeps open connections, shows new ones the new certificate, and trusts the new root alone', async (t) => {
  const { tls, port } = await serve(t, { policy: ofMode('STRICT') });
  const early = await RawClient.connectTls(port, trusted());
  early.say(get('/'));
  await early.hear(/hello/);
  const next = await newRoot();
  tls.rotate(await newPair(next, 'reviews'), next);
  early.say(get('/'));
  await early.hear(/hello/, 2);
  const late = await RawClient.connectTls(port, {
    ...(await newPair(next, 'productpage')),
    ca: next.certificate,
  });
  late.say(get('/'));
  await late.hear(/hello/);
  const old = await RawClient.connectTls(port, { ...client, ca: next.certificate });
  old.say(get('/'));
  await old.closed;
  assert.equal(old.heard, '');
  await early.close();
  await late.close();
});

test('a certificate that cannot be used is told about, and the one before stays', async (t) => {
  const { mesh, tls, port } = await serve(t, { policy: ofMode('STRICT') });
  tls.rotate({ key: server.key, cert: client.cert }, root);
  const caller = await RawClient.connectTls(port, trusted());
  caller.say(get('/'));
  await caller.hear(/hello/);
  await caller.close();
  assert.match(mesh.warnings[0] ?? '', /cannot be used, the one before stays/);
});

test('a resumed TLS session carries the same identity', async (t) => {
  const { mesh, port } = await serve(t, { policy: ofMode('STRICT') });
  const first = await RawClient.connectTls(port, { ...trusted(), maxVersion: 'TLSv1.2' });
  first.say(get('/'));
  await first.hear(/hello/);
  const session = 'getSession' in first.socket ? first.socket.getSession() : undefined;
  await first.close();
  assert.ok(session);
  const again = await RawClient.connectTls(port, { ...trusted(), maxVersion: 'TLSv1.2', session });
  assert.equal('isSessionReused' in again.socket && again.socket.isSessionReused(), true);
  again.say(get('/'));
  await again.hear(/hello/);
  await again.close();
  const [, exchange] = await mesh.endedBy(2);
  assert.equal(exchange?.facts.peer.id?.serviceAccount, 'productpage');
});

test('a peer whose certificate has ended cannot come back with a resumed session', async (t) => {
  const { mesh, port } = await serve(t, { policy: ofMode('STRICT') });
  const first = await RawClient.connectTls(port, { ...trusted(), maxVersion: 'TLSv1.2' });
  first.say(get('/'));
  await first.hear(/hello/);
  const session = 'getSession' in first.socket ? first.socket.getSession() : undefined;
  await first.close();
  assert.ok(session);
  mesh.clock.jumpWall(2 * 3_600_000);
  const again = await RawClient.connectTls(port, { ...trusted(), maxVersion: 'TLSv1.2', session });
  again.say(get('/'));
  await again.closed;
  assert.equal(again.heard, '');
  assert.match(mesh.warnings[0] ?? '', /CERT_HAS_EXPIRED/);
});

test('a client that sends byte by byte is served', async (t) => {
  const { port } = await serve(t);
  const caller = await RawClient.connect(port);
  for (const byte of get('/')) {
    caller.say(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.match(await caller.hear(/hello/), /200 OK/);
  await caller.close();
});

test('a client that sends nothing is closed after the time for the first byte', async (t) => {
  const { mesh, port } = await serve(t);
  const caller = await RawClient.connect(port);
  await until(() => mesh.clock.pending > 0);
  mesh.clock.advance(10_000);
  await caller.closed;
  assert.equal(caller.heard, '');
  assert.match(mesh.warnings[0] ?? '', /NO_FIRST_BYTE/);
});

test('a client that ends, or breaks, its side before the first byte leaves nothing behind', async (t) => {
  const { mesh, port } = await serve(t);
  const ending = await RawClient.connect(port);
  ending.socket.end();
  await ending.closed;
  const breaking = await RawClient.connect(port);
  await until(() => mesh.clock.pending > 0);
  breaking.socket.resetAndDestroy();
  await until(() => mesh.clock.pending === 0);
  assert.deepEqual(mesh.warnings, []);
});

test('a head that does not end is cut off after its time', async (t) => {
  const { port } = await serve(t, { options: { headersTimeoutMs: 40 } });
  const caller = await RawClient.connect(port);
  caller.say('GET / HTTP/1.1\r\nhost: reviews\r\nx: ');
  await caller.closed;
  assert.match(caller.heard, /^HTTP\/1\.1 408 /);
});

test('closing lets what is under way finish and says that the connection ends', async (t) => {
  const under: ServerResponse[] = [];
  const { mesh, listening, port } = await serve(t, {
    target: (_request, response) => under.push(response),
  });
  const busy = await RawClient.connect(port);
  busy.say(get('/'));
  await until(() => under.length === 1);
  const peeked = await RawClient.connect(port);
  const closing = listening.close();
  await peeked.closed;
  assert.equal(mesh.ended.length, 0);
  under[0]?.end('done');
  await busy.hear(/done/);
  assert.match(busy.heard, /connection: close/i);
  await busy.closed;
  await closing;
  await listening.close();
});

test('closing destroys what has not finished in time, and its exchange is abandoned', async (t) => {
  const { mesh, listening, port } = await serve(t, { target: () => {} });
  const caller = await RawClient.connect(port);
  caller.say(get('/'));
  await until(() => mesh.started.length > 0);
  const closing = listening.close(5_000);
  mesh.clock.advance(5_000);
  await closing;
  await caller.closed;
  const [exchange] = await mesh.endedBy(1);
  assert.deepEqual([...(exchange?.flags ?? [])], ['DC']);
  assert.equal(exchange?.status, 0);
});

test('an unused connection that is kept alive closes at once when the port closes', async (t) => {
  const { mesh, listening, port } = await serve(t);
  const caller = await RawClient.connect(port);
  caller.say(get('/'));
  await caller.hear(/hello/);
  await mesh.endedBy(1);
  await listening.close();
  await caller.closed;
});

test('a port that is taken is an error that says which', async (t) => {
  const { mesh, port } = await serve(t);
  await assert.rejects(
    listen(mesh.path, { target: () => {}, port, tls: null }, { address: '127.0.0.1' }),
    /HEDDLE_INVALID_ARGUMENT.*127\.0\.0\.1, port \d+/,
  );
});

test('without an identity TLS is refused and plain text served as policy allows', async (t) => {
  const mesh = new TestPath(ofMode('PERMISSIVE'));
  const target: ListenTarget = (_request, response) => response.end('hello');
  const listening = await listen(mesh.path, { target, port: 0, tls: null }, { address: '127.0.0.1' });
  t.after(() => listening.close(0));
  const secure = await RawClient.connectTls(listening.port, trusted());
  await secure.closed;
  const plain = await RawClient.connect(listening.port);
  plain.say(get('/'));
  await plain.hear(/hello/);
  await plain.close();
  assert.match(mesh.warnings[0] ?? '', /NO_IDENTITY/);
});

test('an HTTP server is served with its own listeners, those for upgrades included', async (t) => {
  const app = createServer((_request, response) => response.end('from a server'));
  const { mesh, port } = await serve(t, { target: app });
  app.on('upgrade', (_request, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n');
    socket.pipe(socket);
  });
  const plain = await RawClient.connect(port);
  plain.say(get('/'));
  await plain.hear(/from a server/);
  await plain.close();
  const upgraded = await RawClient.connect(port);
  upgraded.say(get('/chat', 'connection: upgrade', 'upgrade: echo'));
  await upgraded.hear(/101/);
  upgraded.say('to and fro');
  await upgraded.hear(/to and fro/);
  await upgraded.close();
  const [, exchange] = await mesh.endedBy(2);
  assert.equal(exchange?.status, 101);
});

test('an upgrade that policy forbids is answered 403 and never reaches the application', async (t) => {
  const app = createServer();
  let upgrades = 0;
  app.on('upgrade', () => (upgrades += 1));
  const authorization = [{ policy: 'default/none', action: 'ALLOW' as const, dryRun: false, rules: [] }];
  const { mesh, port } = await serve(t, { target: app, policy: inboundPolicy({ authorization }) });
  const caller = await RawClient.connect(port);
  caller.say(get('/chat', 'connection: upgrade', 'upgrade: echo'));
  await caller.closed;
  assert.match(caller.heard, /^HTTP\/1\.1 403 Forbidden[\s\S]*RBAC: access denied$/);
  const [exchange] = await mesh.endedBy(1);
  assert.equal(exchange?.status, 403);
  assert.equal(upgrades, 0);
});

test('a caller that asks before it sends its body is told to go on only if it may', async (t) => {
  const target: ListenTarget = (request, response) => {
    request.resume();
    request.on('end', () => response.end('taken'));
  };
  const { mesh, port } = await serve(t, {
    target,
    policy: inboundPolicy({ authorization: denyPaths('/admin') }),
  });
  const head = (path: string) =>
    `POST ${path} HTTP/1.1\r\nhost: reviews\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n`;
  const caller = await RawClient.connect(port);
  caller.say(head('/open'));
  await caller.hear(/100 Continue/);
  caller.say('ok');
  await caller.hear(/taken/);
  await caller.close();
  const refused = await RawClient.connect(port);
  refused.say(head('/admin'));
  assert.match(await refused.hear(/denied/), /^HTTP\/1\.1 403/);
  await refused.close();
  assert.equal((await mesh.endedBy(2)).length, 2);
});

test('a head that is too large is refused', async (t) => {
  const { mesh, port } = await serve(t, { options: { maxHeaderBytes: 8_192 } });
  const caller = await RawClient.connect(port);
  caller.say(get('/', `x: ${'y'.repeat(10_000)}`));
  await caller.closed;
  assert.match(caller.heard, /^HTTP\/1\.1 431 /);
  assert.equal(mesh.started.length, 0);
});

test('an object with callback() is served, and what is no application is refused by name', async (t) => {
  const koa = {
    callback: () => (_request: IncomingMessage, response: ServerResponse) => response.end('koa'),
  };
  const { mesh, port } = await serve(t, { target: koa });
  const caller = await RawClient.connect(port);
  caller.say(get('/'));
  await caller.hear(/koa/);
  await caller.close();
  const listening = createServer();
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  t.after(() => listening.close());
  assert.ok((listening.address() as AddressInfo).port > 0);
  await assert.rejects(listen(mesh.path, { target: listening, port: 0, tls: null }), /listens already/);
});
