import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { request as undiciRequest, upgrade as undiciUpgrade } from 'undici';
import { isMeshError, type MeshError } from '../../base/errors.js';
import { emptyFields } from '../../base/headers.js';
import { runCall } from '../../outbound/call.js';
import { cluster, retries, route } from '../../outbound/fixtures.test.helper.js';
import { deadPort, over, serve, serveRaw, until } from '../outbound.test.helper.js';

/** What `call` was refused with. */
async function errorOf(call: Promise<unknown>): Promise<MeshError> {
  try {
    await call;
  } catch (error) {
    assert.ok(isMeshError(error), String(error));
    return error;
  }
  throw new Error('it did not fail');
}

/** Runs `onRequest` for each request head that arrives. */
function requests(onRequest: (socket: Socket, head: string) => void): (socket: Socket) => void {
  return (socket) => {
    let seen = '';
    socket.on('data', (chunk: Buffer) => {
      seen += chunk.toString('latin1');
      for (let end = seen.indexOf('\r\n\r\n'); end >= 0; end = seen.indexOf('\r\n\r\n')) {
        const head = seen.slice(0, end);
        seen = seen.slice(end + 4);
        onRequest(socket, head);
      }
    });
  };
}

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

test('a refused connection is CONNECT_FAILED, and certainly not sent', async (t) => {
  const port = await deadPort();
  const { fetch, outbound } = over(t, [port]);
  const error = await errorOf(fetch('http://reviews/', { method: 'POST', body: 'x' }));
  assert.deepEqual(
    [error.code, error.flag, error.sent, error.endpoint],
    ['HEDDLE_CONNECT_FAILED', 'UF', 'no', `127.0.0.1:${port}`],
  );
  assert.equal(((error.cause as MeshError).cause as NodeJS.ErrnoException).code, 'ECONNREFUSED');
  assert.equal(outbound.active, 0);
});

test('an endpoint that refuses is passed over for one that answers', async (t) => {
  const served = await serve(t, (_request, response) => void response.end('alive'));
  const { fetch } = over(t, [await deadPort(), served.port], {
    routes: [route({ retries: retries({ on: ['connect-failure'], backoffMs: 1 }) })],
  });
  for (let i = 0; i < 6; i += 1) {
    const response = await fetch('http://reviews/', { method: 'POST', body: 'safe: it never left' });
    assert.equal(await response.text(), 'alive');
  }
});

test('a connection that is reset before the answer is CONNECTION_LOST, and may have been sent', async (t) => {
  const served = await serveRaw(
    t,
    requests((socket) => socket.resetAndDestroy()),
  );
  const { fetch } = over(t, [served.port]);
  const error = await errorOf(fetch('http://reviews/'));
  assert.deepEqual([error.code, error.flag, error.sent], ['HEDDLE_CONNECTION_LOST', 'UC', 'maybe']);
});

test('a connection that is lost while the body is read is told to the reader', async (t) => {
  const served = await serveRaw(
    t,
    requests((socket) =>
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf', () => socket.destroy()),
    ),
  );
  const { fetch, outbound } = over(t, [served.port]);
  const error = await errorOf(fetch('http://reviews/').then((response) => response.text()));
  assert.deepEqual([error.code, error.sent], ['HEDDLE_CONNECTION_LOST', 'maybe']);
  assert.equal(outbound.active, 0);
});

test('what is not HTTP is PROTOCOL_ERROR', async (t) => {
  const answers = [
    'SSH-2.0-OpenSSH_9.6\r\n',
    'HTTP/1.1 abc OK\r\n\r\n',
    'HTTP/1.1 200 OK\r\nbad header\r\n\r\n',
  ];
  for (const answer of answers) {
    const served = await serveRaw(
      t,
      requests((socket) => void socket.write(answer)),
    );
    const { fetch, outbound } = over(t, [served.port]);
    const error = await errorOf(fetch('http://reviews/'));
    assert.deepEqual([error.code, error.flag], ['HEDDLE_PROTOCOL_ERROR', 'UPE'], answer);
    assert.equal(outbound.active, 0);
  }
});

test('more header bytes than are bearable are PROTOCOL_ERROR', async (t) => {
  const served = await serveRaw(
    t,
    requests((socket) => void socket.write(`HTTP/1.1 200 OK\r\nx: ${'a'.repeat(100_000)}\r\n\r\n`)),
  );
  const { fetch } = over(t, [served.port]);
  assert.equal((await errorOf(fetch('http://reviews/'))).code, 'HEDDLE_PROTOCOL_ERROR');
});

test('interim responses are passed over', async (t) => {
  const interim = 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n';
  const served = await serveRaw(
    t,
    requests((socket) => void socket.write(`${interim}${interim}${OK}`)),
  );
  const { fetch } = over(t, [served.port]);
  const response = await fetch('http://reviews/');
  assert.deepEqual([response.status, response.headers.get('link'), await response.text()], [200, null, 'ok']);
});

test('an HTTP/1.0 server that ends its body by closing is understood', async (t) => {
  const served = await serveRaw(
    t,
    requests((socket) => socket.end('HTTP/1.0 200 OK\r\n\r\nuntil the end')),
  );
  const { fetch, outbound } = over(t, [served.port]);
  for (let i = 0; i < 3; i += 1) assert.equal(await (await fetch('http://reviews/')).text(), 'until the end');
  assert.equal(outbound.active, 0);
});

test('a server that closes after each answer is used again and again', async (t) => {
  const served = await serveRaw(
    t,
    requests((socket) => socket.end(OK)),
  );
  const { fetch } = over(t, [served.port], {
    routes: [route({ retries: retries({ on: ['reset'], backoffMs: 1, explicit: false }) })],
  });
  for (let i = 0; i < 20; i += 1) assert.equal(await (await fetch('http://reviews/')).text(), 'ok');
});

test('an idempotent call on a connection that died meanwhile is repeated; a POST that may have been sent is not', async (t) => {
  // Answers the first request of a connection and drops the second: the connection looked alive and was not.
  const heads: string[] = [];
  const served = await serveRaw(t, (socket) => {
    let count = 0;
    requests((same, head) => {
      heads.push(head.slice(0, head.indexOf(' ')));
      count += 1;
      if (count === 1) same.write(OK);
      else same.destroy();
    })(socket);
  });
  const { fetch } = over(t, [served.port], {
    routes: [route({ retries: retries({ on: ['reset'], backoffMs: 1, explicit: false }) })],
  });
  const answer = async (method: string) => (await fetch('http://reviews/', { method })).text();
  assert.equal(await answer('GET'), 'ok');
  assert.equal(await answer('GET'), 'ok');
  const before = heads.length;
  const error = await errorOf(answer('POST'));
  assert.deepEqual([error.code, error.sent, error.attempts], ['HEDDLE_CONNECTION_LOST', 'maybe', 1]);
  assert.deepEqual(heads.slice(before), ['POST']);
});

test('an answer that never comes ends at the deadline, and the connection with it', async (t) => {
  const served = await serveRaw(
    t,
    requests(() => {}),
  );
  const { fetch, outbound, deadlines } = over(t, [served.port], { routes: [route({ timeoutMs: 50 })] });
  const error = await errorOf(fetch('http://reviews/'));
  assert.deepEqual([error.code, error.flag, error.sent], ['HEDDLE_DEADLINE_EXCEEDED', 'UT', 'maybe']);
  await until(() => served.closed() === 1);
  assert.deepEqual([outbound.active, deadlines.size], [0, 0]);
});

test('a body that never ends, and that nobody reads, is given up at the deadline', async (t) => {
  const served = await serve(t, (_request, response) => void response.write(Buffer.alloc(1_000_000)));
  const { fetch, outbound, deadlines } = over(t, [served.port], { routes: [route({ timeoutMs: 300 })] });
  const response = await fetch('http://reviews/');
  await until(() => served.closed() === 1);
  assert.deepEqual([outbound.active, deadlines.size], [0, 0]);
  assert.equal((await errorOf(response.text())).code, 'HEDDLE_DEADLINE_EXCEEDED');
});

test('responses that nobody reads, but that have arrived, hold nothing', async (t) => {
  const { port } = await serve(t, (_request, response) => void response.end('small'));
  const { fetch, outbound } = over(t, [port], { clusters: [cluster({ limits: { maxRequests: 8 } })] });
  for (let i = 0; i < 50; i += 1) {
    assert.equal((await fetch('http://reviews/')).status, 200);
    await until(() => outbound.active === 0);
  }
});

test('a connection that is not made in time is CONNECT_FAILED with a timeout', async (t) => {
  // The TLS handshake is part of connecting, and this server never answers it.
  const served = await serveRaw(t, (socket) => void socket.resume());
  const connection = { connectTimeoutMs: 50, idleTimeoutMs: 60_000, maxRequestsPerConnection: 0 };
  const tls = { mode: 'simple', sni: 'reviews', subjectAltNames: [] } as const;
  const { fetch } = over(t, [served.port], { clusters: [cluster({ connection, tls })] });
  const error = await errorOf(fetch('http://reviews/'));
  assert.deepEqual([error.code, error.sent], ['HEDDLE_CONNECT_FAILED', 'no']);
  assert.match(String(error.cause), /connection-timeout/);
  await until(() => served.closed() >= 1);
});

test('policy’s maxConnections is kept: further calls wait for the one connection', async (t) => {
  const served = await serve(t, (_request, response) => void setImmediate(() => response.end('ok')));
  const connection = {
    connectTimeoutMs: 10_000,
    idleTimeoutMs: 60_000,
    maxRequestsPerConnection: 0,
    maxConnections: 1,
  };
  const { fetch } = over(t, [served.port], { clusters: [cluster({ connection })] });
  await Promise.all(Array.from({ length: 20 }, async () => (await fetch('http://reviews/')).text()));
  assert.equal(served.accepted(), 1);
});

test('a destination that is no longer wanted finishes what is in flight and closes', async (t) => {
  const waiting: (() => void)[] = [];
  const served = await serve(t, (_request, response) => void waiting.push(() => response.end('done')));
  const { fetch, transport } = over(t, [served.port]);
  const pending = fetch('http://reviews/');
  await until(() => waiting.length === 1);
  transport.retain([]);
  waiting[0]!();
  assert.equal(await (await pending).text(), 'done');
  await until(() => served.closed() === 1);
});

test('close waits for what is in flight; destroy does not; afterwards there is nothing to be had', async (t) => {
  const waiting: (() => void)[] = [];
  const served = await serve(t, (_request, response) => void waiting.push(() => response.end('done')));
  const first = over(t, [served.port]);
  const pending = first.fetch('http://reviews/');
  await until(() => waiting.length === 1);
  const closed = first.transport.close();
  waiting[0]!();
  assert.equal(await (await pending).text(), 'done');
  await closed;
  assert.equal((await errorOf(first.fetch('http://reviews/'))).code, 'HEDDLE_CLOSED');

  const second = over(t, [served.port]);
  const cut = errorOf(second.fetch('http://reviews/'));
  await until(() => waiting.length === 2);
  await second.transport.destroy();
  const error = await cut;
  assert.deepEqual([error.code, error.sent], ['HEDDLE_CLOSED', 'maybe']);
  assert.equal(second.outbound.active, 0);
});

/** Answers the first request of each connection; `onSecond` says what becomes of the next one. */
function answersOnce(heads: string[], onSecond: (socket: Socket) => void): (socket: Socket) => void {
  return (socket) => {
    let count = 0;
    requests((same, head) => {
      heads.push(head.slice(0, head.indexOf(' ')));
      count += 1;
      if (count === 1) same.write(OK);
      else onSecond(same);
    })(socket);
  };
}

/** Until the pool knows that the connection is free again: a call before that goes on another. */
function idle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test('a connection that had idled and is closed under an idempotent call is none of the call’s business', async (t) => {
  for (const close of [(s: Socket) => void s.end(), (s: Socket) => void s.resetAndDestroy()]) {
    const heads: string[] = [];
    const served = await serveRaw(t, answersOnce(heads, close));
    // No retries: policy has no part in this.
    const { fetch, outbound } = over(t, [served.port], { routes: [route({ retries: null })] });
    for (let i = 0; i < 10; i += 1) {
      const response = await fetch('http://reviews/', { method: i % 2 === 0 ? 'GET' : 'PUT' });
      assert.equal(await response.text(), 'ok');
      await idle();
    }
    assert.equal(heads.length, 19);
    assert.equal(outbound.active, 0);
  }
});

test('many calls at once over connections that all turn out to be closed are all answered', async (t) => {
  const served = await serveRaw(
    t,
    answersOnce([], (socket) => socket.destroy()),
  );
  const { fetch } = over(t, [served.port], { routes: [route({ retries: null })] });
  const burst = () =>
    Promise.all(Array.from({ length: 30 }, async () => (await fetch('http://reviews/')).text()));
  for (let round = 0; round < 5; round += 1) assert.deepEqual(new Set(await burst()), new Set(['ok']));
});

test('a new connection that is closed without an answer is a failure: nothing is repeated behind policy’s back', async (t) => {
  let heads = 0;
  const served = await serveRaw(
    t,
    requests((socket) => {
      heads += 1;
      socket.destroy();
    }),
  );
  const { fetch } = over(t, [served.port], { routes: [route({ retries: null })] });
  const error = await errorOf(fetch('http://reviews/'));
  assert.deepEqual([error.code, error.sent, heads], ['HEDDLE_CONNECTION_LOST', 'maybe', 1]);
});

test('what an idle connection lost is not repeated if it may have been carried out twice', async (t) => {
  const heads: string[] = [];
  const served = await serveRaw(
    t,
    answersOnce(heads, (socket) => socket.destroy()),
  );
  const { fetch } = over(t, [served.port], { routes: [route({ retries: null })] });
  assert.equal(await (await fetch('http://reviews/')).text(), 'ok');
  await idle();
  const error = await errorOf(fetch('http://reviews/', { method: 'POST', body: 'pay' }));
  assert.deepEqual([error.code, error.sent], ['HEDDLE_CONNECTION_LOST', 'maybe']);
  assert.deepEqual(heads, ['GET', 'POST']);
});

test('an answer that had begun when the connection broke is not asked for again', async (t) => {
  const heads: string[] = [];
  const half = 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf';
  const served = await serveRaw(
    t,
    answersOnce(heads, (socket) => socket.write(half, () => socket.destroy())),
  );
  const { request } = over(t, [served.port], { routes: [route({ retries: null })] });
  await (await request('http://reviews/')).body.text();
  await idle();
  const { body } = await request('http://reviews/');
  assert.equal((await errorOf(body.text())).code, 'HEDDLE_CONNECTION_LOST');
  assert.equal(heads.length, 2);
});

test('what comes after the last byte is kept', async (t) => {
  const served = await serve(t, (_request, response) => {
    response.writeHead(200, { trailer: 'checksum' });
    response.write('body');
    response.addTrailers({ Checksum: 'abc' });
    response.end();
  });
  const { dispatcher } = over(t, [served.port]);
  const { body, trailers } = await undiciRequest('http://reviews/', { dispatcher });
  assert.equal(await body.text(), 'body');
  assert.deepEqual({ ...trailers }, { checksum: 'abc' });
});

test('an upgraded connection is handed over, counts as a call under way, and knows no timeout of its route', async (t) => {
  const served = await serveRaw(
    t,
    requests((socket, head) => {
      assert.match(head, /^upgrade: echo$/im);
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\nhello ');
      socket.on('data', (chunk) => socket.write(chunk));
    }),
  );
  const { dispatcher, outbound, deadlines } = over(t, [served.port], {
    routes: [route({ timeoutMs: 600_000 })],
  });
  const { socket, headers } = await undiciUpgrade('http://reviews/', { dispatcher, protocol: 'echo' });
  assert.equal(headers.upgrade, 'echo');
  assert.deepEqual([outbound.active, deadlines.size], [1, 0]);
  let seen = '';
  socket.on('data', (chunk: Buffer) => {
    seen += chunk;
  });
  socket.write('there');
  await until(() => seen === 'hello there');
  socket.destroy();
  await until(() => outbound.active === 0 && served.closed() === 1);
});

test('a server that upgrades nothing has its answer passed on', async (t) => {
  const served = await serve(t, (_request, response) => void response.writeHead(403).end('no'));
  const { dispatcher, outbound } = over(t, [served.port]);
  await assert.rejects(undiciUpgrade('http://reviews/', { dispatcher, protocol: 'echo' }));
  await until(() => outbound.active === 0);
});

test('an upgraded connection that its caller gives up is closed', async (t) => {
  const served = await serveRaw(
    t,
    requests((socket) =>
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n'),
    ),
  );
  const { outbound } = over(t, [served.port]);
  const giveUp = new AbortController();
  const call = outbound.begin({
    method: 'GET',
    scheme: 'http',
    authority: 'reviews',
    path: '/',
    headers: emptyFields(),
    body: null,
    upgrade: 'echo',
    signal: giveUp.signal,
  });
  const outcome = await runCall(outbound, call);
  assert.ok(outcome.kind === 'response' && outcome.upgraded !== undefined);
  giveUp.abort();
  await until(() => outbound.active === 0 && served.closed() === 1);
});

test('a server that breaks off whatever it is asked on a kept connection is not asked twice as much', async (t) => {
  const heads: string[] = [];
  // Each new connection is answered 500 at first: what goes out again is not answered well either.
  const failing = await serveRaw(t, (socket) => {
    let count = 0;
    requests((same, head) => {
      heads.push(head);
      count += 1;
      if (count === 1) same.write('HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n');
      else same.destroy();
    })(socket);
  });
  const { fetch } = over(t, [failing.port], { routes: [route({ retries: null })] });
  const calls = 400;
  for (let i = 0; i < calls; i += 1) {
    await fetch('http://reviews/').then(
      (response) => response.text(),
      () => {},
    );
    await idle();
  }
  assert.ok(heads.length <= calls * 1.2 + 32, `${heads.length} requests for ${calls} calls`);
});

test('a process dies with calls under way: what goes out again meets a closed port, and is tried elsewhere', async (t) => {
  // Answers once a connection; when the second requests are there, nobody is.
  const waiting = new Set<Socket>();
  const dying = await serveRaw(
    t,
    answersOnce([], (socket) => void waiting.add(socket)),
  );
  const alive = await serve(t, (_request, response) => void response.end('ok'));
  const { fetch, outbound } = over(t, [dying.port, alive.port], {
    clusters: [cluster({ retryBudget: { budgetPercent: 100, minRetryConcurrency: 20 } })],
    routes: [route({ retries: retries({ on: ['connect-failure'], backoffMs: 1, explicit: false }) })],
  });
  let answered = 0;
  const burst = () =>
    Array.from({ length: 20 }, async () => {
      const text = await (await fetch('http://reviews/')).text();
      answered += 1;
      return text;
    });
  await Promise.all(burst());
  await idle();
  answered = 0;
  const calls = burst();
  await until(() => waiting.size > 0 && waiting.size + answered === 20);
  await dying.die();
  assert.deepEqual(new Set(await Promise.all(calls)), new Set(['ok']));
  assert.equal(outbound.active, 0);
});
