import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { before, test } from 'node:test';
import { denyPaths, get, inboundPolicy, RawClient, until } from '../../inbound/fixtures.test.js';
import { type Authorities, newAuthorities, serve } from './fixtures.test.js';
import { type ListenTarget, listen } from './index.js';

let own: Authorities;

before(async () => {
  own = await newAuthorities();
});

test('everything is answered 503 until the first policy is there', async (t) => {
  const { mesh, port } = await serve(t, own, { policy: null });
  const caller = await RawClient.connect(port);
  caller.say(get('/'));
  assert.match(await caller.hear(/HEDDLE_NO_POLICY/), /^HTTP\/1\.1 503 /);
  mesh.accept(inboundPolicy());
  caller.say(get('/'));
  await caller.hear(/hello/);
  await caller.close();
});

test('a client that sends byte by byte is served', async (t) => {
  const { port } = await serve(t, own);
  const caller = await RawClient.connect(port);
  for (const byte of get('/')) {
    caller.say(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.match(await caller.hear(/hello/), /200 OK/);
  await caller.close();
});

test('a client that sends nothing is closed after the time for the first byte', async (t) => {
  const { mesh, port } = await serve(t, own);
  const caller = await RawClient.connect(port);
  await until(() => mesh.clock.pending > 0);
  mesh.clock.advance(10_000);
  await caller.closed;
  assert.equal(caller.heard, '');
  assert.match(mesh.warnings[0] ?? '', /NO_FIRST_BYTE/);
});

test('a client that ends, or breaks, its side before the first byte leaves nothing behind', async (t) => {
  const { mesh, port } = await serve(t, own);
  const ending = await RawClient.connect(port);
  ending.socket.end();
  await ending.closed;
  const breaking = await RawClient.connect(port);
  await until(() => mesh.clock.pending > 0);
  breaking.socket.resetAndDestroy();
  await until(() => mesh.clock.pending === 0);
  assert.deepEqual(mesh.warnings, []);
});

test('a head that does not end is cut off after its time', async (t) => {
  const { port } = await serve(t, own, { options: { headersTimeoutMs: 40 } });
  const caller = await RawClient.connect(port);
  caller.say('GET / HTTP/1.1\r\nhost: reviews\r\nx: ');
  await caller.closed;
  assert.match(caller.heard, /^HTTP\/1\.1 408 /);
});

test('closing lets what is under way finish and says that the connection ends', async (t) => {
  const under: ServerResponse[] = [];
  const { mesh, listening, port } = await serve(t, own, {
    target: (_request, response) => under.push(response),
  });
  const busy = await RawClient.connect(port);
  busy.say(get('/'));
  await until(() => under.length === 1);
  const peeked = await RawClient.connect(port);
  const closing = listening.close();
  await peeked.closed;
  assert.equal(mesh.ended.length, 0);
  under[0]?.end('done');
  await busy.hear(/done/);
  assert.match(busy.heard, /connection: close/i);
  await busy.closed;
  await closing;
  await listening.close();
});

test('closing destroys what has not finished in time, and its exchange is abandoned', async (t) => {
  const { mesh, listening, port } = await serve(t, own, { target: () => {} });
  const caller = await RawClient.connect(port);
  caller.say(get('/'));
  await until(() => mesh.started.length > 0);
  const closing = listening.close(5_000);
  mesh.clock.advance(5_000);
  await closing;
  await caller.closed;
  const [exchange] = await mesh.endedBy(1);
  assert.deepEqual([...(exchange?.flags ?? [])], ['DC']);
  assert.equal(exchange?.status, 0);
});

test('an unused connection that is kept alive closes a moment after the port', async (t) => {
  const { mesh, listening, port } = await serve(t, own);
  const caller = await RawClient.connect(port);
  caller.say(get('/'));
  await caller.hear(/hello/);
  await mesh.endedBy(1);
  const closing = listening.close();
  mesh.clock.advance(300);
  await closing;
  await caller.closed;
});

test('a port that is taken is an error that says which', async (t) => {
  const { mesh, port } = await serve(t, own);
  await assert.rejects(
    listen(mesh.path, { target: () => {}, port, tls: null }, { address: '127.0.0.1' }),
    /HEDDLE_INVALID_ARGUMENT.*127\.0\.0\.1, port \d+/,
  );
});

test('an HTTP server is served with its own listeners, those for upgrades included', async (t) => {
  const app = createServer((_request, response) => response.end('from a server'));
  const { mesh, port } = await serve(t, own, { target: app });
  app.on('upgrade', (_request, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n');
    socket.pipe(socket);
  });
  const plain = await RawClient.connect(port);
  plain.say(get('/'));
  await plain.hear(/from a server/);
  await plain.close();
  const upgraded = await RawClient.connect(port);
  upgraded.say(get('/chat', 'connection: upgrade', 'upgrade: echo'));
  await upgraded.hear(/101/);
  upgraded.say('to and fro');
  await upgraded.hear(/to and fro/);
  await upgraded.close();
  const [, exchange] = await mesh.endedBy(2);
  assert.equal(exchange?.status, 101);
});

test('an upgrade that policy forbids is answered 403 and never reaches the application', async (t) => {
  const app = createServer();
  let upgrades = 0;
  app.on('upgrade', () => (upgrades += 1));
  const authorization = [{ policy: 'default/none', action: 'ALLOW' as const, dryRun: false, rules: [] }];
  const { mesh, port } = await serve(t, own, { target: app, policy: inboundPolicy({ authorization }) });
  const caller = await RawClient.connect(port);
  caller.say(get('/chat', 'connection: upgrade', 'upgrade: echo'));
  await caller.closed;
  assert.match(caller.heard, /^HTTP\/1\.1 403 Forbidden[\s\S]*RBAC: access denied$/);
  const [exchange] = await mesh.endedBy(1);
  assert.equal(exchange?.status, 403);
  assert.equal(upgrades, 0);
});

test('a caller that asks before it sends its body is told to go on only if it may', async (t) => {
  const target: ListenTarget = (request, response) => {
    request.resume();
    request.on('end', () => response.end('taken'));
  };
  const { mesh, port } = await serve(t, own, {
    target,
    policy: inboundPolicy({ authorization: denyPaths('/admin') }),
  });
  const head = (path: string) =>
    `POST ${path} HTTP/1.1\r\nhost: reviews\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n`;
  const caller = await RawClient.connect(port);
  caller.say(head('/open'));
  await caller.hear(/100 Continue/);
  caller.say('ok');
  await caller.hear(/taken/);
  await caller.close();
  const refused = await RawClient.connect(port);
  refused.say(head('/admin'));
  assert.match(await refused.hear(/denied/), /^HTTP\/1\.1 403/);
  await refused.close();
  assert.equal((await mesh.endedBy(2)).length, 2);
});

test('a head that is too large is refused', async (t) => {
  const { mesh, port } = await serve(t, own, { options: { maxHeaderBytes: 8_192 } });
  const caller = await RawClient.connect(port);
  caller.say(get('/', `x: ${'y'.repeat(10_000)}`));
  await caller.closed;
  assert.match(caller.heard, /^HTTP\/1\.1 431 /);
  assert.equal(mesh.started.length, 0);
});

test('an object with callback() is served, and what is no application is refused by name', async (t) => {
  const koa = {
    callback: () => (_request: IncomingMessage, response: ServerResponse) => response.end('koa'),
  };
  const { mesh, port } = await serve(t, own, { target: koa });
  const caller = await RawClient.connect(port);
  caller.say(get('/'));
  await caller.hear(/koa/);
  await caller.close();
  const listening = createServer();
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  t.after(() => listening.close());
  assert.ok((listening.address() as AddressInfo).port > 0);
  await assert.rejects(listen(mesh.path, { target: listening, port: 0, tls: null }), /listens already/);
});
