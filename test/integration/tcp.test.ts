/** `mesh.connect` through a mesh that joined with a file of policy, over real sockets. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import type { Duplex } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { TestCa } from '@heddle/testkit';
import { isMeshError, type JoinOptions, join, type Mesh } from 'heddle';

const LIMIT = { timeout: 120_000 };
const CALLER = 'spiffe://cluster.local/ns/default/sa/caller';
const REDIS = 'spiffe://cluster.local/ns/default/sa/redis';

async function folder(t: TestContext): Promise<string> {
  const name = await mkdtemp(path(tmpdir(), 'heddle-tcp-'));
  t.after(() => rm(name, { recursive: true, force: true }));
  return name;
}

async function member(t: TestContext, policy: string, options: JoinOptions = {}): Promise<Mesh> {
  const file = path(await folder(t), 'policy.yaml');
  await writeFile(file, policy);
  const mesh = await join({ policy: file, joinTimeoutMs: 60_000, drainTimeoutMs: 0, log() {}, ...options });
  t.after(() => mesh.close());
  return mesh;
}

async function listening(t: TestContext, server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

const named = (t: TestContext, name: string) =>
  listening(
    t,
    createServer((socket) => void socket.end(name)),
  );

const echo = (t: TestContext) =>
  listening(
    t,
    createServer((socket) => void socket.pipe(socket)),
  );

async function readAll(stream: Duplex): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

const v1 = (port: number) => `{ address: 127.0.0.1, labels: { version: v1 }, ports: { tcp: ${port} } }`;
const v2 = (port: number) => `{ address: 127.0.0.1, labels: { version: v2 }, ports: { tcp: ${port} } }`;

function redis(endpoints: readonly string[], trafficPolicy = 'loadBalancer: {}', more = ''): string {
  return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: redis, namespace: default }
spec:
  hosts: [redis.test]
  addresses: [10.9.9.9]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: 6379, name: tcp, protocol: TCP }, { number: 443, name: tls, protocol: TLS }]
  endpoints: [${endpoints.join(', ')}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: redis, namespace: default }
spec:
  host: redis.test
  trafficPolicy: { ${trafficPolicy} }
  subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }]
${more}`;
}

const ROUTES = `---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: redis, namespace: default }
spec:
  hosts: [redis.test]
  tls:
    - match: [{ port: 443, sniHosts: [redis.test] }]
      route: [{ destination: { host: redis.test, subset: v1, port: { number: 6379 } } }]
  tcp:
    - match: [{ sourceLabels: { version: canary } }]
      route: [{ destination: { host: redis.test, subset: v2 } }]
    - route: [{ destination: { host: redis.test, subset: v1 } }]
`;

test('connections follow the VirtualService, by name and by address', LIMIT, async (t) => {
  const endpoints = [v1(await named(t, 'one')), v2(await named(t, 'two'))];
  const mesh = await member(t, redis(endpoints, 'connectionPool: { tcp: { maxConnections: 9 } }', ROUTES));
  assert.equal(await readAll(await mesh.connect('redis.test:6379')), 'one');
  assert.equal(await readAll(await mesh.connect('10.9.9.9:6379')), 'one');
  const sni = { host: 'redis.test', port: 443 };
  assert.equal(await readAll(await mesh.connect({ ...sni, sni: 'redis.test' })), 'one');
  await assert.rejects(mesh.connect({ ...sni, sni: 'other.test' }), (error) =>
    isMeshError(error, 'HEDDLE_NO_ROUTE'),
  );
  await assert.rejects(mesh.connect('elsewhere.test:6379'), (error) => isMeshError(error, 'HEDDLE_NO_ROUTE'));
  const canary = await member(t, redis(endpoints, undefined, ROUTES), { labels: { version: 'canary' } });
  assert.equal(await readAll(await canary.connect('redis.test:6379')), 'two');
});

test('the status counts what is open, and the limit of the cluster holds', LIMIT, async (t) => {
  const mesh = await member(t, redis([v1(await echo(t))], 'connectionPool: { tcp: { maxConnections: 1 } }'));
  const open = () =>
    mesh.status().clusters.find(({ name }) => name === 'outbound|6379||redis.test')?.connections;
  const stream = await mesh.connect('redis.test:6379');
  assert.equal(open(), 1);
  await assert.rejects(mesh.connect('redis.test:6379'), (error) => isMeshError(error, 'HEDDLE_OVERLOADED'));
  const closed = once(stream, 'close');
  stream.end();
  stream.resume();
  await closed;
  assert.equal(open(), 0);
});

test('closing the mesh closes what is still open after the drain', LIMIT, async (t) => {
  const mesh = await member(t, redis([v1(await echo(t))]));
  const stream = await mesh.connect('redis.test:6379');
  stream.write('before');
  assert.equal(String((await once(stream, 'data'))[0]), 'before');
  const closed = once(stream, 'close');
  await mesh.close();
  await closed;
  await assert.rejects(mesh.connect('redis.test:6379'), (error) => isMeshError(error, 'HEDDLE_CLOSED'));
});

test('closing the mesh waits for connections that end by themselves', LIMIT, async (t) => {
  const mesh = await member(t, redis([v1(await echo(t))]), { drainTimeoutMs: 60_000 });
  const stream = await mesh.connect('redis.test:6379');
  let closed = false;
  const closing = mesh.close().then(() => (closed = true));
  for (let i = 0; i < 20; i += 1) await turn();
  assert.equal(closed, false);
  stream.end('the last words');
  assert.equal(await readAll(stream), 'the last words');
  await closing;
});

async function writeIdentity(into: string, ca: TestCa, id: string): Promise<void> {
  const svid = await ca.svid(id);
  await writeFile(path(into, 'ca.pem'), ca.bundle.roots.join('\n'));
  await writeFile(path(into, 'key.pem'), svid.key.export({ type: 'pkcs8', format: 'pem' }).toString());
  await writeFile(path(into, 'cert.pem'), svid.chain.join('\n'));
}

test(
  'ISTIO_MUTUAL holds for connections: a server that any program runs sees who we are',
  LIMIT,
  async (t) => {
    const ca = await TestCa.create();
    const identityDir = await folder(t);
    await writeIdentity(identityDir, ca, CALLER);
    const svid = await ca.svid(REDIS);
    const server = createTlsServer(
      {
        key: svid.key.export({ type: 'pkcs8', format: 'pem' }),
        cert: svid.chain.join(''),
        ca: [...ca.bundle.roots],
        requestCert: true,
      },
      (socket: TLSSocket) => void socket.end(socket.getPeerX509Certificate()?.subjectAltName ?? 'nobody'),
    );
    const port = await listening(t, server);
    const tls = (id: string) => `tls: { mode: ISTIO_MUTUAL, subjectAltNames: ['${id}'] }`;
    const mesh = await member(t, redis([v1(port)], tls(REDIS)), { identityDir });
    assert.equal(await readAll(await mesh.connect('redis.test:6379')), `URI:${CALLER}`);
    const wary = await member(t, redis([v1(port)], tls(`${REDIS}-2`)), { identityDir });
    await assert.rejects(wary.connect('redis.test:6379'), (error) =>
      isMeshError(error, 'HEDDLE_PEER_UNTRUSTED'),
    );
  },
);
