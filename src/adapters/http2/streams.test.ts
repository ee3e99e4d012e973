/** What travels on a stream: heads, bodies either way and their backpressure, trailers; and what is left when it is over. */
import assert from 'node:assert/strict';
import type { ServerHttp2Stream } from 'node:http2';
import { test } from 'node:test';
import { StreamBody } from '../../model/request-body.js';
import { bodyOf, until } from '../outbound.test.helper.js';
import { client, read, serveHttp2, told } from './http2.test.helper.js';

const LIMIT = { timeout: 60_000 };
const MIB = 1024 * 1024;

test('fields go out in the words of HTTP/2: none of the connection, host as authority', LIMIT, async (t) => {
  const served = await serveHttp2(t, (request, response) => {
    response.end(JSON.stringify({ ...request.headers }));
  });
  const { send } = client(t, served.port);
  const headers = {
    host: 'else.test:81',
    connection: 'keep-alive, x-hop',
    'x-hop': 'a',
    'keep-alive': '5',
    'transfer-encoding': 'chunked',
    te: 'gzip, trailers',
    cookie: ['a=1', 'b=2'],
    'x-two': ['1', '2'],
  };
  const [, body] = await told(send({ method: 'PUT', path: '/a?b', body: 'é', headers }));
  const seen = JSON.parse(String(body));
  assert.deepEqual(seen, {
    ':method': 'PUT',
    ':scheme': 'http',
    ':authority': 'else.test:81',
    ':path': '/a?b',
    te: 'trailers',
    cookie: 'a=1; b=2',
    'x-two': '1, 2',
    'content-length': '2',
  });
});

for (const [what, request] of [
  ['a name with a space', { headers: { 'a b': 'c' } }],
  ['a line break in a value', { headers: { a: 'b\r\nc: d' } }],
  ['a space in the path', { path: '/a b' }],
  ['a line break in the host', { headers: { host: 'a\r\nb' } }],
  ['a method that is none', { method: 'GE T' }],
  ['a length that is not the body’s', { method: 'POST', body: 'abc', headers: { 'content-length': '2' } }],
  ['a length without a body', { headers: { 'content-length': '2' } }],
  ['more bytes than can be sent', { headers: { a: 'b'.repeat(70_000) } }],
  ['two values of a field that has one', { headers: { authorization: ['a', 'b'] } }],
] as const) {
  test(`${what} is the caller’s to mend, and costs the others nothing`, LIMIT, async (t) => {
    const served = await serveHttp2(t, (_request, response) => void response.end('ok'));
    const { send } = client(t, served.port);
    assert.deepEqual(await told(send()), [200, 'ok']);
    assert.deepEqual(await told(send(request as never)), ['local-reset', 'no']);
    assert.deepEqual(await told(send()), [200, 'ok']);
    assert.equal(served.sessions.length, 1);
  });
}

test('informational answers are passed over; HEAD, 204 and 304 have no body', LIMIT, async (t) => {
  const served = await serveHttp2(t, (request, response) => {
    response.stream.additionalHeaders({ ':status': 103, link: '</a>' });
    if (request.method === 'HEAD') response.setHeader('content-length', '10');
    else response.statusCode = Number(request.url.slice(1));
    response.end();
  });
  const { send } = client(t, served.port);
  assert.deepEqual(await told(send({ method: 'HEAD' })), [200, '']);
  assert.deepEqual(await told(send({ path: '/204' })), [204, '']);
  assert.deepEqual(await told(send({ path: '/304' })), [304, '']);
});

test('trailers come with the end of the body', LIMIT, async (t) => {
  const served = await serveHttp2(t, (_request, response) => {
    response.addTrailers({ 'grpc-status': '0', 'x-two': ['1', '2'] as never });
    response.end('body');
  });
  const { send } = client(t, served.port);
  const outcome = await send();
  assert.equal(outcome.kind, 'response');
  if (outcome.kind !== 'response') return;
  assert.equal(await read(outcome.body), 'body');
  assert.equal(outcome.body.trailers?.['grpc-status'], '0');
});

test(
  'a reader that does not read holds no more than the window of its stream, and the others go on',
  LIMIT,
  async (t) => {
    let written = 0;
    const served = await serveHttp2(t, (request, response) => {
      if (request.url !== '/big') return void response.end('small');
      const chunk = Buffer.alloc(64 * 1024, 'x');
      const more = () => {
        while (written < 16 * MIB) {
          written += chunk.length;
          if (!response.write(chunk)) return void response.once('drain', more);
        }
        response.end();
      };
      more();
    });
    const { send } = client(t, served.port);
    const outcome = await send({ path: '/big' });
    assert.equal(outcome.kind, 'response');
    if (outcome.kind !== 'response') return;
    for (let time = 0; time < 50; time += 1) assert.deepEqual(await told(send()), [200, 'small']);
    assert.ok(written < 2 * MIB, `${written}`);
    assert.ok(outcome.body.bytes <= 512 * 1024, `${outcome.body.bytes}`);
    assert.equal((await read(outcome.body)).length, 16 * MIB);
  },
);

test('an upload waits for a server that does not read, and arrives whole', LIMIT, async (t) => {
  let stream: ServerHttp2Stream | null = null;
  const served = await serveHttp2(t, async (request, response) => {
    if (request.url === '/other') return void response.end('other');
    stream = request.stream;
    await until(() => asked === null);
    response.end(String((await bodyOf(request)).length));
  });
  let given = 0;
  let asked: 'not yet' | null = 'not yet';
  const body = new StreamBody(
    (async function* () {
      for (let index = 0; index < 256; index += 1) {
        given += 1;
        yield Buffer.alloc(64 * 1024, 'x');
      }
    })(),
  );
  const { send } = client(t, served.port);
  const sending = told(send({ method: 'POST', body }));
  await until(() => stream !== null);
  for (let time = 0; time < 20; time += 1)
    assert.deepEqual(await told(send({ path: '/other' })), [200, 'other']);
  assert.ok(given < 32, `${given}`);
  asked = null;
  assert.deepEqual(await sending, [200, String(16 * MIB)]);
});

test(
  'a source that fails, or gives another length than declared, fails the attempt and resets its stream',
  LIMIT,
  async (t) => {
    const streams: ServerHttp2Stream[] = [];
    const served = await serveHttp2(t, (request) => void streams.push(request.stream));
    const { send } = client(t, served.port);
    const sources = [
      async function* () {
        yield 'a';
        throw new Error('broken');
      },
      async function* () {
        yield 'a';
      },
      async function* () {
        yield 'abcd';
      },
    ];
    for (const source of sources) {
      const headers = { 'content-length': '3' };
      const outcome = await send({ method: 'POST', body: new StreamBody(source()), headers });
      assert.equal(outcome.kind, 'failed');
    }
    await until(() => streams.every(({ closed }) => closed));
  },
);

test(
  'a body that is dropped, and an attempt that is cancelled, reset their streams; the connection stays',
  LIMIT,
  async (t) => {
    const streams: ServerHttp2Stream[] = [];
    const served = await serveHttp2(t, (request, response) => {
      streams.push(request.stream);
      if (request.url === '/half') response.write('half');
      else if (request.url === '/') response.end('ok');
    });
    const { send, attempt, transport } = client(t, served.port);
    const outcome = await send({ path: '/half' });
    if (outcome.kind === 'response') outcome.body.drop(new Error('enough'));
    const one = attempt({ path: '/never' });
    const sending = told(transport.send(one));
    await until(() => streams.length === 2);
    one.cancel('cancelled');
    assert.deepEqual(await sending, ['cancelled']);
    await until(() => streams.every(({ closed }) => closed));
    assert.deepEqual(
      streams.map(({ rstCode }) => rstCode),
      [8, 8],
    );
    assert.deepEqual(await told(send()), [200, 'ok']);
    assert.equal(served.sessions.length, 1);
  },
);

test(
  'a hundred at once, ten at a time: all are answered, by one connection where policy allows one',
  LIMIT,
  async (t) => {
    let most = 0;
    let open = 0;
    const served = await serveHttp2(
      t,
      (request, response) => {
        open += 1;
        most = Math.max(most, open);
        request.stream.once('close', () => {
          open -= 1;
        });
        setImmediate(() => response.end('ok'));
      },
      { settings: { maxConcurrentStreams: 10 } },
    );
    const { send } = client(t, served.port, { maxConnections: 1 });
    const all = await Promise.all(Array.from({ length: 100 }, () => told(send())));
    assert.ok(all.every(([status]) => status === 200));
    assert.ok(most <= 10, `${most}`);
    assert.equal(served.sessions.length, 1);
  },
);

test(
  'close waits for what is under way; a destination that is left finishes what it has',
  LIMIT,
  async (t) => {
    const waiting: (() => void)[] = [];
    const served = await serveHttp2(
      t,
      (_request, response) => void waiting.push(() => void response.end('ok')),
    );
    const { send, transport } = client(t, served.port);
    const first = told(send());
    await until(() => waiting.length === 1);
    transport.retain([]);
    const second = told(send());
    await until(() => waiting.length === 2);
    assert.equal(served.sessions.length, 2);
    let closed = false;
    const closing = transport.close().then(() => {
      closed = true;
    });
    assert.deepEqual(await told(send()), ['local-reset', 'no']);
    assert.equal(closed, false);
    for (const answer of waiting) answer();
    assert.deepEqual(
      [await first, await second],
      [
        [200, 'ok'],
        [200, 'ok'],
      ],
    );
    await closing;
    await until(() => served.sockets.size === 0);
  },
);

test(
  'destroy fails what is under way, what is read and what waits, and leaves no connection',
  LIMIT,
  async (t) => {
    const served = await serveHttp2(t, (request, response) => {
      if (request.url === '/half') response.write('half');
    });
    const { send, transport } = client(t, served.port, { maxConnections: 1, maxConcurrentStreams: 2 });
    const half = await send({ path: '/half' });
    const running = told(send());
    const queued = told(send());
    await transport.destroy();
    assert.deepEqual(await running, ['local-reset', 'maybe']);
    assert.deepEqual(await queued, ['local-reset', 'no']);
    if (half.kind === 'response') await assert.rejects(read(half.body));
    await until(() => served.sockets.size === 0);
  },
);
