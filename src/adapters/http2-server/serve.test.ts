import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import http2 from 'node:http2';
import { before, test } from 'node:test';
import { denyPaths, get, inboundPolicy, ofMode, RawClient, until } from '../../inbound/fixtures.test.js';
import { type Authorities, newAuthorities, serve } from '../node-http/fixtures.test.js';
import { answerOf, ask, begin, dial } from './fixtures.test.helper.js';

let own: Authorities;
before(async () => {
  own = await newAuthorities();
});

const told = (request: IncomingMessage, response: ServerResponse) => {
  response.end(`${request.httpVersion} ${request.method} ${request.url} ${request.headers.host}`);
};

test('one port serves HTTP/2 and HTTP/1.1 in plain text, told apart by their first bytes', async (t) => {
  const { mesh, port } = await serve(t, own, { target: told });
  const session = await dial(t, port);
  const answer = await ask(session, { ':path': '/a?b=c' });
  assert.equal(answer.status, 200);
  assert.equal(answer.body, '2.0 GET /a?b=c reviews');
  assert.equal(answer.headers['transfer-encoding'], undefined);
  const old = await RawClient.connect(port);
  old.say(get('/old'));
  assert.match(await old.hear(/reviews$/), /1\.1 GET \/old reviews$/);
  await old.close();
  const [exchange] = await mesh.endedBy(2);
  assert.equal(exchange?.facts.protocol, 'HTTP/2');
  assert.equal(exchange?.status, 200);
  assert.equal(exchange?.bytesSent, answer.body.length);
  assert.equal(exchange?.facts.peer.id, null);
  assert.equal(mesh.path.open.size, 0);
});

test('over TLS a caller that offers h2 gets it, with the identity that it proved; one that does not gets HTTP/1.1', async (t) => {
  const seen: (string | undefined)[] = [];
  const { mesh, port } = await serve(t, own, {
    policy: ofMode('STRICT'),
    target: (request: IncomingMessage, response: ServerResponse) => {
      seen.push(mesh.ambient.getStore()?.facts.peer.id?.toString());
      told(request, response);
    },
  });
  const session = await dial(t, port, { ca: own.root.certificate, ...own.client });
  assert.equal(session.alpnProtocol, 'h2');
  assert.match((await ask(session)).body, /^2\.0/);
  const old = await RawClient.connectTls(port, { ca: own.root.certificate, ...own.client });
  old.say(get('/'));
  assert.match(await old.hear(/reviews$/), /1\.1 GET/);
  await old.close();
  const id = 'spiffe://cluster.local/ns/default/sa/productpage';
  assert.deepEqual(seen, [id, id]);
  const [exchange] = await mesh.endedBy(2);
  assert.equal(exchange?.facts.scheme, 'https');
});

test('HTTP/2 in plain text on a STRICT port is refused as any plain text is', async (t) => {
  const { mesh, port } = await serve(t, own, { policy: ofMode('STRICT') });
  const session = http2.connect(`http://127.0.0.1:${port}`);
  session.on('error', () => {});
  await once(session, 'close');
  await until(() => mesh.warnings.length === 1);
  assert.match(mesh.warnings[0]!, /PLAIN_TEXT_ON_STRICT_PORT/);
  assert.equal(mesh.started.length, 0);
});

test('a preface that comes byte by byte is waited for, and one that turns out to be none is HTTP/1.1', async (t) => {
  const { port } = await serve(t, own, { target: told });
  const caller = await RawClient.connect(port);
  for (const byte of 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n') {
    caller.say(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  // The settings of the server: a frame of type 4 on stream 0.
  caller.say('\0\0\0\x04\0\0\0\0\0');
  assert.match(await caller.hear(/\x04\0\0\0\0\0/), /^\0\0.\x04\0\0\0\0\0/);
  await caller.close();
  const other = await RawClient.connect(port);
  other.say('P');
  await new Promise((resolve) => setImmediate(resolve));
  other.say(`${get('/x').replace('GET', 'UT')}`);
  assert.match(await other.hear(/reviews$/), /1\.1 PUT \/x reviews$/);
  await other.close();
});

test('streams of one connection are each decided for themselves; a refusal is answered on its stream', async (t) => {
  const { mesh, port } = await serve(t, own, {
    policy: inboundPolicy({ authorization: denyPaths('/admin') }),
    target: told,
  });
  const session = await dial(t, port);
  const [refused, served, grpc] = await Promise.all([
    ask(session, { ':path': '/admin', ':method': 'POST' }, 'a body'),
    ask(session, { ':path': '/open' }),
    ask(session, { ':path': '/admin', ':method': 'POST', 'content-type': 'application/grpc' }, 'x'),
  ]);
  assert.deepEqual([refused.status, refused.body], [403, 'RBAC: access denied']);
  assert.equal(served.status, 200);
  assert.deepEqual(
    [grpc.status, grpc.headers['grpc-status'], grpc.headers['grpc-message']],
    [200, '7', 'RBAC: access denied'],
  );
  const ended = await mesh.endedBy(3);
  assert.deepEqual(ended.map(({ verdict }) => verdict?.policy ?? null).sort(), [
    'default/closed',
    'default/closed',
    null,
  ]);
  assert.equal(session.closed, false);
});

test('what a caller may not claim is taken off before the handler sees it, and the path is the one that was checked', async (t) => {
  const { mesh, port } = await serve(t, own, {
    target: (request: IncomingMessage, response: ServerResponse) => {
      response.end(
        JSON.stringify([request.url, request.headers, request.rawHeaders, request.headersDistinct]),
      );
    },
  });
  const session = await dial(t, port);
  const headers = { ':path': '/a/../b?c', 'x-forwarded-client-cert': 'By=x', 'x-envoy-internal': 'true' };
  const { body } = await ask(session, { ...headers, 'x-mine': ['1', '2'] });
  assert.doesNotMatch(body, /client-cert|envoy-internal/);
  const [url, fields, raw, distinct] = JSON.parse(body);
  assert.equal(url, '/b?c');
  assert.deepEqual(fields, {
    host: 'reviews',
    'x-mine': '1, 2',
    'x-request-id': mesh.started[0]!.requestId,
  });
  assert.deepEqual(distinct['x-mine'], ['1', '2']);
  assert.equal(raw[0], 'host');
});

const heads: readonly [what: string, headers: http2.OutgoingHttpHeaders, because: string][] = [
  ['a host that is not the authority', { host: 'other' }, 'authority_mismatch'],
  ['CONNECT', { ':method': 'CONNECT', ':path': undefined, ':scheme': undefined }, 'unsupported_method'],
];
for (const [what, headers, because] of heads)
  test(`a head with ${what} is refused`, async (t) => {
    const { mesh, port } = await serve(t, own, { target: told });
    const session = await dial(t, port);
    const fields: http2.OutgoingHttpHeaders = { ':path': '/', ':authority': 'reviews', ...headers };
    for (const name in fields) if (fields[name] === undefined) delete fields[name];
    const stream = session.request(fields);
    stream.on('error', () => {});
    const answer = answerOf(stream);
    stream.end();
    assert.equal((await answer).status, 400);
    assert.equal((await mesh.endedBy(1))[0]?.refusal?.because, because);
  });

test('an upload arrives whole, with its trailers, and is counted', async (t) => {
  const { mesh, port } = await serve(t, own, {
    target: async (request: IncomingMessage, response: ServerResponse) => {
      let length = 0;
      for await (const chunk of request) length += (chunk as Buffer).length;
      response.setHeader('set-cookie', ['a=1', 'b=2']);
      const coding = request.headers['transfer-encoding'];
      response.end(`${length} ${request.trailers['x-sum']} ${request.complete} ${coding}`);
    },
  });
  const session = await dial(t, port);
  const stream = session.request({ ':path': '/', ':method': 'POST', ':authority': 'reviews' }, {
    waitForTrailers: true,
  } as http2.ClientSessionRequestOptions);
  stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '9' }));
  const answer = answerOf(stream);
  const length = 3_000_000;
  stream.end(Buffer.alloc(length, 'a'));
  const { body, headers } = await answer;
  assert.equal(body, `${length} 9 true chunked`);
  assert.deepEqual(headers['set-cookie'], ['a=1', 'b=2']);
  assert.equal((await mesh.endedBy(1))[0]?.bytesReceived, length);
});

for (const [what, target] of [
  ['a handler', (listener: (request: IncomingMessage, response: ServerResponse) => void) => listener],
  ['a server of node:http2', (listener: (...args: never[]) => void) => http2.createServer(listener as never)],
] as const)
  test(`${what} that reads a body by events hears of it inside the frame of its exchange, to the end`, async (t) => {
    const seen: (string | undefined)[] = [];
    const { mesh, port } = await serve(t, own, {
      target: target((request: IncomingMessage, response: ServerResponse) => {
        const note = (what: string) => seen.push(`${what} ${mesh.ambient.getStore()?.path}`);
        request.on('data', (chunk: Buffer) => note(chunk.toString()));
        request.on('end', () => {
          note('end');
          response.end('served');
        });
      }),
    });
    const session = await dial(t, port);
    const stream = begin(session, { ':path': '/a', ':method': 'POST' });
    const answer = answerOf(stream);
    for (const [count, piece] of ['x', 'y', 'z'].entries()) {
      stream.write(piece);
      await until(() => seen.length > count);
    }
    stream.end();
    assert.equal((await answer).body, 'served');
    assert.deepEqual(seen, ['x /a', 'y /a', 'z /a', 'end /a']);
    assert.equal(mesh.ambient.getStore(), undefined);
  });

test('a large answer goes out as fast as it is read, in pieces, chunked or not, with trailers', async (t) => {
  const piece = Buffer.alloc(100_000, 'b');
  const { mesh, port } = await serve(t, own, {
    target: async (_request: IncomingMessage, response: ServerResponse) => {
      response.writeHead(200, { 'transfer-encoding': 'chunked', trailer: 'x-sum', 'x-a': 'b' });
      for (let count = 0; count < 30; count += 1) if (!response.write(piece)) await once(response, 'drain');
      response.addTrailers({ 'X-Sum': '7' });
      response.end('end');
    },
  });
  const session = await dial(t, port);
  const { body, headers, trailers } = await ask(session);
  assert.equal(body.length, 3_000_003);
  assert.match(body.slice(-5), /^bbend$/);
  assert.equal(headers['x-a'], 'b');
  assert.equal(trailers['x-sum'], '7');
  const [exchange] = await mesh.endedBy(1);
  assert.equal(exchange?.bytesSent, 3_000_003);
  assert.equal(exchange?.flags.size, 0);
});

test('answers without a body, early hints, and a handler that fails', async (t) => {
  const { mesh, port } = await serve(t, own, {
    target: (request: IncomingMessage, response: ServerResponse) => {
      if (request.url === '/fails') throw new Error('on purpose');
      if (request.url === '/hints') response.writeEarlyHints({ link: '</a>; rel=preload' });
      response.writeHead(request.url === '/none' ? 204 : 200);
      if (request.url === '/breaks') {
        response.write('half');
        throw new Error('too late');
      }
      response.end(request.url === '/none' ? undefined : 'body');
    },
  });
  const session = await dial(t, port);
  assert.deepEqual(await statusAnd(ask(session, { ':path': '/none' })), [204, '']);
  assert.deepEqual(await statusAnd(ask(session, { ':path': '/x', ':method': 'HEAD' })), [200, '']);
  assert.deepEqual(await statusAnd(ask(session, { ':path': '/fails' })), [500, 'Internal Server Error']);
  const hinted = begin(session, { ':path': '/hints' });
  const hints = once(hinted, 'headers');
  const answer = answerOf(hinted);
  hinted.end();
  assert.equal((await hints)[0].link, '</a>; rel=preload');
  assert.deepEqual(await statusAnd(answer), [200, 'body']);
  const broken = await ask(session, { ':path': '/breaks' });
  assert.equal(broken.resetCode, http2.constants.NGHTTP2_INTERNAL_ERROR);
  const ended = await mesh.endedBy(5);
  assert.deepEqual([...ended[4]!.flags], ['DC']);
});

async function statusAnd(answer: ReturnType<typeof ask>): Promise<[number, string]> {
  const { status, body } = await answer;
  return [status, body];
}

test('a caller that asks before it sends its body is told to go on only if it may', async (t) => {
  const { port } = await serve(t, own, {
    policy: inboundPolicy({ authorization: denyPaths('/admin') }),
    target: (request: IncomingMessage, response: ServerResponse) => void request.pipe(response),
  });
  const session = await dial(t, port);
  const polite = begin(session, { ':path': '/', ':method': 'POST', expect: '100-continue' });
  const answer = answerOf(polite);
  await once(polite, 'continue');
  polite.end('my body');
  assert.deepEqual(await statusAnd(answer), [200, 'my body']);
  const refused = begin(session, { ':path': '/admin', ':method': 'POST', expect: '100-continue' });
  let told = false;
  refused.on('continue', () => (told = true));
  assert.equal((await answerOf(refused)).status, 403);
  assert.equal(told, false);
});

test('a caller that takes its stream back cancels the exchange, and its handler hears of it', async (t) => {
  const taken: string[] = [];
  const broken: string[] = [];
  const { mesh, port } = await serve(t, own, {
    target: (request: IncomingMessage, response: ServerResponse) => {
      const events = request.url === '/taken' ? taken : broken;
      mesh.ambient.getStore()?.onAbandoned(() => events.push('abandoned'));
      request.on('aborted', () => events.push('aborted')).on('error', () => events.push('error'));
      response.on('close', () => events.push(`close ${response.writableFinished}`));
    },
  });
  const session = await dial(t, port);
  const stream = begin(session, { ':path': '/taken', ':method': 'POST' });
  stream.write('half');
  await until(() => mesh.started.length === 1);
  stream.close(http2.constants.NGHTTP2_CANCEL);
  const [exchange] = await mesh.endedBy(1);
  // Node's client ends its body before it takes a stream back: whether the request itself is whole depends on what arrives together.
  await until(() => taken.includes('abandoned') && taken.includes('close false'));
  assert.deepEqual([...exchange!.flags], ['DC']);
  begin(session, { ':path': '/broken', ':method': 'POST' }).write('half');
  await until(() => mesh.started.length === 2);
  session.destroy();
  await mesh.endedBy(2);
  await until(() => broken.length >= 4);
  assert.deepEqual(broken.sort(), ['abandoned', 'aborted', 'close false', 'error']);
  assert.equal(mesh.path.open.size, 0);
});

test('a request that is on its way when the port is closed is served, and then the connection is told to go', async (t) => {
  const { mesh, port, listening } = await serve(t, own, { target: told });
  const session = await dial(t, port);
  await ask(session);
  await mesh.endedBy(1);
  const goaway = once(session, 'goaway');
  const closed = once(session, 'close');
  const closing = listening.close();
  assert.equal((await ask(session, { ':path': '/late' })).body, '2.0 GET /late reviews');
  mesh.clock.advance(300);
  assert.equal((await goaway)[0], http2.constants.NGHTTP2_NO_ERROR);
  await closed;
  await closing;
});

test('callers over HTTP/2 whose root leaves are told to go: the unused connection is closed, and the other after 400 ms', async (t) => {
  const { mesh, port, tls } = await serve(t, own, {
    policy: ofMode('STRICT'),
    target: (request: IncomingMessage, response: ServerResponse) => {
      if (request.url !== '/hangs') told(request, response);
    },
  });
  const identity = { ca: own.root.certificate, ...own.client };
  const [unused, busy] = [await dial(t, port, identity), await dial(t, port, identity)];
  assert.equal((await ask(unused)).status, 200);
  await mesh.endedBy(1);
  begin(busy, { ':path': '/hangs' });
  await until(() => mesh.started.length === 2);
  const goaways = [once(unused, 'goaway'), once(busy, 'goaway')];
  const closed = [once(unused, 'close'), once(busy, 'close').catch(() => {})];
  tls.rotate(own.server, own.foreign);
  await until(() => /NO_LONGER_TRUSTED/.test(mesh.warnings.join('\n')));
  mesh.clock.advance(300);
  for (const goaway of goaways) assert.equal((await goaway)[0], http2.constants.NGHTTP2_NO_ERROR);
  await closed[0];
  assert.equal(busy.destroyed, false);
  mesh.clock.advance(100);
  await closed[1];
  const [, exchange] = await mesh.endedBy(2);
  assert.deepEqual([...exchange!.flags], ['DC']);
});

test('closing a second time with less time shortens the wait', async (t) => {
  const { mesh, port, listening } = await serve(t, own, { target: () => {} });
  const session = await dial(t, port);
  begin(session, { ':path': '/' });
  await until(() => mesh.started.length === 1);
  const closing = listening.close(10_000);
  const sooner = listening.close(1_000);
  mesh.clock.advance(1_000);
  await Promise.all([closing, sooner]);
  const [exchange] = await mesh.endedBy(1);
  assert.deepEqual([...exchange!.flags], ['DC']);
});

test('a server of node:http2 gets the streams that are let in, by either of its events, and HTTP/1.1 as it wants it', async (t) => {
  const streams = http2.createServer();
  streams.on('stream', (stream, headers) => {
    stream.respond({ ':status': 200, 'x-path': headers[':path'] as string });
    stream.end(`stream ${headers['x-forwarded-client-cert']}`);
  });
  const policy = inboundPolicy({ authorization: denyPaths('/admin') });
  const first = await serve(t, own, { policy, target: streams });
  const session = await dial(t, first.port);
  const answer = await ask(session, { ':path': '/a/../b', 'x-forwarded-client-cert': 'x' });
  assert.deepEqual([answer.body, answer.headers['x-path']], ['stream undefined', '/b']);
  assert.equal((await ask(session, { ':path': '/admin' })).status, 403);
  const old = await RawClient.connect(first.port);
  old.say(get('/'));
  assert.match(await old.hear(/Supported/), /^HTTP\/1\.1 505 /);
  await old.close();
  const [ended] = await first.mesh.endedBy(3);
  assert.equal(ended?.bytesSent, 'stream undefined'.length);

  const requests = http2.createServer((request, response) => {
    response.end(`${request.httpVersion} ${request.url} ${request.headers['x-request-id']}`);
  });
  const second = await serve(t, own, { target: requests });
  const other = await dial(t, second.port);
  const { body } = await ask(other, { ':path': '/x' });
  assert.equal(body, `2.0 /x ${second.mesh.started[0]?.requestId}`);
  const older = await RawClient.connect(second.port);
  older.say(get('/y'));
  assert.match(await older.hear(/1\.1 \/y/), /200/);
  await older.close();
});

test('without HTTP/2 the port takes HTTP/1.1 alone', async (t) => {
  const { port } = await serve(t, own, { options: { http2: false }, target: told });
  const caller = await RawClient.connectTls(port, {
    ca: own.root.certificate,
    ...own.client,
    ALPNProtocols: ['h2', 'http/1.1'],
  });
  assert.equal((caller.socket as import('node:tls').TLSSocket).alpnProtocol, 'http/1.1');
  await caller.close();
});
