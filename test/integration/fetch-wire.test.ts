/** What `mesh.fetch` makes of what servers and callers do at the edges of HTTP. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, maxHeaderSize } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as zlib from 'node:zlib';
import { isMeshError } from 'heddle';
import { asked, echo, scene } from './fetch-scene.js';

/** Node 22.15 and later have it. */
const { zstdCompressSync } = zlib as { zstdCompressSync?: (text: string) => Buffer };

test('zstd is undone where the runtime can, read whole or as a stream', {
  skip: zstdCompressSync === undefined,
}, async (t) => {
  const { fetch, origin } = await scene(t, (_request, response) => {
    response.setHeader('content-encoding', 'zstd').end(zstdCompressSync!('zstd text'));
  });
  assert.equal(await (await fetch(origin)).text(), 'zstd text');
  assert.equal(await new Response((await fetch(origin)).body).text(), 'zstd text');
});

test('early hints are no response: the one after them is', async (t) => {
  const { fetch, origin } = await scene(t, (_request, response) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload' }, () => response.end('the page'));
  });
  const response = await fetch(origin);
  assert.deepEqual([response.status, response.headers.get('link')], [200, null]);
  assert.equal(await response.text(), 'the page');
});

test('a head of nearly the limit arrives whole, either way; one over it is an error that says so', async (t) => {
  // What a server of Node's takes; the mesh itself takes answers with 64 KiB.
  const room = maxHeaderSize - 1024;
  const { fetch, origin } = await scene(t, (request, response) => {
    const long = 'x'.repeat(request.url === '/over' ? 65_536 : 64_000);
    response.setHeader('x-long', long).end(String(request.headers['x-mine']?.length));
  });
  const response = await fetch(origin, { headers: { 'x-mine': 'y'.repeat(room) } });
  assert.equal(response.headers.get('x-long')?.length, 64_000);
  assert.equal(await response.text(), String(room));
  await assert.rejects(fetch(`${origin}/over`), (error: Error) => {
    assert.ok(error instanceof TypeError && isMeshError(error));
    return /head/i.test((error.cause as Error).message);
  });
});

test('the signal of a Request ends its call, unless the options name another or none', async (t) => {
  const { fetch, origin } = await scene(t, (request, response) => {
    if (request.url === '/answer') response.end('answer');
    else controller.abort('of the request');
  });
  const controller = new AbortController();
  const isMine = (reason: unknown) => reason === 'of the request';
  await assert.rejects(fetch(new Request(`${origin}/wait`, { signal: controller.signal })), isMine);
  const aborted = new Request(`${origin}/answer`, { signal: controller.signal });
  await assert.rejects(fetch(aborted), isMine);
  assert.equal(await (await fetch(aborted, { signal: null })).text(), 'answer');
});

test('a Request whose body is a stream goes out as the stream gives it', async (t) => {
  const { fetch, origin } = await scene(t, (request, response) => {
    if (request.url === '/slow') request.once('data', () => more());
    void echo(request, response);
  });
  let more = () => {};
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(Buffer.from('first, '));
      // Not before the server has seen what there is.
      more = () => {
        controller.enqueue(Buffer.from('second'));
        controller.close();
      };
    },
  });
  const init: RequestInit = { method: 'POST', body, duplex: 'half' };
  const sent = await asked(await fetch(new Request(`${origin}/slow`, init)));
  assert.deepEqual([sent.body, sent.headers['transfer-encoding']], ['first, second', 'chunked']);
});

test('an abort while the body is read whole, or decoded, rejects with the reason', async (t) => {
  const { fetch, origin } = await scene(t, (request, response) => {
    if (request.url === '/gzip') response.setHeader('content-encoding', 'gzip');
    response.writeHead(200, { 'content-length': 100 });
    response.write('half');
  });
  for (const path of ['/', '/gzip']) {
    const controller = new AbortController();
    const response = await fetch(`${origin}${path}`, { signal: controller.signal });
    const whole = response.arrayBuffer();
    controller.abort('enough');
    await assert.rejects(whole, (reason) => reason === 'enough');
  }
});

test('a referrer in TLS is not told in plain text, and a redirect says what of one is told', async (t) => {
  const { fetch, origin } = await scene(t, (request, response) => {
    if (request.url === '/echo') return void echo(request, response);
    const policy = request.url === '/strict' ? { 'referrer-policy': 'bad, origin, unheard-of' } : {};
    response.writeHead(302, { location: request.url === '/away' ? away : '/echo', ...policy }).end();
  });
  const other = createServer(echo).listen(0, '127.0.0.1');
  t.after(() => other.close().closeAllConnections());
  await once(other, 'listening');
  const away = `http://127.0.0.1:${(other.address() as AddressInfo).port}/`;
  const refererOf = async (path: string, init: RequestInit) =>
    (await asked(await fetch(`${origin}${path}`, init))).headers.referer;
  const page = 'https://page.example/path';
  assert.equal(await refererOf('/echo', { referrer: page }), undefined);
  assert.equal(await refererOf('/echo', { referrer: page, referrerPolicy: 'unsafe-url' }), page);
  // One that the caller wrote himself, over the same boundary.
  assert.equal(await refererOf('/echo', { headers: { referer: page } }), page);
  assert.equal(await refererOf('/away', { headers: { referer: page } }), undefined);
  const referrer = `${origin}/path`;
  assert.equal(await refererOf('/away', { referrer }), `${origin}/`);
  assert.equal(await refererOf('/plain', { referrer }), referrer);
  assert.equal(await refererOf('/strict', { referrer }), `${origin}/`);
});

test('a response that is dropped unread gives its connection back; one whose body is held keeps it', async (t) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  let closed = 0;
  const { fetch, origin } = await scene(t, (request, response) => {
    request.socket.once('close', () => {
      closed += 1;
    });
    // Of an endless body only the beginning is sent.
    response.write(Buffer.alloc(1024));
  });
  const held = (await fetch(origin)).body!;
  await (async () => void (await fetch(origin)).headers)();
  await (async () => void (await fetch(origin)).body)();
  while (closed < 2) {
    collect();
    await turn();
  }
  const reader = held.getReader();
  assert.equal((await reader.read()).value?.byteLength, 1024);
  assert.equal(closed, 2);
  await reader.cancel();
});
