/** The policies of `heddle.dev/v1` over real sockets: hedging, deadlines, limits of rate and concurrency, out and in. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  request,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { isMeshError, join, type Mesh, type MeshError } from 'heddle';

const LIMIT = { timeout: 120_000 };

async function member(t: TestContext, ...documents: string[]): Promise<Mesh> {
  const folder = await mkdtemp(path(tmpdir(), 'heddle-resilience-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await writeFile(path(folder, 'policy.yaml'), documents.join('\n---\n'));
  const mesh = await join({ policy: folder, joinTimeoutMs: 60_000, drainTimeoutMs: 0, log() {} });
  t.after(() => mesh.close());
  return mesh;
}

async function serve(t: TestContext, listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

function entry(...ports: number[]): string {
  const endpoints = ports.map((port) => `{ address: 127.0.0.1, ports: { http: ${port} } }`);
  return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: svc, namespace: default }
spec:
  hosts: [svc.test]
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP }]
  endpoints: [${endpoints.join(', ')}]`;
}

const resilience = (spec: string) => policy('ResiliencePolicy', spec);
const rateLimit = (spec: string) => policy('RateLimit', spec);

function policy(kind: string, spec: string): string {
  return `
apiVersion: heddle.dev/v1
kind: ${kind}
metadata: { name: svc, namespace: default }
spec: { ${spec} }`;
}

/** Waits for something that is certain to come about. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** One request to a port of the mesh, on a connection of its own. */
function ask(port: number, target = '/', headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, path: target, agent: false, headers: { host: 'svc.test', ...headers } },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (text: string) => (body += text));
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }));
        response.on('error', reject);
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}

async function errorOf(call: Promise<unknown>): Promise<MeshError> {
  const error: unknown = await call.then(
    () => assert.fail('it went well'),
    (reason: unknown) => reason,
  );
  assert.ok(isMeshError(error), String(error));
  return error;
}

test(
  'a hedged call is answered by whoever is fast, and the slow one’s connection is closed at once',
  LIMIT,
  async (t) => {
    let [fastAsked, slowAsked, slowClosed] = [0, 0, 0];
    const fast = await serve(t, (_request, response) => {
      fastAsked += 1;
      response.end('fast');
    });
    const slow = await serve(t, (asked) => {
      slowAsked += 1;
      asked.socket.once('close', () => (slowClosed += 1));
    });
    const mesh = await member(
      t,
      entry(fast, slow),
      `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: svc, namespace: default }
spec: { host: svc.test, trafficPolicy: { loadBalancer: { simple: ROUND_ROBIN } } }`,
      resilience('host: svc.test, hedging: { maxAttempts: 2, delay: 20ms }'),
    );
    let calls = 0;
    // On a busy machine a slow request may be given up before it has arrived.
    for (; calls < 10 || slowAsked === 0; calls += 1)
      assert.equal(await (await mesh.fetch('http://svc.test/')).text(), 'fast');
    assert.equal(fastAsked, calls);
    await until(() => slowClosed === slowAsked);
  },
);

test('what may not be carried out twice is not hedged', LIMIT, async (t) => {
  const waiting: ServerResponse[] = [];
  const port = () => serve(t, (_request, response) => void waiting.push(response));
  const mesh = await member(
    t,
    entry(await port(), await port()),
    resilience('host: svc.test, hedging: { maxAttempts: 2, delay: 1ms }'),
  );
  const posted = mesh.fetch('http://svc.test/', { method: 'POST', body: 'once' });
  await until(() => waiting.length === 1);
  // A call that is hedged meanwhile shows that the time for a second attempt has passed.
  const got = mesh.fetch('http://svc.test/');
  await until(() => waiting.length === 3);
  for (const response of waiting) response.end('done');
  assert.equal(await (await posted).text(), 'done');
  assert.equal(await (await got).text(), 'done');
  assert.equal(waiting.filter((response) => response.req.method === 'POST').length, 1);
});

test('the deadline of a host ends a call that nobody answers', LIMIT, async (t) => {
  let closed = 0;
  const port = await serve(t, (asked) => asked.socket.once('close', () => (closed += 1)));
  const mesh = await member(t, entry(port), resilience('host: svc.test, deadline: 50ms'));
  const error = await errorOf(mesh.fetch('http://svc.test/'));
  assert.equal(error.code, 'HEDDLE_DEADLINE_EXCEEDED');
  assert.equal(error.flag, 'UT');
  await until(() => closed === 1);
});

test('calls out beyond the rate are refused without being sent', LIMIT, async (t) => {
  let asked = 0;
  const port = await serve(t, (_request, response) => {
    asked += 1;
    response.end('ok');
  });
  const limits = 'limits: [{ name: each, by: ["header:x-tenant"], requests: 3, per: 24h }]';
  const mesh = await member(t, entry(port), rateLimit(`host: svc.test, ${limits}`));
  const call = async (tenant: string) =>
    (await mesh.fetch('http://svc.test/', { headers: { 'x-tenant': tenant } })).text();
  for (let i = 0; i < 3; i += 1) assert.equal(await call('a'), 'ok');
  for (let i = 0; i < 4; i += 1) {
    const error = await errorOf(call('a'));
    assert.deepEqual([error.code, error.flag, error.sent], ['HEDDLE_RATE_LIMITED', 'RL', 'no']);
    assert.ok(error.retryAfterMs! > 0 && error.retryAfterMs! <= 8 * 3_600_000);
  }
  assert.equal(await call('b'), 'ok');
  assert.equal(asked, 4);
});

test('calls out beyond the adaptive limit are refused until one is over', LIMIT, async (t) => {
  const waiting: ServerResponse[] = [];
  const port = await serve(t, (_request, response) => void waiting.push(response));
  const mesh = await member(t, entry(port), resilience('host: svc.test, concurrency: { minLimit: 2 }'));
  const calls = [mesh.fetch('http://svc.test/'), mesh.fetch('http://svc.test/')];
  await until(() => waiting.length === 2);
  const error = await errorOf(mesh.fetch('http://svc.test/'));
  assert.deepEqual([error.code, error.flag], ['HEDDLE_OVERLOADED', 'UO']);
  assert.match(String(error.cause), /reached_concurrency_limit/);
  assert.deepEqual(
    mesh.status().clusters.map(({ active, concurrencyLimit }) => [active, concurrencyLimit]),
    [[2, 2]],
  );
  for (const response of waiting) response.end('ok');
  for (const call of calls) assert.equal(await (await call).text(), 'ok');
  const next = mesh.fetch('http://svc.test/');
  await until(() => waiting.length === 3);
  waiting[2]!.end('ok');
  assert.equal(await (await next).text(), 'ok');
});

test('requests beyond the rate are answered 429, each tenant by its own count', LIMIT, async (t) => {
  let served = 0;
  const limits =
    'limits: [{ match: { paths: [/api/*] }, by: ["header:x-tenant"], requests: 3, per: 24h, burst: 2 }]';
  const mesh = await member(t, rateLimit(`selector: {}, ${limits}`));
  const { port } = await mesh.listen((_request: IncomingMessage, response: ServerResponse) => {
    served += 1;
    response.end('ok');
  }, 0);
  const statuses = async (target: string, tenant: string) => {
    const counts: Record<number, number> = {};
    for (let i = 0; i < 5; i += 1) {
      const { status } = await ask(port, target, { 'x-tenant': tenant });
      counts[status] = (counts[status] ?? 0) + 1;
    }
    return counts;
  };
  assert.deepEqual(await statuses('/api/a', 'a'), { 200: 2, 429: 3 });
  assert.deepEqual(await statuses('/api/b', 'b'), { 200: 2, 429: 3 });
  assert.deepEqual(await statuses('/other', 'a'), { 200: 5 });
  assert.equal(served, 9);
  const { status, headers, body } = await ask(port, '/api/a', { 'x-tenant': 'a' });
  assert.deepEqual([status, body], [429, 'local_rate_limited']);
  assert.equal(headers['x-envoy-ratelimited'], 'true');
  assert.equal(headers['x-ratelimit-limit'], '2');
  assert.equal(headers['x-ratelimit-remaining'], '0');
  assert.match(headers['retry-after']!, /^\d+$/);
});

test(
  'when too much is under way the lowest priority is refused first, and health checks never',
  LIMIT,
  async (t) => {
    const waiting: ServerResponse[] = [];
    const mesh = await member(
      t,
      resilience(
        `selector: {}, concurrency: { minLimit: 10, minRttRequests: 1000000 },
       priorities: [{ name: checkout, priority: critical, match: { paths: [/checkout] } },
                    { name: batch, priority: sheddable, match: { headers: { x-batch: {} } } }]`,
      ),
    );
    const { port } = await mesh.listen((asked: IncomingMessage, response: ServerResponse) => {
      if (asked.url === '/healthz') response.end('well');
      else waiting.push(response);
    }, 0);
    const answers: Promise<Answer>[] = [];
    /** Begins requests until one is refused. */
    const fill = async (target: string, headers: Record<string, string> = {}) => {
      for (let admitted = 0; ; admitted += 1) {
        const before = waiting.length;
        let refused: Answer | null = null;
        const answer = ask(port, target, headers);
        answers.push(answer);
        void answer.then((given) => {
          if (given.status === 503) refused = given;
        });
        await until(() => refused !== null || waiting.length > before);
        if (refused !== null) return admitted;
      }
    };
    assert.equal(await fill('/report', { 'x-batch': '1' }), 7);
    assert.equal(await fill('/'), 2);
    assert.equal(await fill('/report', { 'x-batch': '1' }), 0);
    assert.equal(await fill('/checkout'), 1);
    assert.equal(await fill('/checkout'), 0);
    const { status, body } = await ask(port, '/');
    assert.deepEqual([status, body], [503, 'reached concurrency limit']);
    for (let i = 0; i < 5; i += 1) assert.equal((await ask(port, '/healthz')).body, 'well');
    for (const response of waiting) response.end('ok');
    const given = await Promise.all(answers);
    assert.equal(given.filter((answer) => answer.status === 200).length, 10);
    assert.equal(given.filter((answer) => answer.status === 503).length, 5);
  },
);

test(
  'an exchange that takes too long is answered 504, and what its handler does afterwards is nothing',
  LIMIT,
  async (t) => {
    const mesh = await member(t, resilience('selector: {}, deadline: 50ms'));
    const left: number[] = [];
    let late = 0;
    const { port } = await mesh.listen((asked: IncomingMessage, response: ServerResponse) => {
      left.push(mesh.context()!.remainingMs);
      if (asked.url === '/begun') {
        response.write('half of it');
        return;
      }
      response.setHeader('content-encoding', 'gzip');
      response.once('close', () => {
        response.setHeader('x-late', '1');
        response.writeHead(200, { 'content-type': 'text/html' });
        response.write('too late');
        response.end(() => (late += 1));
      });
    }, 0);
    const { status, headers, body } = await ask(port);
    assert.deepEqual([status, body], [504, 'upstream request timeout']);
    assert.equal(headers['content-encoding'], undefined);
    await until(() => late === 1);
    await assert.rejects(ask(port, '/begun'), /aborted|socket hang up|ECONNRESET/);
    assert.ok(
      left.every((ms) => ms <= 50),
      'calls made while serving end by then, too',
    );
  },
);
