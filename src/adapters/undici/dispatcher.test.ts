import assert from 'node:assert/strict';
import { PassThrough, Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline as pipe } from 'node:stream/promises';
import { type TestContext, test } from 'node:test';
import * as undici from 'undici';
import { isMeshError } from '../../base/errors.js';
import { bodyOf, over, serve, until } from '../outbound.test.helper.js';

async function echo(t: TestContext) {
  const served = await serve(t, async (request, response) => {
    if (request.url === '/never') return;
    if (request.url === '/half') return void response.write('half');
    const body = await bodyOf(request);
    response.setHeader('set-cookie', ['a=1', 'b=2']);
    response.end(`${request.method} ${request.url} ${request.headers.host} ${body}`);
  });
  return { ...over(t, [served.port]), served };
}

test('undici.request goes through the mesh', async (t) => {
  const { dispatcher, outbound } = await echo(t);
  const { statusCode, headers, body } = await undici.request('http://reviews/a', {
    dispatcher,
    method: 'POST',
    body: 'hello',
    query: { q: 1 },
  });
  assert.deepEqual([statusCode, headers['set-cookie']], [200, ['a=1', 'b=2']]);
  assert.equal(await body.text(), 'POST /a?q=1 reviews hello');
  assert.equal(outbound.active, 0);
});

test('undici.fetch goes through the mesh, its streams and forms too', async (t) => {
  const { dispatcher } = await echo(t);
  const form = new undici.FormData();
  form.set('field', 'value');
  const response = await undici.fetch('http://reviews/f', { dispatcher, method: 'POST', body: form });
  assert.match(await response.text(), /^POST \/f reviews [\s\S]*name="field"[\s\S]*value/);
  assert.deepEqual(response.headers.getSetCookie(), ['a=1', 'b=2']);
  const body = Readable.toWeb(Readable.from([Buffer.from('streamed')]));
  const init = { dispatcher, method: 'POST', body, duplex: 'half' } as unknown as undici.RequestInit;
  assert.equal(await (await undici.fetch('http://reviews/s', init)).text(), 'POST /s reviews streamed');
});

test('the built-in fetch goes through the mesh', async (t) => {
  const { dispatcher } = await echo(t);
  const init = { dispatcher, method: 'PUT', body: 'built-in' } as unknown as RequestInit;
  const response = await fetch('http://reviews/b', init);
  assert.equal(await response.text(), 'PUT /b reviews built-in');
  assert.deepEqual(response.headers.getSetCookie(), ['a=1', 'b=2']);
});

test('undici.stream and undici.pipeline go through the mesh', async (t) => {
  const { dispatcher } = await echo(t);
  const read: Buffer[] = [];
  await undici.stream(
    'http://reviews/st',
    { dispatcher, method: 'GET' },
    () =>
      new Writable({
        write(chunk: Buffer, _encoding, callback) {
          read.push(chunk);
          callback();
        },
      }),
  );
  assert.equal(Buffer.concat(read).toString(), 'GET /st reviews ');
  const duplex = undici.pipeline('http://reviews/pi', { dispatcher, method: 'POST' }, ({ body }) => body);
  const out = new PassThrough();
  const [answer] = await Promise.all([text(out), pipe(Readable.from(['piped']), duplex, out)]);
  assert.equal(answer, 'POST /pi reviews piped');
});

test('an abort before, while waiting and while reading reaches the mesh and the client', async (t) => {
  const { dispatcher, outbound, served } = await echo(t);
  const aborted = undici.request('http://reviews/', { dispatcher, signal: AbortSignal.abort() });
  await assert.rejects(aborted, { name: 'AbortError' });

  const waiting = new AbortController();
  const pending = undici.request('http://reviews/never', { dispatcher, signal: waiting.signal });
  await until(() => served.accepted() === 1);
  waiting.abort();
  await assert.rejects(pending, { name: 'AbortError' });
  await until(() => served.closed() === 1);

  const reading = new AbortController();
  const { body } = await undici.request('http://reviews/half', { dispatcher, signal: reading.signal });
  const read = body.text();
  reading.abort();
  await assert.rejects(read, { name: 'AbortError' });
  await until(() => outbound.active === 0);

  const builtIn = new AbortController();
  const init = { dispatcher, signal: builtIn.signal } as unknown as RequestInit;
  const response = await fetch('http://reviews/half', init);
  const rest = response.text();
  builtIn.abort(new Error('mine'));
  await assert.rejects(rest);
  await until(() => outbound.active === 0);
});

test('a client that is slow holds back the sender', async (t) => {
  let sent = 0;
  const chunk = Buffer.alloc(64 * 1024);
  const served = await serve(t, async (_request, response) => {
    for (let i = 0; i < 800; i += 1) {
      sent += chunk.length;
      if (!response.write(chunk)) await new Promise((resolve) => response.once('drain', resolve));
    }
    response.end();
  });
  const { dispatcher } = over(t, [served.port]);
  const { body } = await undici.request('http://reviews/', { dispatcher });
  let read = 0;
  let ahead = 0;
  for await (const part of body) {
    read += (part as Buffer).length;
    if (read < 4 * 1024 * 1024) for (let i = 0; i < 20; i += 1) await new Promise(setImmediate);
    ahead = Math.max(ahead, sent - read);
  }
  assert.equal(read, 800 * chunk.length);
  assert.ok(ahead < 25 * 1024 * 1024, `the sender was ${ahead} bytes ahead`);
});

test('what the mesh refuses is the client’s error, as it is', async (t) => {
  const { dispatcher } = over(t, []);
  await assert.rejects(undici.request('http://nowhere/', { dispatcher }), (error) =>
    isMeshError(error, 'HEDDLE_NO_ROUTE'),
  );
  await assert.rejects(undici.fetch('http://nowhere/', { dispatcher }), (error: Error) =>
    isMeshError(error.cause, 'HEDDLE_NO_ROUTE'),
  );
  await assert.rejects(fetch('http://nowhere/', { dispatcher } as unknown as RequestInit), (error: Error) =>
    isMeshError(error.cause, 'HEDDLE_NO_ROUTE'),
  );
});
