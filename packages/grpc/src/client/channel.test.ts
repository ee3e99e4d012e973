import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttp1 } from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  connectivityState,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { TestCa } from '@heddle/testkit';
import { isMeshError } from 'heddle';
import {
  ask,
  clientOf,
  ECHO,
  EchoClient,
  type EchoClientOf,
  member,
  policyTo,
  serve,
} from './client.test.helper.js';
import { channel, clientOptions, registerScheme } from './index.js';

type Unary = ServerUnaryCall<Buffer, Buffer>;
type Done = sendUnaryData<Buffer>;

const echo = { unary: ({ request }: Unary, done: Done) => done(null, request) };

function ready(client: EchoClientOf, ms: number): Promise<Error | undefined> {
  return new Promise((resolve) => client.waitForReady(Date.now() + ms, resolve));
}

test('a client is ready when somebody can be reached, and not before', async (t) => {
  const holder = createServer();
  holder.listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port: nobody } = holder.address() as AddressInfo;
  holder.close();
  const { mesh, policyFile } = await member(t, policyTo({ endpoints: [{ port: nobody }] }));
  const client = clientOf(t, mesh);
  assert.equal(client.getChannel().getConnectivityState(false), connectivityState.IDLE);
  assert.ok((await ready(client, 200)) instanceof Error);
  const later = ready(client, 60_000);
  await writeFile(policyFile, policyTo({ endpoints: [{ port: await serve(t, echo) }] }));
  assert.equal(await later, undefined);
  assert.equal(client.getChannel().getConnectivityState(false), connectivityState.READY);
  client.close();
  assert.equal(client.getChannel().getConnectivityState(true), connectivityState.SHUTDOWN);
  assert.throws(() => client.unary!(Buffer.from('x'), () => {}));
});

test('a channel serves several clients, and says where its calls went', async (t) => {
  const port = await serve(t, echo);
  const { mesh } = await member(t, policyTo({ endpoints: [{ port }] }));
  const shared = channel(mesh, 'dns:///reviews.mesh:9080');
  t.after(() => shared.close());
  assert.equal(shared.getTarget(), 'dns:///reviews.mesh:9080');
  for (let at = 0; at < 2; at += 1) {
    const client = new EchoClient('ignored', credentials.createInsecure(), { channelOverride: shared });
    const peer = await new Promise((resolve, reject) => {
      const call = client.unary!(Buffer.from('x'), (error: Error | null) =>
        error === null ? resolve(call.getPeer()) : reject(error),
      );
    });
    assert.equal(peer, `127.0.0.1:${port}`);
  }
  for (const target of ['', 'unix:/tmp/x', 'heddle:///a/b', 'ipv4:1.2.3.4:1,2.3.4.5:2'])
    assert.throws(
      () => channel(mesh, target),
      (error) => isMeshError(error, 'HEDDLE_INVALID_ARGUMENT'),
      target,
    );
});

test('targets of the scheme go through the mesh until that is undone, others as before', async (t) => {
  const port = await serve(t, echo);
  const { mesh } = await member(t, policyTo({ endpoints: [{ port }] }));
  const undo = registerScheme(mesh);
  t.after(undo);
  const make = (target: string) => {
    const client = new EchoClient(target, credentials.createInsecure());
    t.after(() => client.close());
    return client;
  };
  assert.equal((await ask(make('heddle:///reviews.mesh:9080'), 'meshed')).message, 'meshed');
  assert.equal((await ask(make(`127.0.0.1:${port}`), 'bare')).message, 'bare');
  undo();
  undo();
  const { error } = await ask(make('heddle:///reviews.mesh:9080'), 'x', new Metadata(), {
    deadline: Date.now() + 5_000,
  });
  assert.notEqual(error, null);
});

async function folderOf(
  t: TestContext,
  ca: TestCa,
  id: string,
): Promise<{ dir: string; pem: Record<'ca' | 'key' | 'cert', Buffer> }> {
  const dir = await mkdtemp(path(tmpdir(), 'heddle-grpc-mtls-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const svid = await ca.svid(id);
  const pem = {
    ca: Buffer.from(ca.bundle.roots.join('\n')),
    key: Buffer.from(svid.key.export({ type: 'pkcs8', format: 'pem' })),
    cert: Buffer.from(svid.chain.join('\n')),
  };
  for (const name of ['ca', 'key', 'cert'] as const) await writeFile(path(dir, `${name}.pem`), pem[name]);
  return { dir, pem };
}

const REVIEWS = 'spiffe://cluster.local/ns/default/sa/reviews';

function mutual(port: number, id: string): string {
  return policyTo({ endpoints: [{ port }] }).replace(
    'tls: { mode: DISABLE }',
    `tls: { mode: ISTIO_MUTUAL, subjectAltNames: ['${id}'] }`,
  );
}

test('calls go by mutual TLS, to the peer that policy names and to no other', async (t) => {
  const ca = await TestCa.create();
  const ours = await folderOf(t, ca, 'spiffe://cluster.local/ns/default/sa/shop');
  const { pem } = await folderOf(t, ca, REVIEWS);
  const server = new Server();
  server.addService(ECHO, {
    unary(call: Unary, done: Done) {
      const names = call.getAuthContext().sslPeerCertificate?.subjectaltname ?? 'nobody';
      done(null, Buffer.from(names));
    },
  });
  const tls = ServerCredentials.createSsl(pem.ca, [{ private_key: pem.key, cert_chain: pem.cert }], true);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', tls, (error, bound) => (error === null ? resolve(bound) : reject(error))),
  );
  t.after(() => server.forceShutdown());
  const { mesh } = await member(t, mutual(port, REVIEWS), { identityDir: ours.dir });
  const client = clientOf(t, mesh);
  assert.equal((await ask(client, 'x')).message, 'URI:spiffe://cluster.local/ns/default/sa/shop');
  const secure = new EchoClient('reviews.mesh:9080', credentials.createSsl(), clientOptions(mesh));
  t.after(() => secure.close());
  assert.equal((await ask(secure, 'x')).error, null);
  const wrong = await member(t, mutual(port, 'spiffe://cluster.local/ns/default/sa/other'), {
    identityDir: ours.dir,
  });
  const { error } = await ask(clientOf(t, wrong.mesh), 'x');
  assert.equal(error?.code, status.UNAVAILABLE);
  assert.ok(isMeshError((error as { cause?: unknown }).cause, 'HEDDLE_PEER_UNTRUSTED'));
});

test('TLS that an application asks for is not given up for plain text', async (t) => {
  const port = await serve(t, echo);
  const { mesh } = await member(t, policyTo({ endpoints: [{ port }] }));
  const shared = channel(mesh, 'reviews.mesh:9080', { credentials: credentials.createSsl() });
  const client = new EchoClient('ignored', credentials.createInsecure(), { channelOverride: shared });
  t.after(() => client.close());
  const { error } = await ask(client, 'x');
  assert.equal(error?.code, status.UNAVAILABLE);
  assert.match(error?.details ?? '', /plain text/);
});

test('a peer that is told to go elsewhere in the middle finishes what it has, and the next call opens a connection', async (t) => {
  const server = createHttp2();
  let sessions = 0;
  server.on('session', (session) => {
    sessions += 1;
    t.after(() => session.destroy());
  });
  server.on('stream', (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.session?.close();
    stream.end(Buffer.from([0, 0, 0, 0, 1, 97]));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { mesh } = await member(
    t,
    policyTo({ endpoints: [{ port: (server.address() as AddressInfo).port }] }),
  );
  const client = clientOf(t, mesh);
  for (let at = 1; at <= 3; at += 1) {
    assert.deepEqual(await ask(client, 'x'), { error: null, message: 'a' });
    assert.equal(sessions, at);
  }
});

test('a peer that speaks HTTP/1.1 only is told so, in plain text and under TLS', async (t) => {
  const plain = createHttp1((_request, response) => response.end('hello'));
  plain.listen(0, '127.0.0.1');
  await once(plain, 'listening');
  t.after(() => plain.close());
  const one = await member(t, policyTo({ endpoints: [{ port: (plain.address() as AddressInfo).port }] }));
  const inPlainText = await ask(clientOf(t, one.mesh), 'x');
  assert.equal(inPlainText.error?.code, status.UNAVAILABLE);
  assert.match(inPlainText.error?.details ?? '', /did not answer in HTTP\/2/);
  const ca = await TestCa.create();
  const ours = await folderOf(t, ca, 'spiffe://cluster.local/ns/default/sa/shop');
  const { pem } = await folderOf(t, ca, REVIEWS);
  const secure = createHttps({ ...pem, requestCert: true }, (_request, response) => response.end('hello'));
  secure.listen(0, '127.0.0.1');
  await once(secure, 'listening');
  t.after(() => secure.close());
  const { port } = secure.address() as AddressInfo;
  const two = await member(t, mutual(port, REVIEWS), { identityDir: ours.dir });
  const underTls = await ask(clientOf(t, two.mesh), 'x');
  assert.equal(underTls.error?.code, status.UNAVAILABLE);
  assert.match(underTls.error?.details ?? '', /takes HTTP\/1\.1 only/);
});
