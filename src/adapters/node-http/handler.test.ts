import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { denyPaths, get, inboundPolicy, RawClient, TestPath, until } from '../../inbound/fixtures.test.js';
import type { Exchange } from '../../model/exchange.js';
import type { EffectiveInbound } from '../../policy/effective.js';
import { type Handler, handler } from './index.js';

async function serve(
  t: TestContext,
  mesh: TestPath,
  fn: Handler = (request, response) => response.end(request.url),
) {
  const server = createServer(handler(mesh.path, fn));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Says `text`, hears one response, and closes. */
async function ask(port: number, text: string): Promise<string> {
  const caller = await RawClient.connect(port);
  caller.say(text);
  const heard = await caller.hear(/\r\n\r\n/);
  await caller.close();
  return heard;
}

const statusOf = (heard: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(heard)?.[1]);

test('a refused exchange is answered 403 without a word about policy, the log has the rule, the connection lives on', async (t) => {
  const mesh = new TestPath(inboundPolicy({ authorization: denyPaths('/admin') }));
  const port = await serve(t, mesh);
  const caller = await RawClient.connect(port);
  caller.say(get('/admin'));
  const heard = await caller.hear(/denied/);
  assert.match(heard, /^HTTP\/1\.1 403 Forbidden\r\ncontent-type: text\/plain\r\n/);
  assert.match(heard, /\r\n\r\nRBAC: access denied$/);
  assert.doesNotMatch(heard, /closed|default/);
  caller.say(get('/open'));
  assert.match(await caller.hear(/HTTP\/1\.1/, 2), /200 OK/);
  await caller.close();
  const [exchange] = await mesh.endedBy(2);
  assert.equal(exchange?.status, 403);
  assert.equal(exchange?.verdict?.policy, 'default/closed');
  assert.equal(exchange?.verdict?.rule, 0);
  assert.match(
    exchange?.refusal?.because ?? '',
    /rbac_access_denied_matched_policy\[ns\[default\]-policy\[closed\]-rule\[0\]\]/,
  );
});

test('a refused upload is skipped, and the next exchange on the connection is read from where it starts', async (t) => {
  const mesh = new TestPath(inboundPolicy({ authorization: denyPaths('/admin') }));
  const port = await serve(t, mesh);
  const caller = await RawClient.connect(port);
  const body = 'GET /smuggled HTTP/1.1\r\nhost: reviews\r\n\r\n';
  caller.say(
    `POST /admin HTTP/1.1\r\nhost: reviews\r\ncontent-length: ${body.length}\r\n\r\n${body}${get('/open')}`,
  );
  const heard = await caller.hear(/HTTP\/1\.1/, 2);
  assert.match(heard, /403[\s\S]*\/open/);
  await caller.close();
  const exchanges = await mesh.endedBy(2);
  assert.deepEqual(
    exchanges.map(({ path }) => path),
    ['/admin', '/open'],
  );
});

test('pipelined exchanges are each decided for themselves and answered in order', async (t) => {
  const mesh = new TestPath(inboundPolicy({ authorization: denyPaths('/b') }));
  const port = await serve(t, mesh);
  const caller = await RawClient.connect(port);
  caller.say(get('/a') + get('/b') + get('/c'));
  const heard = await caller.hear(/HTTP\/1\.1/, 3);
  assert.deepEqual(heard.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 403', 'HTTP/1.1 200']);
  await caller.close();
  assert.equal((await mesh.endedBy(3)).length, 3);
});

test('pipelined exchanges whose connection breaks are all abandoned, also those that never had the socket', async (t) => {
  const mesh = new TestPath();
  const port = await serve(t, mesh, () => {});
  const caller = await RawClient.connect(port);
  caller.say(get('/a') + get('/b'));
  await until(() => mesh.started.length === 2);
  await caller.close();
  const exchanges = await mesh.endedBy(2);
  assert.deepEqual(
    exchanges.map((exchange) => [...exchange.flags]),
    [['DC'], ['DC']],
  );
  assert.equal(mesh.path.open.size, 0);
});

test('an exchange whose peer goes away tells those who work for it, once', async (t) => {
  const mesh = new TestPath();
  let abandoned = 0;
  const port = await serve(t, mesh, () => {
    mesh.ambient.getStore()?.onAbandoned(() => (abandoned += 1));
  });
  const caller = await RawClient.connect(port);
  caller.say(get('/'));
  await until(() => mesh.started.length === 1);
  await caller.close();
  const [exchange] = await mesh.endedBy(1);
  assert.equal(abandoned, 1);
  assert.equal(exchange?.ended, true);
  assert.equal(exchange?.status, 0);
});

test('the handler and what it starts run inside the frame of their own exchange', async (t) => {
  const mesh = new TestPath();
  const seen: (string | undefined)[] = [];
  const port = await serve(t, mesh, async (request, response) => {
    await new Promise((resolve) => setImmediate(resolve));
    seen.push(`${request.url} ${mesh.ambient.getStore()?.path}`);
    response.end();
  });
  const caller = await RawClient.connect(port);
  caller.say(get('/a'));
  await caller.hear(/HTTP/);
  caller.say(get('/b'));
  await caller.hear(/HTTP/, 2);
  await caller.close();
  assert.deepEqual(seen, ['/a /a', '/b /b']);
  assert.equal(mesh.ambient.getStore(), undefined);
});

test('a body that is read by events is heard of inside the frame of its exchange, from its first piece to its end', async (t) => {
  const mesh = new TestPath();
  const seen: (string | undefined)[] = [];
  const port = await serve(t, mesh, (request, response) => {
    const note = (what: string) => seen.push(`${what} ${mesh.ambient.getStore()?.path}`);
    request.on('data', (chunk: Buffer) => note(chunk.toString()));
    request.on('end', () => {
      note('end');
      response.end('served');
    });
  });
  const caller = await RawClient.connect(port);
  caller.say('POST /a HTTP/1.1\r\nhost: reviews\r\ncontent-length: 3\r\n\r\n');
  for (const [count, piece] of ['x', 'y', 'z'].entries()) {
    caller.say(piece);
    await until(() => seen.length > count);
  }
  await caller.hear(/served/);
  caller.say('POST /b HTTP/1.1\r\nhost: reviews\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n');
  await until(() => seen.length === 5);
  caller.say('0\r\n\r\n');
  await caller.hear(/served/, 2);
  caller.say(get('/c'));
  await caller.hear(/served/, 3);
  await caller.close();
  assert.deepEqual(seen, ['x /a', 'y /a', 'z /a', 'end /a', 'x /b', 'end /b', 'end /c']);
  assert.equal(mesh.ambient.getStore(), undefined);
});

test('the deadline comes from the head, the shortest of several counts', async (t) => {
  const mesh = new TestPath();
  const port = await serve(t, mesh);
  await ask(port, get('/'));
  await ask(
    port,
    get('/', 'x-heddle-deadline-ms: 250', 'grpc-timeout: 1S', 'x-envoy-expected-rq-timeout-ms: 900'),
  );
  const [none, some] = await mesh.endedBy(2);
  assert.equal(none?.deadlineAt, Number.POSITIVE_INFINITY);
  assert.equal(some?.deadlineAt, (some?.startedAt ?? 0) + 250);
});

test('a request ID is kept if it is one, else made, and the handler sees it', async (t) => {
  const mesh = new TestPath();
  const port = await serve(t, mesh, (request, response) => response.end(request.headers['x-request-id']));
  assert.match(await ask(port, get('/', 'x-request-id: abc-1')), /abc-1$/);
  assert.match(await ask(port, get('/')), /00000000-0000-4000-8000-000000000001$/);
  assert.match(await ask(port, get('/', 'x-request-id: two', 'x-request-id: of them')), /000000000002$/);
});

test('what was checked is what is served: known ways around a rule for /admin are refused, or are not /admin', async (t) => {
  const cases: [EffectiveInbound['pathNormalization'], string, number][] = [
    ['BASE', '/a/../admin', 403],
    ['BASE', '/./admin', 403],
    ['BASE', '/%61dmin', 403],
    ['BASE', '/a/%2e%2e/admin', 403],
    ['BASE', '/a\\..\\admin', 403],
    ['BASE', '/admin?x=/../open', 403],
    ['BASE', 'http://reviews/admin', 403],
    ['BASE', '/open/..%2Fadmin', 200],
    ['DECODE_AND_MERGE_SLASHES', '/open/..%2Fadmin', 403],
    ['DECODE_AND_MERGE_SLASHES', '/%5cadmin', 403],
    ['MERGE_SLASHES', '//admin', 403],
    ['BASE', '/admin#x', 400],
    ['BASE', 'admin', 400],
  ];
  for (const [pathNormalization, target, status] of cases) {
    const mesh = new TestPath(inboundPolicy({ authorization: denyPaths('/admin'), pathNormalization }));
    const port = await serve(t, mesh);
    const heard = await ask(port, get(target));
    assert.equal(statusOf(heard), status, `${pathNormalization} ${target}: ${heard}`);
    if (status === 200) assert.match(heard, /\.\.%2Fadmin$/);
  }
});

test('the handler is given the normal path', async (t) => {
  const mesh = new TestPath();
  const port = await serve(t, mesh);
  assert.match(await ask(port, get('/a/./b/../c?q=/../x')), /\r\n\r\n\/a\/c\?q=\/\.\.\/x$/);
  assert.match(await ask(port, get('http://reviews/a')), /\r\n\r\n\/a$/);
});

test('hosts are compared without case, and a head with two hosts, or none, or two lengths is refused', async (t) => {
  const rules = [{ to: [{ hosts: { values: ['reviews'] } }] }];
  const authorization = [{ policy: 'default/host', action: 'DENY' as const, dryRun: false, rules }];
  const mesh = new TestPath(inboundPolicy({ authorization }));
  const port = await serve(t, mesh);
  const heads: [string, number][] = [
    ['GET / HTTP/1.1\r\nHost: ReViEwS', 403],
    ['GET / HTTP/1.1\r\nhost: other', 200],
    ['GET / HTTP/1.1\r\nhost: other\r\nHOST: reviews', 400],
    ['GET http://other/ HTTP/1.1\r\nhost: reviews', 400],
    ['GET / HTTP/1.1\r\nhost: other@reviews', 400],
    ['GET / HTTP/1.1\r\nhost: other, reviews', 400],
    ['GET / HTTP/1.1\r\nhost:', 400],
    ['GET / HTTP/1.1', 400],
    ['GET * HTTP/1.1\r\nhost: other', 400],
    ['POST / HTTP/1.1\r\nhost: other\r\ncontent-length: 3\r\ntransfer-encoding: chunked', 400],
    ['POST / HTTP/1.1\r\nhost: other\r\ncontent-length: 3\r\ncontent-length: 4', 400],
    ['POST / HTTP/1.1\r\nhost: other\r\ntransfer-encoding: xchunked', 400],
    ['POST / HTTP/1.1\r\nhost: other\r\ntransfer-encoding: gzip, chunked', 400],
    ['GET / HTTP/1.1\r\nhost: other\r\nx : y', 400],
  ];
  for (const [head, status] of heads) {
    assert.equal(statusOf(await ask(port, `${head}\r\n\r\n`)), status, head);
  }
});

test('what a stranger says about identity reaches neither policy nor handler', async (t) => {
  const mesh = new TestPath();
  const port = await serve(t, mesh, ({ headers, headersDistinct, rawHeaders }, response) =>
    response.end(JSON.stringify({ headers, headersDistinct, rawHeaders })),
  );
  const heard = await ask(
    port,
    get('/', 'X-Forwarded-Client-Cert: URI=spiffe://td/ns/a/sa/root', 'x-envoy-internal: true', 'x-mine: 1'),
  );
  assert.doesNotMatch(heard, /forwarded-client-cert|x-envoy/i);
  assert.match(heard, /x-mine/);
  const [exchange] = await mesh.endedBy(1);
  assert.equal(exchange?.facts.headers['x-envoy-internal'], undefined);
  // A name that every ordinary object has is only a field.
  assert.equal(exchange?.facts.headers.constructor, undefined);
});

test('the caller is the direct peer, unless proxies before us are trusted', async (t) => {
  for (const [hops, remoteIp] of [
    [0, '127.0.0.1'],
    [1, '10.0.0.2'],
    [2, '10.0.0.1'],
    [3, '127.0.0.1'],
  ] as const) {
    const mesh = new TestPath(undefined, hops);
    const port = await serve(t, mesh);
    await ask(port, get('/', 'x-forwarded-for: 10.0.0.1, 10.0.0.2'));
    const [exchange] = await mesh.endedBy(1);
    assert.equal(exchange?.facts.remoteIp, remoteIp);
    assert.equal(exchange?.facts.peer.address, '127.0.0.1');
  }
});

test('bytes of bodies are counted, with a length or in chunks', async (t) => {
  const mesh = new TestPath();
  const port = await serve(t, mesh, (request, response) => {
    request.resume();
    request.on('end', () => {
      response.write('grüße');
      response.end(Buffer.from('!'));
    });
  });
  await ask(port, 'POST / HTTP/1.1\r\nhost: reviews\r\ncontent-length: 5\r\n\r\nhello');
  await ask(
    port,
    'POST / HTTP/1.1\r\nhost: reviews\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n',
  );
  await ask(port, 'HEAD / HTTP/1.1\r\nhost: reviews\r\n\r\n');
  const exchanges = await mesh.endedBy(3);
  const counts = (exchange: Exchange) => [exchange.bytesReceived, exchange.bytesSent];
  assert.deepEqual(exchanges.map(counts), [
    [5, 8],
    [4, 8],
    [0, 0],
  ]);
});

test('what a handler throws, at once or later, is answered 500 and told', async (t) => {
  const failures: Handler[] = [
    () => {
      throw new Error('at once');
    },
    () => Promise.reject(new Error('later')),
  ];
  for (const fn of failures) {
    const mesh = new TestPath();
    const port = await serve(t, mesh, fn);
    const heard = await ask(port, get('/'));
    assert.equal(statusOf(heard), 500);
    assert.doesNotMatch(heard, /at once|later/);
    assert.match(mesh.warnings[0] ?? '', /a handler failed: Error: (at once|later)/);
    const [exchange] = await mesh.endedBy(1);
    assert.equal(exchange?.status, 500);
  }
});

test('a request that passes two handlers of one mesh is one exchange', async (t) => {
  const mesh = new TestPath();
  const inner = handler(mesh.path, (request, response) => response.end(request.url));
  const port = await serve(t, mesh, inner);
  assert.equal(statusOf(await ask(port, get('/'))), 200);
  assert.equal((await mesh.endedBy(1)).length, 1);
  assert.equal(mesh.started.length, 1);
});

test('draining tells callers that the connection ends, and waits for what is under way', async (t) => {
  const mesh = new TestPath();
  let finish = () => {};
  const port = await serve(t, mesh, (_request, response) => {
    finish = () => response.end('done');
  });
  const caller = await RawClient.connect(port);
  caller.say(get('/'));
  await until(() => mesh.started.length === 1);
  const drained = mesh.path.drain(10_000);
  const late = await RawClient.connect(port);
  finish();
  late.say(get('/'));
  await until(() => mesh.started.length === 2);
  finish();
  assert.match(await late.hear(/done/), /connection: close/i);
  await caller.close();
  await late.close();
  assert.equal(await drained, true);
});
