/** Health checks and limits over real sockets: what is asked, who is picked, what is refused. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createHttp2, type Http2Server } from 'node:http2';
import { type AddressInfo, createServer as createTcp, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { TestCa } from '@heddle/testkit';
import { isMeshError, join, type Mesh } from 'heddle';

const LIMIT = { timeout: 120_000 };

async function folder(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const name = await mkdtemp(path(tmpdir(), 'heddle-health-'));
  t.after(() => rm(name, { recursive: true, force: true }));
  for (const [file, text] of Object.entries(files)) await writeFile(path(name, file), text);
  return name;
}

async function member(t: TestContext, documents: readonly string[], more: object = {}): Promise<Mesh> {
  const policy = await folder(t, { 'policy.yaml': documents.join('\n---\n') });
  const mesh = await join({ policy, joinTimeoutMs: 60_000, drainTimeoutMs: 0, log() {}, ...more });
  t.after(() => mesh.close());
  return mesh;
}

async function listening(
  t: TestContext,
  server: Server | Http2Server | ReturnType<typeof createTcp>,
): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

const serve = (t: TestContext, listener: RequestListener) =>
  listening(t, createServer({ keepAliveTimeout: 60_000 }, listener));

function entry(ports: readonly number[], protocol = 'HTTP'): string {
  const endpoints = ports.map((port) => `{ address: 127.0.0.1, ports: { main: ${port} } }`);
  return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: svc, namespace: default }
spec:
  hosts: [svc.test]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: 80, name: main, protocol: ${protocol} }]
  endpoints: [${endpoints.join(', ')}]`;
}

/** Often: the tests wait for what is found. */
const OFTEN =
  'interval: 10ms, noTrafficInterval: 10ms, timeout: 30s, unhealthyThreshold: 1, healthyThreshold: 1';

const checks = (what: string) => `
apiVersion: heddle.dev/v1
kind: ResiliencePolicy
metadata: { name: svc, namespace: default }
spec: { host: svc.test, healthCheck: { ${what}, ${OFTEN} } }`;

const rule = (trafficPolicy: string) => `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: svc, namespace: default }
spec: { host: svc.test, trafficPolicy: { ${trafficPolicy} } }`;

const NO_RETRIES = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: svc, namespace: default }
spec:
  hosts: [svc.test]
  http: [{ route: [{ destination: { host: svc.test } }], retries: { attempts: 0 } }]`;

/** Waits for something that is certain to come about. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(1);
}

const healths = (mesh: Mesh) => mesh.status().clusters[0]!.endpoints.map(({ health }) => health);
const text = async (mesh: Mesh) => (await mesh.fetch('http://svc.test/')).text();

test(
  'calls go to the endpoints that pass; one that fails is left out until it passes again',
  LIMIT,
  async (t) => {
    let sick = false;
    const asked: IncomingMessage[] = [];
    const answers =
      (name: string): RequestListener =>
      (request, response) => {
        if (request.url === '/healthz') {
          asked.push(request);
          response.statusCode = sick && name === 'a' ? 503 : 204;
          response.end();
        } else response.end(name);
      };
    const ports = [await serve(t, answers('a')), await serve(t, answers('b'))];
    const events: string[] = [];
    const mesh = await member(
      t,
      [
        entry(ports),
        rule('loadBalancer: { simple: ROUND_ROBIN }'),
        checks('http: { path: /healthz, expectedStatuses: [{ start: 204 }] }'),
      ],
      { log: (line: string) => events.push(line) },
    );
    await until(() => healths(mesh).every((health) => health === 'healthy'));
    assert.equal(asked[0]!.headers.host, 'svc.test');
    assert.equal(asked[0]!.method, 'GET');
    assert.deepEqual([await text(mesh), await text(mesh)].sort(), ['a', 'b']);
    sick = true;
    await until(() => healths(mesh)[0] === 'unhealthy');
    for (let time = 0; time < 6; time += 1) assert.equal(await text(mesh), 'b');
    sick = false;
    await until(() => healths(mesh)[0] === 'healthy');
    assert.deepEqual([await text(mesh), await text(mesh)].sort(), ['a', 'b']);
    assert.ok(
      events.some((line) => /^endpoint\.unhealthy .*because=unexpected-status/.test(line)),
      `${events}`,
    );
    assert.ok(events.some((line) => line.startsWith('endpoint.healthy ')));
  },
);

test('a check of connections sends nothing, and finds out who does not listen any more', LIMIT, async (t) => {
  let accepted = 0;
  let bytes = 0;
  const server = createTcp((socket) => {
    accepted += 1;
    socket.on('data', (chunk) => (bytes += chunk.length));
    socket.on('error', () => {});
  });
  const stays = await serve(t, (_request, response) => response.end('here'));
  const goes = await listening(t, server);
  const mesh = await member(t, [entry([goes, stays]), checks('tcp: {}')]);
  await until(() => healths(mesh).every((health) => health === 'healthy'));
  await until(() => accepted > 2);
  server.close();
  await until(() => healths(mesh)[0] === 'unhealthy');
  assert.equal(bytes, 0);
  for (let time = 0; time < 6; time += 1) assert.equal(await text(mesh), 'here');
});

const SERVER = 'spiffe://cluster.local/ns/default/sa/svc';
const CLIENT = 'spiffe://cluster.local/ns/default/sa/web';

async function identity(t: TestContext, ca: TestCa, id: string): Promise<{ identityDir: string }> {
  const svid = await ca.svid(id);
  const identityDir = await folder(t, {
    'ca.pem': ca.bundle.roots.join('\n'),
    'key.pem': svid.key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    'cert.pem': svid.chain.join('\n'),
  });
  return { identityDir };
}

for (const what of ['http: { path: /healthz }', 'tcp: {}']) {
  test(`mutual TLS: checks prove who we are and ask who is there, ${what}`, LIMIT, async (t) => {
    const ca = await TestCa.create();
    const strict = `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default, namespace: default }
spec: { mtls: { mode: STRICT } }`;
    const server = await member(t, [strict], await identity(t, ca, SERVER));
    const principals: unknown[] = [];
    const { port } = await server.listen(
      (_request: IncomingMessage, response: import('node:http').ServerResponse) => {
        principals.push(server.context()?.peer);
        response.end('ok');
      },
      0,
    );
    const client = await identity(t, ca, CLIENT);
    const tls = (id: string) => rule(`tls: { mode: ISTIO_MUTUAL, subjectAltNames: ["${id}"] }`);
    const right = await member(t, [entry([port]), tls(SERVER), checks(what)], client);
    await until(() => healths(right)[0] === 'healthy');
    if (what.startsWith('http')) assert.equal(String(principals[0]), CLIENT);
    const wrong = await member(t, [entry([port]), tls(`${SERVER}2`), checks(what)], client);
    await until(() => healths(wrong)[0] === 'unhealthy');
  });
}

test(
  'gRPC health: an endpoint that serves passes, one that says otherwise or knows of no such service does not',
  LIMIT,
  async (t) => {
    const asked: string[] = [];
    /** @param status of `HealthCheckResponse`; null: NOT_FOUND */
    const grpc = (status: number | null) => {
      const server = createHttp2();
      server.on('stream', (stream, headers) => {
        const chunks: Buffer[] = [];
        stream.on('error', () => {});
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          asked.push(
            `${headers[':method']} ${headers[':authority']}${headers[':path']} ${Buffer.concat(chunks).subarray(7)}`,
          );
          const head = { ':status': 200, 'content-type': 'application/grpc' };
          if (status === null)
            return void stream.respond({ ...head, 'grpc-status': '5' }, { endStream: true });
          stream.respond(head, { waitForTrailers: true });
          stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
          stream.end(Buffer.from([0, 0, 0, 0, 2, 8, status]));
        });
      });
      return listening(t, server);
    };
    const ports = [
      await grpc(1),
      await grpc(2),
      await grpc(null),
      await serve(t, (_, response) => response.end()),
    ];
    const mesh = await member(t, [entry(ports, 'GRPC'), checks('grpc: { service: a.B }')]);
    await until(() => healths(mesh).every((health) => health !== 'pending'));
    assert.deepEqual(healths(mesh), ['healthy', 'unhealthy', 'unhealthy', 'unhealthy']);
    assert.equal(asked[0], 'POST svc.test/grpc.health.v1.Health/Check a.B');
  },
);

test('a check that hangs does not keep the mesh from closing', LIMIT, async (t) => {
  let asked = 0;
  const port = await serve(t, () => (asked += 1));
  const mesh = await member(t, [entry([port]), checks('http: { path: /healthz }')]);
  await until(() => asked > 0);
  await mesh.close();
  assert.equal(asked, 1);
});

test('a check waits behind no call: it has a connection of its own', LIMIT, async (t) => {
  let passed = 0;
  const waiting: (() => void)[] = [];
  const port = await serve(t, (request, response) => {
    if (request.url !== '/healthz') return void waiting.push(() => response.end('late'));
    passed += 1;
    response.end();
  });
  const mesh = await member(t, [
    entry([port]),
    rule('connectionPool: { tcp: { maxConnections: 1 } }'),
    checks('http: { path: /healthz }'),
  ]);
  const late = text(mesh);
  await until(() => waiting.length === 1);
  const before = passed;
  await until(() => passed > before + 2);
  assert.equal(mesh.status().clusters[0]!.active, 1);
  waiting[0]!();
  assert.equal(await late, 'late');
});

interface Held {
  readonly port: number;
  /** Answers all requests that have arrived. */
  answer(): void;
  /** Requests that arrived so far. */
  arrived(): number;
  /** Connections so far, and requests on each. */
  readonly connections: number[];
}

/** A server that answers when the test says so. */
async function held(t: TestContext): Promise<Held> {
  const waiting: (() => void)[] = [];
  const connections: number[] = [];
  const numbers = new WeakMap<Socket, number>();
  let arrived = 0;
  const port = await serve(t, (request, response) => {
    arrived += 1;
    let number = numbers.get(request.socket);
    if (number === undefined) {
      number = connections.push(0) - 1;
      numbers.set(request.socket, number);
    }
    connections[number]! += 1;
    waiting.push(() => response.end('ok'));
  });
  return {
    port,
    connections,
    arrived: () => arrived,
    answer() {
      for (const one of waiting.splice(0)) one();
    },
  };
}

const overflow = (error: unknown) => {
  assert.ok(isMeshError(error, 'HEDDLE_OVERLOADED'), String(error));
  assert.equal(error.flag, 'UO');
  assert.equal(error.sent, 'no');
  return true;
};

test(
  'one connection and one place to wait: of ten calls one goes, one waits, eight are refused at once',
  LIMIT,
  async (t) => {
    const server = await held(t);
    const mesh = await member(t, [
      entry([server.port]),
      NO_RETRIES,
      rule('connectionPool: { tcp: { maxConnections: 1 }, http: { http1MaxPendingRequests: 1 } }'),
    ]);
    const calls = Array.from({ length: 10 }, () => text(mesh));
    const settled = Promise.allSettled(calls);
    for (const call of calls.slice(2)) await assert.rejects(call, overflow);
    await until(() => server.arrived() === 1);
    assert.equal(mesh.status().clusters[0]!.active, 2);
    server.answer();
    await until(() => server.arrived() === 2);
    server.answer();
    const results = await settled;
    assert.deepEqual(
      results.map(({ status }) => status === 'fulfilled'),
      [true, true, ...Array<boolean>(8).fill(false)],
    );
    assert.deepEqual(server.connections, [2], 'over one connection');
    const again = text(mesh);
    await until(() => server.arrived() === 3);
    server.answer();
    assert.equal(await again, 'ok');
  },
);

test('maxRequests bounds what is active, whatever the connections', LIMIT, async (t) => {
  const server = await held(t);
  const mesh = await member(t, [
    entry([server.port]),
    NO_RETRIES,
    rule('connectionPool: { http: { http2MaxRequests: 3 } }'),
  ]);
  const calls = Array.from({ length: 5 }, () => text(mesh));
  const settled = Promise.allSettled(calls);
  for (const call of calls.slice(3)) await assert.rejects(call, overflow);
  await until(() => server.arrived() === 3);
  assert.deepEqual(server.connections, [1, 1, 1]);
  server.answer();
  assert.equal((await settled).filter(({ status }) => status === 'fulfilled').length, 3);
});

for (const [most, expected] of [
  [1, [1, 1, 1, 1]],
  [2, [2, 2]],
  [3, [3, 1]],
] as const) {
  test(
    `maxRequestsPerConnection ${most}: four calls in turn take ${expected.length} connections`,
    LIMIT,
    async (t) => {
      const server = await held(t);
      const mesh = await member(t, [
        entry([server.port]),
        NO_RETRIES,
        rule(`connectionPool: { tcp: { maxConnections: 1 }, http: { maxRequestsPerConnection: ${most} } }`),
      ]);
      for (let time = 1; time <= 4; time += 1) {
        const call = text(mesh);
        await until(() => server.arrived() === time);
        server.answer();
        assert.equal(await call, 'ok');
      }
      assert.deepEqual(server.connections, expected);
    },
  );
}
