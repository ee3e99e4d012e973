/** Calls out over HTTP/2, where policy says so, through a mesh and over real sockets. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import {
  constants,
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { TestCa } from '@heddle/testkit';
import { isMeshError, join, type Mesh } from 'heddle';

const LIMIT = { timeout: 120_000 };
const SERVER = 'spiffe://cluster.local/ns/default/sa/server';
const CLIENT = 'spiffe://cluster.local/ns/default/sa/client';
const SVC = 'http://svc.test/';

async function folder(t: TestContext): Promise<string> {
  const name = await mkdtemp(path(tmpdir(), 'heddle-http2-'));
  t.after(() => rm(name, { recursive: true, force: true }));
  return name;
}

/** Each file by rename, as those who rotate certificates do. */
async function writeIdentity(into: string, ca: TestCa, id: string): Promise<void> {
  const svid = await ca.svid(id);
  const files = {
    'ca.pem': ca.bundle.roots.join('\n'),
    'key.pem': svid.key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    'cert.pem': svid.chain.join('\n'),
  };
  for (const [name, text] of Object.entries(files)) {
    await writeFile(path(into, `.${name}`), text);
    await rename(path(into, `.${name}`), path(into, name));
  }
}

async function member(t: TestContext, documents: readonly string[], more: object = {}): Promise<Mesh> {
  const policy = path(await folder(t), 'policy.yaml');
  await writeFile(policy, documents.join('\n---\n'));
  const mesh = await join({ policy, joinTimeoutMs: 60_000, drainTimeoutMs: 0, log() {}, ...more });
  t.after(() => mesh.close());
  return mesh;
}

interface Served {
  readonly port: number;
  readonly sessions: ServerHttp2Session[];
  /** Connections so far. */
  accepted(): number;
}

async function listening(
  t: TestContext,
  server: Http2Server | Http2SecureServer,
  onStream: (stream: ServerHttp2Stream, path: string) => void,
): Promise<Served> {
  const sessions: ServerHttp2Session[] = [];
  const sockets = new Set<Socket>();
  let accepted = 0;
  server.on('connection', (socket: Socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('session', (session) => {
    sessions.push(session);
    session.on('error', () => {});
  });
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => {});
    onStream(stream, String(headers[':path']));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port: (server.address() as AddressInfo).port, sessions, accepted: () => accepted };
}

function ok(stream: ServerHttp2Stream, text = 'ok'): void {
  if (stream.destroyed) return;
  stream.respond({ ':status': 200 });
  stream.end(text);
}

function plain(
  t: TestContext,
  onStream: (stream: ServerHttp2Stream, path: string) => void = (stream) => ok(stream),
  settings: object = {},
): Promise<Served> {
  return listening(t, createServer({ settings }), onStream);
}

function entry(port: number, protocol = 'HTTP2'): string {
  return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: svc, namespace: default }
spec:
  hosts: [svc.test]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: 80, name: main, protocol: ${protocol} }]
  endpoints: [{ address: 127.0.0.1, ports: { main: ${port} } }]`;
}

const rule = (trafficPolicy: string) => `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: svc, namespace: default }
spec: { host: svc.test, trafficPolicy: { ${trafficPolicy} } }`;

const route = (what: string) => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: svc, namespace: default }
spec:
  hosts: [svc.test]
  http: [{ route: [{ destination: { host: svc.test } }], ${what} }]`;

const UPGRADE = rule(
  `tls: { mode: ISTIO_MUTUAL, subjectAltNames: ['${SERVER}'] }, connectionPool: { http: { h2UpgradePolicy: UPGRADE } }`,
);

/** Waits for something that is certain to come about. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(1);
}

const text = async (mesh: Mesh, init: object = {}) => (await mesh.fetch(SVC, init)).text();
const active = (mesh: Mesh) => mesh.status().clusters[0]!.active;

test(
  'policy upgrades a destination: mutual TLS, h2 by ALPN; streams outlive a rotation of certificates',
  LIMIT,
  async (t) => {
    const ca = await TestCa.create();
    const svid = await ca.svid(SERVER);
    const secure = {
      key: svid.key.export({ type: 'pkcs8', format: 'pem' }),
      cert: svid.chain.join('\n'),
      ca: [...ca.bundle.roots],
      requestCert: true,
      rejectUnauthorized: true,
    };
    const held: ServerHttp2Stream[] = [];
    const served = await listening(t, createSecureServer(secure), (stream, where) => {
      if (where === '/held') held.push(stream);
      else ok(stream, (stream.session!.socket as unknown as { alpnProtocol: string }).alpnProtocol);
    });
    const identityDir = await folder(t);
    await writeIdentity(identityDir, ca, CLIENT);
    const mesh = await member(t, [entry(served.port, 'HTTP'), UPGRADE], { identityDir });
    assert.equal(await text(mesh), 'h2');
    const holding = mesh.fetch(`${SVC}held`);
    await until(() => held.length === 1);
    await writeIdentity(identityDir, ca, CLIENT);
    assert.equal(await text(mesh, { method: 'POST', body: 'x' }), 'h2');
    ok(held[0]!, 'still here');
    assert.equal(await (await holding).text(), 'still here');
  },
);

test(
  'a mesh that serves HTTP/1.1 gets it though policy upgrades: the same call goes on',
  LIMIT,
  async (t) => {
    const ca = await TestCa.create();
    const [serverDir, identityDir] = [await folder(t), await folder(t)];
    await writeIdentity(serverDir, ca, SERVER);
    await writeIdentity(identityDir, ca, CLIENT);
    const serving = await member(
      t,
      [
        '{ apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: { name: default, namespace: default }, spec: { mtls: { mode: STRICT } } }',
      ],
      { identityDir: serverDir },
    );
    const { port } = await serving.listen(
      (request, response) => {
        response.end(request.httpVersion);
      },
      0,
      { http2: false },
    );
    const mesh = await member(t, [entry(port, 'HTTP'), UPGRADE], { identityDir });
    for (let time = 0; time < 5; time += 1)
      assert.equal(await text(mesh, { method: 'POST', body: 'x' }), '1.1');
  },
);

for (const protocol of ['HTTP2', 'GRPC', 'grpc'])
  test(`a port of protocol ${protocol} is called by HTTP/2 in plain text`, LIMIT, async (t) => {
    const served = await plain(t);
    const mesh = await member(t, [entry(served.port, protocol)]);
    assert.equal(await text(mesh), 'ok');
    assert.equal(served.sessions.length, 1);
  });

test(
  'a server of HTTP/1.1 behind a port that says HTTP/2 is a clear error of which nothing was sent',
  LIMIT,
  async (t) => {
    const serving = await member(t, []);
    const { port } = await serving.listen((_request, response) => void response.end('never'), 0, {
      http2: false,
    });
    const mesh = await member(t, [entry(port), route('retries: { attempts: 0 }')]);
    await assert.rejects(mesh.request(SVC, { method: 'POST', body: 'x' }), (error: unknown) => {
      assert.ok(isMeshError(error), String(error));
      assert.deepEqual([error.code, error.sent], ['HEDDLE_PROTOCOL_ERROR', 'no']);
      return true;
    });
  },
);

test(
  'a thousand calls, GET and POST, while the server closes its connections again and again: all are answered',
  LIMIT,
  async (t) => {
    let count = 0;
    const served = await plain(t, (stream) => {
      stream.resume();
      stream.on('end', () => {
        count += 1;
        if (count % 25 === 0) stream.session!.close();
        ok(stream);
      });
    });
    const mesh = await member(t, [entry(served.port)]);
    let left = 1_000;
    const worker = async (number: number) => {
      while (left > 0) {
        left -= 1;
        const init = (left + number) % 2 === 0 ? {} : { method: 'POST', body: 'x' };
        assert.equal(await text(mesh, init), 'ok');
      }
    };
    await Promise.all(Array.from({ length: 10 }, (_, number) => worker(number)));
    assert.ok(served.accepted() > 20, `${served.accepted()}`);
    assert.equal(active(mesh), 0);
  },
);

test('a refused stream is tried again, a POST too, by the retries that everybody has', LIMIT, async (t) => {
  let asked = 0;
  const served = await plain(t, (stream) => {
    asked += 1;
    if (asked === 1) stream.close(constants.NGHTTP2_REFUSED_STREAM);
    else ok(stream);
  });
  const mesh = await member(t, [entry(served.port)]);
  assert.equal(await text(mesh, { method: 'POST', body: 'x' }), 'ok');
  assert.equal(asked, 2);
});

test('a timeout and an abort reach the server as CANCEL, and leave the others alone', LIMIT, async (t) => {
  const held = new Map<string, ServerHttp2Stream>();
  const served = await plain(t, (stream, where) => void held.set(where, stream));
  const mesh = await member(t, [entry(served.port), route('retries: { attempts: 0 }')]);
  const other = mesh.fetch(`${SVC}other`);
  await until(() => held.has('/other'));
  const controller = new AbortController();
  const aborted = mesh.fetch(`${SVC}aborted`, { signal: controller.signal });
  await until(() => held.has('/aborted'));
  controller.abort();
  await assert.rejects(aborted, { name: 'AbortError' });
  await until(() => held.get('/aborted')!.closed);
  assert.equal(held.get('/aborted')!.rstCode, constants.NGHTTP2_CANCEL);
  const late = mesh.fetch(`${SVC}late`, { timeoutMs: 50 } as object);
  await assert.rejects(late, (error) => isMeshError(error, 'HEDDLE_DEADLINE_EXCEEDED'));
  if (held.has('/late')) {
    await until(() => held.get('/late')!.closed);
    assert.equal(held.get('/late')!.rstCode, constants.NGHTTP2_CANCEL);
  }
  ok(held.get('/other')!, 'untouched');
  assert.equal(await (await other).text(), 'untouched');
});

test('a hundred calls at once take one connection', LIMIT, async (t) => {
  const held: ServerHttp2Stream[] = [];
  const served = await plain(t, (stream) => {
    if (held.push(stream) === 100) for (const one of held) ok(one);
  });
  const mesh = await member(t, [entry(served.port)]);
  const calls = Array.from({ length: 100 }, () => text(mesh));
  assert.deepEqual([...new Set(await Promise.all(calls))], ['ok']);
  assert.equal(served.accepted(), 1);
});

test('two streams and one connection: the third call waits, and can be given up there', LIMIT, async (t) => {
  const held: ServerHttp2Stream[] = [];
  const served = await plain(t, (stream) => void held.push(stream));
  const mesh = await member(t, [
    entry(served.port),
    rule('connectionPool: { tcp: { maxConnections: 1 }, http: { maxConcurrentStreams: 2 } }'),
  ]);
  const first = [text(mesh), text(mesh)];
  await until(() => held.length === 2);
  const controller = new AbortController();
  const given = mesh.fetch(SVC, { signal: controller.signal });
  const waiting = text(mesh);
  controller.abort();
  await assert.rejects(given, { name: 'AbortError' });
  ok(held[0]!);
  await until(() => held.length === 3);
  ok(held[1]!);
  ok(held[2]!);
  assert.deepEqual(await Promise.all([...first, waiting]), ['ok', 'ok', 'ok']);
  assert.deepEqual([served.accepted(), active(mesh)], [1, 0]);
});

test('request, dispatcher and agent go by HTTP/2 too; trailers arrive', LIMIT, async (t) => {
  const served = await plain(t, (stream) => {
    stream.respond({ ':status': 200 }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end('ok');
  });
  const mesh = await member(t, [entry(served.port)]);
  const seen: unknown[] = [];
  await new Promise<void>((resolve, reject) => {
    mesh.dispatcher.dispatch({ origin: 'http://svc.test', path: '/', method: 'GET' }, {
      onRequestStart() {},
      onResponseStart: (_controller: unknown, status: number) => void seen.push(status),
      onResponseData: (_controller: unknown, chunk: Buffer) => void seen.push(String(chunk)),
      onResponseEnd(_controller: unknown, trailers: object) {
        seen.push({ ...trailers });
        resolve();
      },
      onResponseError: (_controller: unknown, error: Error) => reject(error),
    } as never);
  });
  assert.deepEqual(seen, [200, 'ok', { 'grpc-status': '0' }]);
  const answered = await new Promise<string>((resolve, reject) => {
    httpRequest(SVC, { agent: mesh.agent }, (response) => {
      let all = '';
      response.on('data', (chunk) => {
        all += chunk;
      });
      response.on('end', () => resolve(all));
    })
      .on('error', reject)
      .end();
  });
  assert.equal(answered, 'ok');
  assert.equal(served.accepted(), 1);
});

test('the mesh closes: what is under way is finished first', LIMIT, async (t) => {
  const held: ServerHttp2Stream[] = [];
  const served = await plain(t, (stream) => void held.push(stream));
  const mesh = await member(t, [entry(served.port)], { drainTimeoutMs: 60_000 });
  const call = text(mesh);
  await until(() => held.length === 1);
  const closing = mesh.close();
  ok(held[0]!, 'last words');
  assert.equal(await call, 'last words');
  await closing;
  await until(() => served.sessions.every(({ destroyed }) => destroyed));
});

test('answers of 503 eject an endpoint of HTTP/2 as any other', LIMIT, async (t) => {
  const served = await plain(t, (stream) => stream.respond({ ':status': 503 }, { endStream: true }));
  const mesh = await member(t, [
    entry(served.port),
    route('retries: { attempts: 0 }'),
    rule(
      'outlierDetection: { consecutive5xxErrors: 2, interval: 10ms, baseEjectionTime: 60s, maxEjectionPercent: 100 }, connectionPool: { http: { http2MaxRequests: 100 } }',
    ),
  ]);
  for (let time = 0; time < 2; time += 1) assert.equal((await mesh.fetch(SVC)).status, 503);
  await until(() => mesh.status().clusters[0]!.endpoints[0]!.ejected);
});
