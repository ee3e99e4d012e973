/** `mesh.agent` under the clients that people use, through a mesh that joined with a file of policy, over real sockets. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http, {
  type ClientRequest,
  createServer,
  type IncomingMessage,
  type RequestListener,
  type RequestOptions,
} from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import axios, { AxiosError } from 'axios';
import got, { RequestError } from 'got';
import { isMeshError, join, type Mesh, type MeshError } from 'heddle';
import superagent from 'superagent';
import { WebSocket, WebSocketServer } from 'ws';

const LIMIT = { timeout: 120_000 };

interface World {
  readonly mesh: Mesh;
  readonly server: http.Server;
  readonly port: number;
}

/** `svc.test` is a server of the test's; `more` is further policy. */
async function world(t: TestContext, listener: RequestListener, more = ''): Promise<World> {
  const server = createServer({ keepAliveTimeout: 60_000 }, listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
  });
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = server.address() as AddressInfo;
  const folder = await mkdtemp(path(tmpdir(), 'heddle-agent-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const policy = path(folder, 'policy.yaml');
  await writeFile(
    policy,
    `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: svc, namespace: default }
spec:
  hosts: [svc.test]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP }, { number: 443, name: http-tls, protocol: HTTP }]
  endpoints: [{ address: 127.0.0.1, ports: { http: ${port}, http-tls: ${port} } }]
${more}`,
  );
  const mesh = await join({ policy, joinTimeoutMs: 60_000, drainTimeoutMs: 0, log() {} });
  t.after(() => mesh.close());
  return { mesh, server, port };
}

/** The rules of the service, as a YAML list. */
function rules(http: string): string {
  return `---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: svc, namespace: default }
spec:
  hosts: [svc.test]
  http: ${http}
`;
}
const ROUTE = 'route: [{ destination: { host: svc.test } }]';

async function textOf(stream: AsyncIterable<unknown>): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
  readonly trailers: NodeJS.Dict<string>;
}

async function answerOf(request: ClientRequest): Promise<Answer> {
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const body = await textOf(response);
  return { status: response.statusCode ?? 0, headers: response.headers, body, trailers: response.trailers };
}

/** A call by `http.request`, as plain as it gets. */
function call(mesh: Mesh, url: string, { body, ...options }: RequestOptions & { body?: string } = {}) {
  const request = http.request(url, { agent: mesh.agent, ...options });
  request.end(body);
  return answerOf(request);
}

async function errorOf(promise: Promise<unknown>): Promise<MeshError & { cause?: unknown }> {
  return promise.then(
    () => assert.fail('it did not fail'),
    (error) => error as MeshError,
  );
}

/** Nothing is under way any more. */
async function idle({ mesh }: World): Promise<void> {
  const busy = () =>
    mesh
      .status()
      .clusters.some(({ active, endpoints }) => active > 0 || endpoints.some((e) => e.inFlight > 0));
  while (busy()) await turn();
  while (Object.keys(mesh.agent.sockets).length > 0) await turn();
}

const echo: RequestListener = async (request, response) => {
  const body = await textOf(request);
  response.setHeader('content-type', 'application/json');
  response.setHeader('set-cookie', ['a=1', 'b=2']);
  response.end(
    JSON.stringify({
      method: request.method,
      url: request.url,
      host: request.headers.host,
      body,
      h: request.headers,
    }),
  );
};

interface Echo {
  readonly method: string;
  readonly url: string;
  readonly host: string;
  readonly body: string;
  readonly h: http.IncomingHttpHeaders;
}

test('http.request and http.get are calls of the mesh', LIMIT, async (t) => {
  const w = await world(t, echo, rules(`[{ headers: { response: { add: { x-by: mesh } } }, ${ROUTE} }]`));
  const answer = await call(w.mesh, 'http://svc.test/a?b=c', {
    headers: { 'X-One': ['1', '2'], connection: 'x-hop', 'x-hop': '1' },
  });
  const seen = JSON.parse(answer.body) as Echo;
  assert.deepEqual([seen.method, seen.url, seen.host, seen.body], ['GET', '/a?b=c', 'svc.test', '']);
  assert.equal(seen.h['x-one'], '1, 2');
  assert.equal(seen.h['x-hop'], undefined);
  assert.deepEqual(answer.headers['set-cookie'], ['a=1', 'b=2']);
  assert.equal(answer.headers['x-by'], 'mesh');
  const [response] = await new Promise<[IncomingMessage]>((resolve) => {
    http.get('http://svc.test/get', { agent: w.mesh.agent }, (got) => resolve([got]));
  });
  assert.equal((JSON.parse(await textOf(response)) as Echo).url, '/get');
  await idle(w);
});

test('axios, got and superagent send and receive JSON', LIMIT, async (t) => {
  const w = await world(t, echo);
  const { agent } = w.mesh;
  const url = 'http://svc.test/json';
  const expected = ['POST', '/json', 'svc.test', '{"a":1}'];
  const facts = ({ method, url, host, body }: Echo) => [method, url, host, body];
  assert.deepEqual(facts((await axios.post<Echo>(url, { a: 1 }, { httpAgent: agent })).data), expected);
  assert.deepEqual(
    facts(await got.post(url, { json: { a: 1 }, agent: { http: agent } }).json<Echo>()),
    expected,
  );
  assert.deepEqual(facts((await superagent.post(url).agent(agent).send({ a: 1 })).body as Echo), expected);
  await idle(w);
});

test('https: goes by its own port, with the same agent', LIMIT, async (t) => {
  const said = (port: number) =>
    `{ match: [{ port: ${port} }], directResponse: { status: 200, body: { string: "${port}" } } }`;
  const w = await world(t, echo, rules(`[${said(443)}, ${said(80)}]`));
  const { agent } = w.mesh;
  const port = async (request: ClientRequest) => (await answerOf(request.end())).body;
  assert.equal(await port(https.request('https://svc.test/', { agent })), '443');
  assert.equal(await port(https.request({ host: 'svc.test', port: 80, agent })), '80');
  assert.equal(await port(http.request({ host: 'svc.test', agent })), '80');
  assert.equal(await port(http.request({ host: 'svc.test', port: 443, agent })), '443');
  assert.equal((await axios.get('https://svc.test/', { httpsAgent: agent })).data, 443);
  assert.equal(await got('https://svc.test/', { agent: { https: agent } }).text(), '443');
  assert.equal((await superagent.get('https://svc.test/').agent(agent)).text, '443');
  const secure = https.request('https://svc.test/', { agent }).end();
  const answered = answerOf(secure);
  const [socket] = (await once(secure, 'socket')) as [TLSSocket];
  assert.deepEqual([socket.encrypted, socket.getPeerCertificate()], [true, {}]);
  assert.equal(secure.getHeader('host'), 'svc.test');
  assert.throws(() => http.request({ host: 'svc.test', protocol: 'https:', agent }), /ERR_INVALID_PROTOCOL/);
  await answered;
  await idle(w);
});

const MEBIBYTES = 10;
const sha = () => createHash('sha256');

function* megabytes(): Generator<Buffer> {
  for (let i = 0; i < MEBIBYTES * 16; i += 1) yield Buffer.alloc(64 * 1024, String(i));
}
const WHOLE = [...megabytes()].reduce((hash, chunk) => hash.update(chunk), sha()).digest('hex');

test('ten megabytes go up and come down whole, with and without their length', LIMIT, async (t) => {
  const w = await world(t, async (request, response) => {
    const hash = sha();
    for await (const chunk of request) hash.update(chunk as Buffer);
    response.setHeader('x-up', hash.digest('hex'));
    if (request.headers['x-sized'] !== undefined)
      response.setHeader('content-length', MEBIBYTES * 1024 * 1024);
    await pipeline(Readable.from(megabytes()), response);
  });
  const { agent } = w.mesh;
  for (const headers of [{}, { 'content-length': String(MEBIBYTES * 1024 * 1024), 'x-sized': '1' }]) {
    const request = http.request('http://svc.test/', { method: 'PUT', agent, headers });
    const [[response]] = (await Promise.all([
      once(request, 'response'),
      pipeline(Readable.from(megabytes()), request),
    ])) as unknown as [[IncomingMessage]];
    assert.equal(response.headers['x-up'], WHOLE);
    assert.equal(response.headers['content-length'], headers['content-length']);
    const down = sha();
    await pipeline(response, down);
    assert.equal(down.digest('hex'), WHOLE);
  }
  const down = sha();
  await pipeline(
    Readable.from(megabytes()),
    got.stream.post('http://svc.test/', { agent: { http: agent } }),
    down,
  );
  assert.equal(down.digest('hex'), WHOLE);
  await idle(w);
});

test('a body that is written piece by piece arrives whole, and trailers come back', LIMIT, async (t) => {
  const w = await world(t, async (request, response) => {
    const body = await textOf(request);
    response.writeHead(200, { trailer: 'x-sum' });
    response.write(body);
    response.addTrailers({ 'x-sum': String(body.length) });
    response.end();
  });
  const request = http.request('http://svc.test/', { agent: w.mesh.agent, method: 'POST' });
  request.setHeader('trailer', 'x-up');
  for (const piece of ['a', 'bc', Buffer.from('d')]) {
    request.write(piece);
    await turn();
  }
  request.addTrailers({ 'x-up': '1' });
  request.end('e');
  const answer = await answerOf(request);
  assert.deepEqual([answer.body, answer.trailers], ['abcde', { 'x-sum': '5' }]);
  await idle(w);
});

test('100-continue is answered at once, and not asked of the server', LIMIT, async (t) => {
  const w = await world(t, echo);
  const request = http.request('http://svc.test/', {
    agent: w.mesh.agent,
    method: 'POST',
    headers: { expect: '100-continue', 'content-length': '4' },
  });
  request.flushHeaders();
  await once(request, 'continue');
  request.end('body');
  const seen = JSON.parse((await answerOf(request)).body) as Echo;
  assert.deepEqual([seen.body, seen.h.expect], ['body', undefined]);
  await idle(w);
});

test('responses without a body end, and a caller that closes is told so', LIMIT, async (t) => {
  const w = await world(t, (request, response) => {
    response
      .writeHead(Number(request.url?.slice(1)), { etag: 'x' })
      .end(request.url === '/200' ? 'body' : undefined);
  });
  assert.equal((await call(w.mesh, 'http://svc.test/200', { method: 'HEAD' })).body, '');
  assert.equal((await call(w.mesh, 'http://svc.test/204')).status, 204);
  assert.equal((await call(w.mesh, 'http://svc.test/304')).headers.etag, 'x');
  const closing = http.get('http://svc.test/200', { agent: w.mesh.agent, headers: { connection: 'close' } });
  const closed = once(closing, 'close');
  assert.equal((await answerOf(closing)).headers.connection, 'close');
  await closed;
  await idle(w);
});

test('redirects are the client’s to follow', LIMIT, async (t) => {
  const w = await world(t, (request, response) => {
    if (request.url === '/end') response.end('there');
    else response.writeHead(302, { location: '/end' }).end();
  });
  const { agent } = w.mesh;
  const url = 'http://svc.test/start';
  assert.equal((await call(w.mesh, url)).status, 302);
  assert.equal((await axios.get(url, { httpAgent: agent })).data, 'there');
  assert.equal(await got(url, { agent: { http: agent } }).text(), 'there');
  assert.equal((await superagent.get(url).agent(agent).buffer(true)).text, 'there');
  await idle(w);
});

test('policy’s retries hold: two answers of 503 are not seen, bodies are sent again', LIMIT, async (t) => {
  const bodies: string[] = [];
  const w = await world(
    t,
    async (request, response) => {
      bodies.push(await textOf(request));
      response.statusCode = bodies.length % 3 === 0 ? 200 : 503;
      response.end('done');
    },
    `${rules(`[{ retries: { attempts: 2, retryOn: "5xx" }, ${ROUTE} }]`)}---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: svc, namespace: default }
spec:
  host: svc.test
  trafficPolicy: { connectionPool: { http: { maxRetries: 10 } } }
`,
  );
  const { agent } = w.mesh;
  const url = 'http://svc.test/';
  assert.equal((await call(w.mesh, url, { method: 'PUT', body: 'a' })).status, 200);
  assert.equal((await axios.put(url, 'b', { httpAgent: agent })).status, 200);
  assert.equal(
    (await got.put(url, { body: 'c', agent: { http: agent }, retry: { limit: 0 } })).statusCode,
    200,
  );
  assert.equal((await superagent.put(url).agent(agent).send('d')).status, 200);
  assert.deepEqual(bodies.join(''), 'aaabbbcccddd');
  await idle(w);
});

test('routes by header and injected faults are answers as any', LIMIT, async (t) => {
  const w = await world(
    t,
    echo,
    rules(`
    - { match: [{ headers: { x-tea: { exact: "yes" } } }], fault: { abort: { httpStatus: 418, percentage: { value: 100 } } }, ${ROUTE} }
    - { headers: { request: { set: { x-routed: "1" } } }, ${ROUTE} }`),
  );
  const headers = { 'X-Tea': 'yes' };
  const { agent } = w.mesh;
  assert.equal((await call(w.mesh, 'http://svc.test/', { headers })).status, 418);
  assert.equal((JSON.parse((await call(w.mesh, 'http://svc.test/')).body) as Echo).h['x-routed'], '1');
  const refused = await axios
    .get('http://svc.test/', { headers, httpAgent: agent })
    .catch((error) => error as AxiosError);
  assert.ok(refused instanceof AxiosError);
  assert.equal(refused.response?.status, 418);
  await idle(w);
});

test('an unknown host is the mesh’s own error, in the form of each client', LIMIT, async (t) => {
  const w = await world(t, echo);
  const { agent } = w.mesh;
  const url = 'http://svc.tset/';
  const plain = await errorOf(call(w.mesh, url));
  assert.ok(isMeshError(plain, 'HEDDLE_NO_ROUTE'));
  assert.deepEqual([plain.flag, plain.sent], ['NR', 'no']);
  const byAxios = await errorOf(axios.get(url, { httpAgent: agent }));
  assert.ok(byAxios instanceof AxiosError && axios.isAxiosError(byAxios));
  const byGot = await errorOf(got(url, { agent: { http: agent }, retry: { limit: 0 } }));
  assert.ok(byGot instanceof RequestError);
  const bySuperagent = await errorOf(
    superagent
      .get(url)
      .agent(agent)
      .then((response) => response),
  );
  for (const error of [byAxios, byGot, bySuperagent]) {
    assert.equal(error.code, 'HEDDLE_NO_ROUTE');
    const facts: unknown = isMeshError(error) ? error : (error as Error).cause;
    assert.ok(isMeshError(facts, 'HEDDLE_NO_ROUTE'), String(error));
    assert.deepEqual([facts.flag, facts.sent, facts.service], ['NR', 'no', 'svc.tset']);
  }
  await idle(w);
});

test('a timeout of policy’s is its error, one of the client’s is the client’s', LIMIT, async (t) => {
  const w = await world(
    t,
    () => {},
    rules(`
    - { match: [{ uri: { prefix: /policy } }], timeout: 50ms, ${ROUTE} }
    - { ${ROUTE} }`),
  );
  const { agent } = w.mesh;
  const byPolicy = await errorOf(call(w.mesh, 'http://svc.test/policy'));
  assert.deepEqual([byPolicy.code, byPolicy.flag], ['HEDDLE_DEADLINE_EXCEEDED', 'UT']);
  const url = 'http://svc.test/client';
  const byAxios = await errorOf(axios.get(url, { httpAgent: agent, timeout: 50 }));
  assert.equal((byAxios as { code: string }).code, 'ECONNABORTED');
  const byGot = await errorOf(
    got(url, { agent: { http: agent }, timeout: { request: 50 }, retry: { limit: 0 } }),
  );
  assert.equal((byGot as { code: string }).code, 'ETIMEDOUT');
  const bySuperagent = await errorOf(
    superagent
      .get(url)
      .agent(agent)
      .timeout(50)
      .then((response) => response),
  );
  assert.equal((bySuperagent as unknown as { timeout: number }).timeout, 50);
  for (const set of [(r: ClientRequest) => r.setTimeout(50), () => {}]) {
    const request = http.get(url, { agent, timeout: 50 });
    set(request);
    await once(request, 'timeout');
    request.destroy();
    assert.equal(((await once(request, 'error'))[0] as { code: string }).code, 'ECONNRESET');
  }
  await idle(w);
});

test('giving up ends the call at once, whatever it was doing', LIMIT, async (t) => {
  const waiting: (() => void)[] = [];
  let closed = 0;
  const w = await world(t, (request, response) => {
    response.once('close', () => (closed += 1));
    if (request.url === '/half') response.write('half');
    waiting.shift()?.();
  });
  const { agent } = w.mesh;
  const arrived = () => new Promise<void>((resolve) => waiting.push(resolve));
  const giveUp = new AbortController();
  const served = arrived();
  const aborted = http.get('http://svc.test/', { agent, signal: giveUp.signal });
  await served;
  const failed = once(aborted, 'error');
  giveUp.abort();
  assert.equal(((await failed)[0] as Error).name, 'AbortError');
  while (closed < 1) await turn();
  const half = http.get('http://svc.test/half', { agent });
  const [response] = (await once(half, 'response')) as [IncomingMessage];
  await once(response, 'data');
  response.destroy();
  while (closed < 2) await turn();
  const uploaded = arrived();
  const upload = http.request('http://svc.test/', { agent, method: 'POST' });
  upload.on('error', () => {});
  upload.write('some');
  await uploaded;
  upload.destroy();
  while (closed < 3) await turn();
  const all = Array.from({ length: 5 }, () => http.get('http://svc.test/', { agent }));
  const errors = all.map(async (request) => ((await once(request, 'error'))[0] as { code: string }).code);
  await Promise.all(Array.from({ length: 5 }, arrived));
  assert.equal(agent.sockets['svc.test']?.length, 5);
  agent.destroy();
  assert.deepEqual(new Set(await Promise.all(errors)), new Set(['ECONNRESET']));
  await idle(w);
  assert.equal(w.mesh.status().clusters.find(({ name }) => name.startsWith('outbound|80|'))?.active, 0);
});

test(
  'a response that breaks off is told as Node tells it, with what the mesh knows as the cause',
  LIMIT,
  async (t) => {
    const w = await world(t, (_request, response) => {
      response.writeHead(200, { 'content-length': '10' });
      response.write('half', () => response.destroy());
    });
    const { agent } = w.mesh;
    const request = http.get('http://svc.test/', { agent });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const error = await errorOf(textOf(response));
    assert.deepEqual(
      [(error as { code: string }).code, error.message, response.aborted],
      ['ECONNRESET', 'aborted', true],
    );
    assert.ok(isMeshError(error.cause, 'HEDDLE_CONNECTION_LOST'));
    const byGot = await errorOf(got('http://svc.test/', { agent: { http: agent }, retry: { limit: 0 } }));
    assert.equal((byGot as { code: string }).code, 'ECONNRESET');
    assert.ok(isMeshError((byGot.cause as Error).cause, 'HEDDLE_CONNECTION_LOST'));
    const byAxios = await errorOf(axios.get('http://svc.test/', { httpAgent: agent }));
    assert.ok(byAxios instanceof AxiosError);
    assert.equal(byAxios.code, 'ECONNRESET');
    assert.ok(isMeshError(byAxios.cause?.cause, 'HEDDLE_CONNECTION_LOST'));
    await errorOf(
      superagent
        .get('http://svc.test/')
        .agent(agent)
        .then((one) => one),
    );
    await idle(w);
  },
);

test('an answer that comes before the end of the request is an answer', LIMIT, async (t) => {
  const w = await world(t, (_request, response) => {
    response.writeHead(413, { connection: 'close' }).end('too much');
  });
  const request = http.request('http://svc.test/', { agent: w.mesh.agent, method: 'POST' });
  request.on('error', () => {});
  request.write('a');
  const answer = await answerOf(request);
  assert.deepEqual([answer.status, answer.body], [413, 'too much']);
  const finished = once(request, 'finish');
  for (let i = 0; i < 100; i += 1) request.write(Buffer.alloc(64 * 1024));
  request.end();
  await finished;
  await idle(w);
});

test(
  'CONNECT says what to use instead, and a length that is exceeded is no second request',
  LIMIT,
  async (t) => {
    const w = await world(t, echo);
    const { agent } = w.mesh;
    const tunnel = http.request({ host: 'svc.test', method: 'CONNECT', path: 'db:5432', agent }).end();
    const [refused] = (await once(tunnel, 'error')) as [Error];
    assert.ok(isMeshError(refused, 'HEDDLE_INVALID_ARGUMENT'));
    assert.match(refused.message, /mesh\.connect\('db:5432'\)/);
    const request = http.request('http://svc.test/', {
      agent,
      method: 'POST',
      headers: { 'content-length': '1' },
    });
    request.end('xGET /evil HTTP/1.1\r\n\r\n');
    assert.ok(isMeshError((await once(request, 'error'))[0], 'HEDDLE_INVALID_ARGUMENT'));
    await idle(w);
  },
);

test('a Unix socket is not the mesh’s: the request goes there', LIMIT, async (t) => {
  const w = await world(t, echo);
  const folder = await mkdtemp(path(tmpdir(), 'heddle-unix-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const socketPath = path(folder, 'socket');
  const server = createServer((_request, response) => void response.end('local')).listen(socketPath);
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  assert.equal((await call(w.mesh, 'http://docker/', { socketPath })).body, 'local');
  w.mesh.agent.destroy();
});

test('a call is made in the context in which its request was made, whoever writes it', LIMIT, async (t) => {
  const w = await world(t, (request, response) => void response.end(request.headers['x-request-id']));
  let served = '';
  const made = new Promise<[ClientRequest, () => void]>((resolve) => {
    const server = createServer((request, response) => {
      served = String(request.headers['x-request-id']);
      const asked = http.request('http://svc.test/', { agent: w.mesh.agent, method: 'POST' });
      resolve([asked, () => void response.end()]);
    });
    void w.mesh.listen(server, 0).then(({ port }) => http.get({ host: '127.0.0.1', port }));
  });
  // Here nothing is being served.
  const [asked, finish] = await made;
  asked.end('late');
  assert.equal((await answerOf(asked)).body, served);
  assert.notEqual(served, '');
  finish();
});

test('two hundred at once each get their own answer', LIMIT, async (t) => {
  const w = await world(t, echo);
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, i) =>
      call(w.mesh, `http://svc.test/${i}`, { method: 'POST', body: `body ${i}` }),
    ),
  );
  for (const [i, { body }] of answers.entries()) {
    const seen = JSON.parse(body) as Echo;
    assert.deepEqual([seen.url, seen.body], [`/${i}`, `body ${i}`]);
  }
  await idle(w);
});

test(
  'a thousand calls given up at any point leave nothing behind, and no error that nobody hears',
  LIMIT,
  async (t) => {
    const w = await world(
      t,
      (request, response) => {
        request.on('error', () => {});
        request.resume();
        response.on('error', () => {});
        response.write('x'.repeat(100));
        setImmediate(() => response.end('y'.repeat(100)));
      },
      rules(`[{ retries: { attempts: 2, retryOn: "5xx,reset" }, timeout: 60s, ${ROUTE} }]`),
    );
    const unheard: unknown[] = [];
    const onUnheard = (error: unknown) => void unheard.push(error);
    process.on('unhandledRejection', onUnheard);
    process.on('uncaughtException', onUnheard);
    t.after(() => {
      process.off('unhandledRejection', onUnheard);
      process.off('uncaughtException', onUnheard);
    });
    const one = async (i: number) => {
      const method = i % 2 === 0 ? 'GET' : 'POST';
      const request = http.request('http://svc.test/', { agent: w.mesh.agent, method });
      request.on('error', () => {});
      request.on('response', (response: IncomingMessage) => response.on('error', () => {}).resume());
      const closed = once(request, 'close').catch(() => {});
      if (method === 'POST') request.write('part');
      if (i % 7 !== 0) request.end();
      for (let turns = i % 23; turns > 0; turns -= 1) await turn();
      request.destroy(i % 3 === 0 ? new Error('enough') : undefined);
      await closed;
    };
    for (let round = 0; round < 20; round += 1)
      await Promise.all(Array.from({ length: 50 }, (_, i) => one(round * 50 + i)));
    await idle(w);
    assert.deepEqual(unheard, []);
    assert.equal((await call(w.mesh, 'http://svc.test/')).body.length, 200);
  },
);

test('WebSockets of ws go through an upgrade, and hold a call until they are closed', LIMIT, async (t) => {
  const w = await world(t, echo, rules(`[{ timeout: 60s, ${ROUTE} }]`));
  const sockets = new WebSocketServer({ server: w.server });
  t.after(() => sockets.close());
  sockets.on('connection', (socket) =>
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
  );
  const { agent } = w.mesh;
  const socket = new WebSocket('ws://svc.test/', { agent });
  await once(socket, 'open');
  const active = () => w.mesh.status().clusters.reduce((sum, cluster) => sum + cluster.active, 0);
  assert.equal(active(), 1);
  for (const message of ['hello', 'x'.repeat(1_000_000)]) {
    socket.send(message);
    assert.equal(String((await once(socket, 'message'))[0]), message);
  }
  socket.close();
  await once(socket, 'close');
  const cut = new WebSocket('ws://svc.test/', { agent });
  await once(cut, 'open');
  for (const one of sockets.clients) one.terminate();
  assert.equal((await once(cut, 'close'))[0], 1006);
  const dropped = new WebSocket('ws://svc.test/', { agent });
  await once(dropped, 'open');
  dropped.terminate();
  await once(dropped, 'close');
  while (active() > 0 || sockets.clients.size > 0) await turn();
  await idle(w);
  const refused = new WebSocket('ws://svc.tset/', { agent });
  assert.ok(isMeshError((await once(refused, 'error'))[0], 'HEDDLE_NO_ROUTE'));
});

test('of hundreds of requests that are given up at any moment, nothing stays under way', LIMIT, async (t) => {
  const w = await world(t, (request, response) => {
    response.on('error', () => {});
    if (request.url === '/half') response.writeHead(200, { 'content-length': 100 }).write('half');
    else if (request.url === '/break') response.writeHead(200).write('some', () => response.destroy());
    else if (request.url === '/early') response.writeHead(413, { connection: 'close' }).end('no');
    else if (request.url === '/whole') request.resume().on('end', () => response.end('whole'));
  });
  const { agent } = w.mesh;
  const paths = ['/hang', '/half', '/break', '/early', '/whole'];
  const one = (i: number): Promise<void> =>
    new Promise((resolve) => {
      const host = i % 7 === 0 ? 'unknown.test' : 'svc.test';
      const method = i % 2 === 0 ? 'GET' : 'POST';
      const request = http.request(`http://${host}${paths[i % 5]}`, { agent, method });
      request.on('error', () => {}).once('close', resolve);
      request.on('response', (response) => {
        response.on('error', () => {});
        if (i % 3 === 0) response.once('data', () => response.destroy());
        response.once('end', () => request.destroy()).resume();
        if (i % 5 === 1) response.destroy();
      });
      if (method === 'POST') request.write(Buffer.alloc(i % 4 === 1 ? 10 : 300_000));
      if (i % 8 !== 7) request.end();
      if (i % 5 === 0) setImmediate(() => (i % 2 === 0 ? request.destroy() : request.abort()));
      if (i % 11 === 0) request.destroy();
      if (i % 8 === 7) setImmediate(() => request.destroy());
    });
  let next = 0;
  const lane = async () => {
    while (next < 600) await one(next++);
  };
  await Promise.all(Array.from({ length: 20 }, lane));
  await idle(w);
});

test('after the mesh is closed, its agent says so', LIMIT, async (t) => {
  const { mesh } = await world(t, echo);
  await mesh.close();
  assert.equal((await errorOf(call(mesh, 'http://svc.test/'))).code, 'HEDDLE_CLOSED');
});
