/** Callers who send their bodies a byte at a time, to keep a server busy with nothing: they are ended after `requestTimeoutMs`. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'heddle';

const REQUEST_MS = 200;

/** A service that reads whole bodies. `broken` holds the requests whose body ended before its end. */
async function reading(t: TestContext) {
  const policy = await mkdtemp(path(tmpdir(), 'heddle-slow-'));
  const mesh = await join({ policy, namespace: 'shop', service: 'shop', log: () => {} });
  t.after(async () => {
    await mesh.close();
    await rm(policy, { recursive: true, force: true });
  });
  const broken: string[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    try {
      let size = 0;
      for await (const chunk of request) size += (chunk as Uint8Array).byteLength;
      response.end(`${size} bytes`);
    } catch {
      broken.push(request.httpVersion);
    }
  };
  const { port } = await mesh.listen(answer, 0, { address: '127.0.0.1', requestTimeoutMs: REQUEST_MS });
  return { broken, port };
}

test('over HTTP/1.1 a body that trickles is answered 408, and its connection is closed', async (t) => {
  const { broken, port } = await reading(t);
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  t.after(() => socket.destroy());
  let heard = '';
  socket.on('data', (chunk) => {
    heard += String(chunk);
  });
  const closed = once(socket, 'close');
  socket.write('POST /slow HTTP/1.1\r\nHost: shop\r\nContent-Length: 1000000\r\n\r\n');
  while (!socket.closed && !socket.readableEnded) {
    socket.write('x');
    await delay(10);
  }
  await closed;
  assert.match(heard, /^HTTP\/1\.1 408 /);
  while (broken.length === 0) await delay(5);
  assert.deepEqual(broken, ['1.1']);
});

test('over HTTP/2 a body that trickles is answered 408, and other streams of its connection go on', async (t) => {
  const { broken, port } = await reading(t);
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  t.after(() => session.destroy());
  const slow = session.request({ ':method': 'POST', ':path': '/slow', ':authority': 'shop' });
  let status = 0;
  slow.on('error', () => {});
  slow.on('response', (headers) => {
    status = Number(headers[':status']);
  });
  slow.resume();
  while (!slow.closed) {
    slow.write('x');
    await delay(10);
  }
  assert.equal(status, 408);
  while (broken.length === 0) await delay(5);
  assert.deepEqual(broken, ['2.0']);
  const quick = session.request({ ':method': 'POST', ':path': '/quick', ':authority': 'shop' });
  quick.end('hello');
  let text = '';
  for await (const chunk of quick.setEncoding('utf8')) text += String(chunk);
  assert.equal(text, '5 bytes');
});
