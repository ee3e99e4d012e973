import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect as connectNet, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { FakeClock } from '../../base/testing.js';
import { cluster } from '../../outbound/fixtures.test.helper.js';
import type { EffectiveTunnel } from '../../policy/effective.js';
import { until } from '../outbound.test.helper.js';
import {
  at,
  echo,
  listenTcp,
  NOTHING_HELD,
  named,
  readAll,
  refusalOf,
  tcpMesh,
} from './fixtures.test.helper.js';

/** A forward proxy. @returns what it was asked for */
async function proxy(t: TestContext, onPost?: RequestListener) {
  const asked: string[] = [];
  const server = createServer(onPost);
  server.on('connect', (request, socket: Socket, head) => {
    asked.push(`${request.method} ${request.url} ${request.headers.host}`);
    const [host, port] = request.url!.split(':');
    const onward = connectNet(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\nvia: 1.1 proxy\r\n\r\n');
      onward.write(head);
      onward.pipe(socket);
      socket.pipe(onward);
    });
    for (const one of [socket, onward]) one.on('error', () => {});
    socket.once('close', () => onward.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { port: (server.address() as AddressInfo).port, asked };
}

function through(t: TestContext, proxyPort: number, targetPort: number, more: Partial<EffectiveTunnel> = {}) {
  const tunnel: EffectiveTunnel = { protocol: 'CONNECT', targetHost: '127.0.0.1', targetPort, ...more };
  return tcpMesh(t, { clusters: [cluster({ tunnel })], endpoints: [at(proxyPort)] });
}

test('a tunnel asks the proxy for its target, and is the connection to it', async (t) => {
  const target = await echo(t);
  const { port, asked } = await proxy(t);
  const mesh = through(t, port, target);
  const stream = await mesh.connect('reviews:80');
  assert.deepEqual(asked, [`CONNECT 127.0.0.1:${target} 127.0.0.1:${target}`]);
  const closed = once(stream, 'close');
  stream.end('through');
  assert.equal(await readAll(stream), 'through');
  await closed;
  assert.deepEqual(mesh.held(), NOTHING_HELD);
});

test('what the target says first comes first, even in one packet with the proxy’s answer', async (t) => {
  const port = await listenTcp(t, (socket) =>
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\n220 mail.example')),
  );
  const { connect } = through(t, port, 25);
  assert.equal(await readAll(await connect('reviews:80')), '220 mail.example');
  const other = await proxy(t);
  const behind = through(t, other.port, await named(t, 'hello'));
  assert.equal(await readAll(await behind.connect('reviews:80')), 'hello');
});

const NO: readonly [what: string, answer: string, code: string, because: RegExp][] = [
  [
    'refuses',
    'HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n',
    'HEDDLE_CONNECT_FAILED',
    /tunnel-refused: the proxy answered 403 to CONNECT db\.example:5432/,
  ],
  ['cannot', 'HTTP/1.1 502 Bad Gateway\r\n\r\n', 'HEDDLE_CONNECT_FAILED', /answered 502/],
  [
    'answers without end',
    `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(20_000)}`,
    'HEDDLE_PROTOCOL_ERROR',
    /overflow/i,
  ],
  ['speaks no HTTP', 'SSH-2.0-OpenSSH\r\n', 'HEDDLE_PROTOCOL_ERROR', /Parse Error/],
  ['hangs up', '', 'HEDDLE_CONNECT_FAILED', /socket hang up/],
];
for (const [what, answer, code, because] of NO)
  test(`a proxy that ${what} opens no tunnel: ${code}`, async (t) => {
    const port = await listenTcp(t, (socket) => socket.once('data', () => socket.end(answer)));
    const mesh = through(t, port, 5432, { targetHost: 'db.example' });
    const refused = await refusalOf(mesh.connect('reviews:80'));
    assert.equal(refused.code, code);
    assert.match(refused.message, because);
    assert.equal(refused.sent, 'no');
    assert.deepEqual(mesh.held(), NOTHING_HELD);
  });

test('a target that fits into no request is not asked for', async (t) => {
  const { port, asked } = await proxy(t);
  for (const targetHost of ['a b', 'a\r\nx: y']) {
    const mesh = through(t, port, 1, { targetHost });
    assert.equal((await refusalOf(mesh.connect('reviews:80'))).code, 'HEDDLE_CONNECT_FAILED');
    assert.deepEqual(mesh.held(), NOTHING_HELD);
  }
  assert.deepEqual(asked, []);
});

test('a proxy that is silent is given up after connectTimeout', async (t) => {
  const clock = new FakeClock();
  let asked = 0;
  const port = await listenTcp(t, (socket) => socket.on('data', () => (asked += 1)));
  const tunnel = { protocol: 'CONNECT', targetHost: 'db.example', targetPort: 1 } as const;
  const mesh = tcpMesh(t, { clusters: [cluster({ tunnel })], endpoints: [at(port)] }, { clock });
  const refusal = refusalOf(mesh.connect('reviews:80'));
  await until(() => asked === 1);
  clock.advance(10_000);
  const refused = await refusal;
  assert.equal(refused.code, 'HEDDLE_CONNECT_FAILED');
  assert.match(refused.message, /the proxy did not answer in 10000 ms/);
});

test('POST carries both ways in the bodies of one request', async (t) => {
  const seen: string[] = [];
  const { port } = await proxy(t, (request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.host}`);
    response.flushHeaders();
    request.pipe(response);
  });
  const mesh = through(t, port, 5432, { protocol: 'POST', targetHost: 'db.example' });
  const stream = await mesh.connect('reviews:80');
  stream.write('ping');
  assert.equal(String((await once(stream, 'data'))[0]), 'ping');
  const closed = once(stream, 'close');
  stream.end(' and the rest');
  assert.equal(await readAll(stream), ' and the rest');
  await closed;
  assert.deepEqual(seen, ['POST / db.example:5432']);
  assert.deepEqual(mesh.held(), NOTHING_HELD);
});

test('POST: the peer’s end passes while we go on, and a break is an error', async (t) => {
  let said = '';
  const { port } = await proxy(t, (request, response) => {
    response.end('first');
    request.on('data', (chunk) => (said += chunk)).on('error', () => {});
  });
  const mesh = through(t, port, 1, { protocol: 'POST' });
  const stream = await mesh.connect('reviews:80', { allowHalfOpen: true });
  let heard = '';
  stream.on('data', (chunk) => (heard += chunk));
  await once(stream, 'end');
  assert.equal(heard, 'first');
  stream.write('more');
  await until(() => said === 'more');
  stream.destroy();
  await until(() => mesh.outbound.active === 0);
  const breaking = await proxy(t, (_request, response) => {
    response.flushHeaders();
    response.once('finish', () => {});
    setImmediate(() => response.destroy());
  });
  const broken = await through(t, breaking.port, 1, { protocol: 'POST' }).connect('reviews:80');
  await assert.rejects(readAll(broken));
});

test('POST that is refused is no connection', async (t) => {
  const { port } = await proxy(t, (_request, response) => void response.writeHead(407).end('who are you?'));
  const refused = await refusalOf(through(t, port, 1, { protocol: 'POST' }).connect('reviews:80'));
  assert.match(refused.message, /answered 407 to POST/);
});
