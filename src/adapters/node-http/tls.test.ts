import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { MeshError } from '../../base/errors.js';
import {
  get,
  inboundPolicy,
  newPair,
  newRoot,
  ofMode,
  RawClient,
  TestPath,
  TestTls,
  twoFacedPair,
  until,
} from '../../inbound/fixtures.test.js';
import { type Authorities, newAuthorities, serve } from './fixtures.test.js';
import { type ListenTarget, listen } from './index.js';

let own: Authorities;

before(async () => {
  own = await newAuthorities();
});

const trusted = () => ({ ...own.client, ca: own.root.certificate });

test('a STRICT port closes a plain-text connection without a byte, and says why', async (t) => {
  const { mesh, port } = await serve(t, own, { policy: ofMode('STRICT') });
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
  const { mesh, port } = await serve(t, own, { policy: ofMode('STRICT') });
  const caller = await RawClient.connectTls(port, { ca: own.root.certificate });
  caller.say(get('/'));
  await caller.closed;
  assert.equal(caller.heard, '');
  await until(() => mesh.warnings.length === 1);
  assert.equal(mesh.started.length, 0);
});

test('a STRICT port refuses a certificate of another authority, even one with the right name', async (t) => {
  const { mesh, port } = await serve(t, own, { policy: ofMode('STRICT') });
  const caller = await RawClient.connectTls(port, {
    ...(await newPair(own.foreign, 'productpage')),
    ca: own.root.certificate,
  });
  caller.say(get('/'));
  await caller.closed;
  assert.equal(caller.heard, '');
  await until(() => mesh.warnings.length === 1);
  assert.equal(mesh.started.length, 0);
});

test('a certificate with two SPIFFE IDs, or one of another trust domain, is refused at the connection', async (t) => {
  const { mesh, port } = await serve(t, own, { policy: ofMode('STRICT') });
  const pairs = [
    await twoFacedPair(own.root),
    await newPair(own.root, 'spiffe://other.example/ns/default/sa/productpage'),
  ];
  for (const pair of pairs) {
    const caller = await RawClient.connectTls(port, { ...pair, ca: own.root.certificate });
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
  const { mesh, port } = await serve(t, own, { policy: ofMode('STRICT') });
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
  const { mesh, port } = await serve(t, own, { policy: ofMode('PERMISSIVE') });
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
  const { port } = await serve(t, own, { policy: ofMode('DISABLE') });
  const plain = await RawClient.connect(port);
  plain.say(get('/'));
  await plain.hear(/hello/);
  await plain.close();
  const secure = await RawClient.connectTls(port, trusted());
  await secure.closed;
  assert.equal(secure.heard, '');
});

test('a plain-text connection that is kept alive is refused and closed once its port becomes STRICT', async (t) => {
  const { mesh, port } = await serve(t, own, { policy: ofMode('PERMISSIVE') });
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

test('rotation keeps open connections, shows new ones the new certificate, and trusts the new root alone', async (t) => {
  const { tls, port } = await serve(t, own, { policy: ofMode('STRICT') });
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
  const old = await RawClient.connectTls(port, { ...own.client, ca: next.certificate });
  old.say(get('/'));
  await old.closed;
  assert.equal(old.heard, '');
  await early.close();
  await late.close();
});

test('a certificate that cannot be used is told about, and the one before stays', async (t) => {
  const { mesh, tls, port } = await serve(t, own, { policy: ofMode('STRICT') });
  tls.rotate({ key: own.server.key, cert: own.client.cert }, own.root);
  const caller = await RawClient.connectTls(port, trusted());
  caller.say(get('/'));
  await caller.hear(/hello/);
  await caller.close();
  assert.match(mesh.warnings[0] ?? '', /cannot be used, the one before stays/);
});

test('a resumed TLS session carries the same identity', async (t) => {
  const { mesh, port } = await serve(t, own, { policy: ofMode('STRICT') });
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
  const { mesh, port } = await serve(t, own, { policy: ofMode('STRICT') });
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

test('an identity that comes after the port was opened is used from then on', async (t) => {
  const mesh = new TestPath(ofMode('STRICT'));
  const tls = new LateTls(own.server, own.root);
  const target: ListenTarget = (_request, response) => response.end('hello');
  const listening = await listen(mesh.path, { target, port: 0, tls }, { address: '127.0.0.1' });
  t.after(() => listening.close(0));
  const early = await RawClient.connectTls(listening.port, trusted());
  await early.closed;
  tls.arrive();
  const caller = await RawClient.connectTls(listening.port, trusted());
  caller.say(get('/'));
  await caller.hear(/hello/);
  await caller.close();
});

/** Has nothing to show until it arrives. */
class LateTls extends TestTls {
  #arrived = false;

  override serverOptions(): ReturnType<TestTls['serverOptions']> {
    if (this.#arrived) return super.serverOptions();
    throw new MeshError('no certificate yet', { code: 'HEDDLE_IDENTITY_UNAVAILABLE' });
  }

  arrive(): void {
    this.#arrived = true;
    this.rotate(own.server, own.root);
  }
}
