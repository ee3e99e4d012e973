import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect as connectTls, createServer } from 'node:tls';
import { FakeClock } from '../../base/testing.js';
import { clusterName } from '../../model/cluster.js';
import { cluster, REVIEWS } from '../../outbound/fixtures.test.helper.js';
import {
  CLIENT,
  contexts,
  foreign,
  received,
  root,
  SERVER,
  serve,
} from '../../security/tls/fixtures.test.js';
import { at, hostWith, readAll, refusalOf, subset, tcpMesh } from './fixtures.test.helper.js';

/** Speaks TLS by itself, under a name that a certificate of ours proves, and says that name. */
async function ownTls(t: TestContext, name: string): Promise<number> {
  const { svid } = await received(SERVER, root, [name]);
  const key = svid.key.export({ type: 'pkcs8', format: 'pem' });
  const server = createServer({ key, cert: svid.chain.join('') }, (socket) => {
    socket.on('error', () => {});
    socket.end(`${name} for ${socket.servername}`);
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

test('TLS of the caller’s own is passed on as it is, by the name that it asks for', async (t) => {
  const [one, two] = [await ownTls(t, 'one.example'), await ownTls(t, 'two.example')];
  const world = {
    clusters: [cluster(), subset('v1'), subset('v2')],
    endpoints: [at(one, { labels: { version: 'v1' } }), at(two, { labels: { version: 'v2' } })],
  };
  const rule = (index: number, name: string, version: string) => ({
    index,
    match: { sniHosts: [name] },
    destinations: [{ cluster: clusterName(80, version, REVIEWS), weight: 100 }],
  });
  const hosts = hostWith(world, {
    tls: [rule(0, 'one.example', 'v1'), rule(1, '*.example', 'v2')],
    tcp: [{ index: 0, destinations: [{ cluster: clusterName(80, 'v1', REVIEWS), weight: 1 }] }],
  });
  const { connect } = tcpMesh(t, { ...world, hosts });
  for (const name of ['one.example', 'two.example']) {
    const stream = await connect({ host: 'reviews', port: 80, sni: name.toUpperCase() });
    const secure = connectTls({ socket: stream, servername: name, ca: [root.certificate] });
    assert.equal(await readAll(secure), `${name} for ${name}`);
  }
  const refused = await refusalOf(connect({ host: 'reviews', port: 80, sni: 'one.test' }));
  assert.deepEqual([refused.code, refused.flag], ['HEDDLE_NO_ROUTE', 'NR']);
});

test('under TLS, too, the end of each side passes while the other goes on', async (t) => {
  const [ours, theirs] = [await contexts(CLIENT), await contexts(SERVER)];
  const server = createServer({ ...theirs.contexts.serverOptions(), allowHalfOpen: true });
  let heard = '';
  server.on('secureConnection', (socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => (heard += chunk)).once('end', () => socket.end(`after ${heard}`));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const tls = { mode: 'auto', sni: 'reviews' } as const;
  const endpoints = [at(port, { mtls: true, spiffeId: SERVER })];
  const { connect } = tcpMesh(t, { clusters: [cluster({ tls })], endpoints }, { contexts: ours.contexts });
  const stream = await connect('reviews:80');
  stream.end('all of it');
  assert.equal(await readAll(stream), 'after all of it');
});

async function meshed(t: TestContext, spiffeId: string | undefined, clock?: FakeClock) {
  const [ours, theirs] = [await contexts(CLIENT), await contexts(SERVER)];
  const server = await serve(t, theirs.contexts);
  const { port } = server.address() as AddressInfo;
  const endpoint = at(port, { mtls: true, ...(spiffeId !== undefined && { spiffeId }) });
  const tls = { mode: 'auto', sni: 'outbound_.80_._.reviews' } as const;
  const world = { clusters: [cluster({ tls })], endpoints: [endpoint] };
  return tcpMesh(t, world, { contexts: ours.contexts, ...(clock !== undefined && { clock }) });
}

test('a peer of the mesh is reached by mutual TLS, and knows who we are', async (t) => {
  const { connect } = await meshed(t, SERVER);
  const stream = await connect('reviews:80');
  stream.write('?');
  assert.equal(await readAll(stream), CLIENT);
});

test('a peer that proves another identity than it registered is not connected to', async (t) => {
  const { connect } = await meshed(t, `${SERVER}-2`);
  const refused = await refusalOf(connect('reviews:80'));
  assert.deepEqual([refused.code, refused.flag, refused.sent], ['HEDDLE_PEER_UNTRUSTED', 'UF', 'no']);
});

test('a peer of which no identity is known is not connected to', async (t) => {
  const { connect } = await meshed(t, undefined);
  const refused = await refusalOf(connect('reviews:80'));
  assert.equal(refused.code, 'HEDDLE_PEER_UNTRUSTED');
  assert.match(refused.message, /peer-unknown/);
});

test('without an identity of our own mutual TLS is refused, and the endpoint not blamed', async (t) => {
  const tls = { mode: 'mesh', sni: '', subjectAltNames: [SERVER] } as const;
  const mesh = tcpMesh(t, { clusters: [cluster({ tls })], endpoints: [at(1)] });
  const refused = await refusalOf(mesh.connect('reviews:80'));
  assert.deepEqual([refused.code, refused.flag], ['HEDDLE_IDENTITY_UNAVAILABLE', 'LR']);
});

test('silence is noticed under TLS, too', async (t) => {
  const clock = new FakeClock();
  const mesh = await meshed(t, SERVER, clock);
  const stream = await mesh.connect('reviews:80');
  const failed = once(stream, 'error');
  clock.advance(59_999);
  assert.equal(stream.destroyed, false);
  clock.advance(15_001);
  assert.match(String((await failed)[0]), /silent/);
});

const SIMPLE: readonly [what: string, trusted: () => string, code: string | null][] = [
  ['one of the right authority is connected to', () => root.certificate, null],
  ['one of another authority is not', () => foreign.certificate, 'HEDDLE_PEER_UNTRUSTED'],
];
for (const [what, trusted, code] of SIMPLE)
  test(`mode SIMPLE: of servers outside the mesh, ${what}`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'heddle-tcp-'));
    t.after(() => rm(folder, { recursive: true }));
    const caCertificates = join(folder, 'ca.pem');
    await writeFile(caCertificates, trusted());
    const tls = {
      mode: 'simple',
      sni: 'db.example',
      subjectAltNames: ['db.example'],
      caCertificates,
    } as const;
    const endpoints = [at(await ownTls(t, 'db.example'))];
    const { connect } = tcpMesh(t, { clusters: [cluster({ tls })], endpoints });
    if (code === null) assert.equal(await readAll(await connect('reviews:80')), 'db.example for db.example');
    else assert.equal((await refusalOf(connect('reviews:80'))).code, code);
  });
