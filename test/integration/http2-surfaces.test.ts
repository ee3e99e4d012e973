/** What Node's and undici's clients expect of HTTP beside a response, where policy says HTTP/2 and where it does not. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttp1, request as httpRequest, type IncomingMessage } from 'node:http';
import { createServer as createHttp2, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { join, type Mesh } from 'heddle';
import { request, WebSocket as UndiciWebSocket } from 'undici';
import { WebSocket, WebSocketServer } from 'ws';

const LIMIT = { timeout: 120_000 };
const SVC = 'http://svc.test/';

interface Served {
  readonly port: number;
  readonly sockets: ReadonlySet<Socket>;
}

async function listening(t: TestContext, server: Server): Promise<Served> {
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
  return { port: (server.address() as AddressInfo).port, sockets };
}

const entry = (port: number, protocol: string) => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: svc, namespace: default }
spec:
  hosts: [svc.test]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: 80, name: main, protocol: ${protocol} }]
  endpoints: [{ address: 127.0.0.1, ports: { main: ${port} } }]`;

interface Joined {
  readonly mesh: Mesh;
  readonly policy: string;
}

async function member(t: TestContext, port: number, protocol: string): Promise<Joined> {
  const folder = await mkdtemp(path(tmpdir(), 'heddle-surfaces-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const policy = path(folder, 'policy.yaml');
  await writeFile(policy, entry(port, protocol));
  const mesh = await join({ policy, joinTimeoutMs: 60_000, drainTimeoutMs: 0, log() {} });
  t.after(() => mesh.close());
  return { mesh, policy };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(5);
}

/** Answers every request with two hints, then with what was sent and what followed it. */
function hinting(t: TestContext, protocol: string): Promise<Served> {
  if (protocol === 'HTTP')
    return listening(
      t,
      createHttp1((request, response) => {
        response.writeEarlyHints({ link: '</a>; rel=preload' });
        response.writeProcessing();
        request.resume().once('end', () => response.end(JSON.stringify(request.trailers)));
      }),
    );
  const server = createHttp2();
  server.on('stream', (stream: ServerHttp2Stream) => {
    let trailers: object = {};
    stream.on('error', () => {});
    stream.once('trailers', (fields: object) => {
      trailers = fields;
    });
    stream.additionalHeaders({ ':status': 103, link: '</a>; rel=preload' });
    stream.additionalHeaders({ ':status': 102 });
    stream.resume().once('end', () => {
      stream.respond({ ':status': 200 });
      stream.end(JSON.stringify(trailers));
    });
  });
  return listening(t, server);
}

async function textOf(stream: AsyncIterable<unknown>): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

for (const protocol of ['HTTP', 'HTTP2']) {
  test(`informational responses are passed on, over ${protocol}`, LIMIT, async (t) => {
    const { mesh } = await member(t, (await hinting(t, protocol)).port, protocol);
    const hints: unknown[] = [];
    const asked = httpRequest(SVC, { agent: mesh.agent }).end();
    asked.on('information', ({ statusCode, headers }) => void hints.push([statusCode, headers.link]));
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    assert.equal(await textOf(response), '{}');
    assert.deepEqual(hints, [
      [103, '</a>; rel=preload'],
      [102, undefined],
    ]);

    const seen: unknown[] = [];
    const answer = await request(SVC, {
      dispatcher: mesh.dispatcher,
      onInfo: ({ statusCode, headers }) => void seen.push([statusCode, headers.link]),
    });
    assert.deepEqual([answer.statusCode, await answer.body.text()], [200, '{}']);
    assert.deepEqual(seen, hints);
    assert.equal((await mesh.fetch(SVC)).status, 200);
    assert.equal((await mesh.request(SVC)).statusCode, 200);
  });

  test(
    `a body that is written piece by piece arrives over ${protocol}, its trailers over HTTP/2 alone`,
    LIMIT,
    async (t) => {
      const { mesh } = await member(t, (await hinting(t, protocol)).port, protocol);
      for (const late of [false, true]) {
        const asked = httpRequest(SVC, {
          agent: mesh.agent,
          method: 'POST',
          headers: { 'transfer-encoding': 'chunked', trailer: 'x-sum' },
        });
        asked.write('one');
        if (late) await pause(20);
        asked.addTrailers({ 'x-sum': '42', 'content-length': '7' });
        asked.end('two');
        const [response] = (await once(asked, 'response')) as [IncomingMessage];
        assert.deepEqual(JSON.parse(await textOf(response)), protocol === 'HTTP' ? {} : { 'x-sum': '42' });
      }
    },
  );
}

/** One port for both: HTTP/2 by its preface, else HTTP/1.1. */
function either(t: TestContext, http1: Served, http2: Served): Promise<Served> {
  const server = createServer((socket) => {
    socket.once('data', (first: Buffer) => {
      const far = connect(first.toString('latin1').startsWith('PRI ') ? http2.port : http1.port, '127.0.0.1');
      far.on('error', () => socket.destroy()).once('close', () => socket.destroy());
      socket.once('close', () => far.destroy());
      far.write(first);
      socket.pipe(far);
      far.pipe(socket);
    });
  });
  return listening(t, server);
}

test(
  'a WebSocket to a service of HTTP/2 is an upgrade of HTTP/1.1; other calls stay with HTTP/2',
  LIMIT,
  async (t) => {
    const http = createHttp1();
    const sockets = new WebSocketServer({ server: http });
    t.after(() => sockets.close());
    sockets.on('connection', (socket) => void socket.on('message', (data) => socket.send(`echo ${data}`)));
    const two = createHttp2((asked, response) => void response.end(asked.httpVersion));
    const served = await either(t, await listening(t, http), await listening(t, two));
    const { mesh } = await member(t, served.port, 'HTTP2');

    const viaAgent = new WebSocket('ws://svc.test/', { agent: mesh.agent as never });
    await once(viaAgent, 'open');
    viaAgent.send('a');
    assert.equal(String((await once(viaAgent, 'message'))[0]), 'echo a');

    const viaDispatcher = new UndiciWebSocket('ws://svc.test/', { dispatcher: mesh.dispatcher });
    const opened = new Promise((resolve, reject) => {
      viaDispatcher.addEventListener('open', resolve);
      viaDispatcher.addEventListener('error', reject);
    });
    await opened;
    const answered = new Promise<unknown>((resolve) => {
      viaDispatcher.addEventListener('message', ({ data }) => resolve(data));
    });
    viaDispatcher.send('b');
    assert.equal(await answered, 'echo b');

    assert.equal(await (await mesh.fetch(SVC)).text(), '2.0');
    viaAgent.close();
    viaDispatcher.close();
    await once(viaAgent, 'close');
  },
);

for (const protocol of ['HTTP', 'HTTP2']) {
  test(
    `an endpoint that policy takes away finishes what it has over ${protocol}, and its connections are closed`,
    LIMIT,
    async (t) => {
      const waiting: (() => void)[] = [];
      const asked = (_request: unknown, response: { end(text: string): void }) =>
        void waiting.push(() => void response.end('old'));
      const server = protocol === 'HTTP' ? createHttp1(asked) : createHttp2(asked as never);
      const old = await listening(t, server);
      const fresh = (_request: unknown, response: { end(text: string): void }) => void response.end('new');
      const next = await listening(t, protocol === 'HTTP' ? createHttp1(fresh) : createHttp2(fresh as never));
      const { mesh, policy } = await member(t, old.port, protocol);
      const running = mesh.fetch(SVC).then((response) => response.text());
      await until(() => waiting.length === 1);
      await writeFile(policy, entry(next.port, protocol));
      let seen = '';
      while (seen !== 'new') {
        // Until the policy is there, calls wait with the old endpoint.
        seen = await mesh.fetch(SVC, { signal: AbortSignal.timeout(500) }).then(
          (response) => response.text(),
          () => '',
        );
      }
      assert.ok(old.sockets.size > 0);
      waiting[0]!();
      assert.equal(await running, 'old');
      await until(() => old.sockets.size === 0);
      assert.equal(next.sockets.size, 1);
    },
  );
}
