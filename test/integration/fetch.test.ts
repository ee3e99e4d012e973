/** What users of `fetch` know of it, of `mesh.fetch`: real sockets, a mesh that lets through what it does not know. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer as createTcp } from 'node:net';
import { test } from 'node:test';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { isMeshError } from 'heddle';
import * as undici from 'undici';
import { asked, echo, scene } from './fetch-scene.js';

test('a response is a Response whose headers nobody changes, and whose class copies it', async (t) => {
  const { fetch, origin } = await scene(t, (_request, response) => {
    response.setHeader('set-cookie', ['a=1', 'b=2']).end('body');
  });
  const response = await fetch(`${origin}/x?#hash`);
  assert.ok(response instanceof Response);
  assert.equal(response.constructor, Response);
  assert.equal(Object.prototype.toString.call(response), '[object Response]');
  assert.deepEqual({ ...response }, {});
  assert.deepEqual([response.url, response.type], [`${origin}/x?`, 'basic']);
  for (const change of ['append', 'set'] as const)
    assert.throws(() => response.headers[change]('a', 'b'), TypeError);
  assert.throws(() => response.headers.delete('date'), TypeError);
  assert.deepEqual(new Headers(response.headers).getSetCookie(), ['a=1', 'b=2']);
  const copy = new Response(response.body, response);
  copy.headers.set('a', 'b');
  assert.deepEqual([await copy.text(), copy.headers.get('a')], ['body', 'b']);
});

test('the body is a stream of bytes, read into the reader’s own buffer', async (t) => {
  const { fetch, origin } = await scene(t, (_request, response) => response.end('0123456789'));
  const reader = (await fetch(origin)).body!.getReader({ mode: 'byob' });
  const first = await reader.read(new Uint8Array(4));
  assert.equal(Buffer.from(first.value!).toString(), '0123');
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read(new Uint8Array(4));
    if (done) break;
    rest += Buffer.from(value).toString();
  }
  assert.equal(rest, '456789');
});

test('clones of clones all give the body, and an abort takes it from all of them', async (t) => {
  const { fetch, origin } = await scene(t, (_request, response) => response.end('body'));
  const response = await fetch(origin);
  const copy = response.clone();
  const copies = [response, copy, copy.clone()];
  assert.deepEqual(await Promise.all(copies.map((one) => one.text())), ['body', 'body', 'body']);
  assert.deepEqual([copy instanceof Response, copy.url], [true, response.url]);

  const controller = new AbortController();
  const aborted = await fetch(origin, { signal: controller.signal });
  const both = [aborted, aborted.clone()];
  controller.abort();
  for (const one of both) await assert.rejects(one.text(), { name: 'AbortError' });
});

test('a body that arrived whole is not read after an abort, be it right after it was asked for', async (t) => {
  const { fetch, origin } = await scene(t, (_request, response) => response.end('body'));
  const controller = new AbortController();
  const response = await fetch(origin, { signal: controller.signal });
  const reason = new Error('mine');
  controller.abort(reason);
  await assert.rejects(response.text(), (error) => error === reason);
  const late = new AbortController();
  const whole = (await fetch(origin, { signal: late.signal })).text();
  late.abort(reason);
  await assert.rejects(whole, (error) => error === reason);
});

test('forms and blobs go out with their length, and again after a redirect', async (t) => {
  const { fetch, origin } = await scene(t, (request, response) => {
    if (request.url === '/') return void echo(request, response);
    request.resume().on('end', () => response.writeHead(307, { location: '/' }).end());
  });
  const form = new FormData();
  form.set('a"b', 'one\ntwo');
  form.set('file', new Blob(['x'.repeat(100_000)], { type: 'text/csv' }), 'f.csv');
  const sent = await asked(await fetch(`${origin}/moved`, { method: 'POST', body: form }));
  assert.equal(Number(sent.headers['content-length']), sent.body.length);
  const again = await new Response(sent.body, {
    headers: { 'content-type': sent.headers['content-type']! },
  }).formData();
  assert.equal(again.get('a"b'), 'one\r\ntwo');
  assert.equal((again.get('file') as File).size, 100_000);
  const request = new Request(origin, { method: 'POST', body: 'of a request' });
  const plain = await asked(await fetch(request));
  assert.deepEqual([plain.headers['content-length'], plain.body], ['12', 'of a request']);
  assert.equal(request.bodyUsed, true);
  await assert.rejects(fetch(request), TypeError);
});

test('a stream is a body with duplex: half only, and an abort cancels it', async (t) => {
  const { fetch, origin } = await scene(t, echo);
  const stream = () => new Blob(['streamed']).stream();
  await assert.rejects(fetch(origin, { method: 'POST', body: stream() }), TypeError);
  const init = { method: 'POST', body: stream(), duplex: 'half' } as const;
  assert.equal((await asked(await fetch(origin, init))).body, 'streamed');
  let cancelled: unknown;
  const body = new ReadableStream({ cancel: (reason) => void (cancelled = reason) });
  const signal = AbortSignal.abort('enough');
  await assert.rejects(fetch(origin, { ...init, body, signal }), (reason) => reason === 'enough');
  assert.equal(cancelled, 'enough');
});

test('Request, Headers and FormData of undici’s own are taken as those of the platform', async (t) => {
  const { fetch, origin } = await scene(t, echo);
  const request = new undici.Request(`${origin}/r`, { method: 'PUT', body: 'text', headers: { a: '1' } });
  const first = await asked(await fetch(request as unknown as Request));
  assert.deepEqual([first.method, first.url, first.body, first.headers.a], ['PUT', '/r', 'text', '1']);
  const body = new undici.FormData();
  body.set('a', 'b');
  const headers = new undici.Headers({ b: '2' });
  const second = await asked(
    await fetch(origin, { method: 'POST', body: body as never, headers: headers as never }),
  );
  assert.match(second.headers['content-type'] ?? '', /^multipart\/form-data; boundary=/);
  assert.match(second.body, /name="a"\r\n\r\nb\r\n/);
  assert.equal(second.headers.b, '2');
});

test('options are what they are in fetch: checked, and sent where they are to be seen', async (t) => {
  const { fetch, origin } = await scene(t, echo);
  const bad: readonly RequestInit[] = [
    { method: 'TRACE' },
    { method: 'a b' },
    { headers: { 'a b': 'c' } },
    { headers: { a: 'snow ☃' } },
    { redirect: 'sometimes' as never },
    { mode: 'navigate' },
    { signal: {} as never },
    { body: 'of a GET' },
  ];
  for (const init of bad) {
    await assert.rejects(fetch(origin, init), (error) => error instanceof TypeError && !isMeshError(error));
  }
  const sent = await asked(
    await fetch(origin, {
      // The types of Node 20 do not know it.
      ...Object.fromEntries([['cache', 'no-store']]),
      referrer: `${origin}/from#here`,
      keepalive: true,
      credentials: 'include',
      headers: [
        ['a', '1'],
        ['A', ' 2 '],
      ],
    }),
  );
  const { headers } = sent;
  assert.deepEqual(
    [headers.a, headers.pragma, headers.referer, headers['accept-language'], headers['sec-fetch-mode']],
    ['1, 2', 'no-cache', `${origin}/from`, '*', 'cors'],
  );
  const request = new Request(origin, { referrer: `${origin}/of-request` });
  assert.equal((await asked(await fetch(request))).headers.referer, `${origin}/of-request`);
  const part = await asked(await fetch(origin, { headers: { range: 'bytes=0-1' } }));
  assert.equal(part.headers['accept-encoding'], 'identity');
});

test('URLs reach the server as a parser writes them, remembered origin or not', async (t) => {
  const { fetch, origin } = await scene(t, echo);
  await (await fetch(`${origin}/`)).text();
  const upper = origin.replace('http', 'HTTP');
  for (const rest of [
    '/a/../b',
    '/a/%2e%2E/b?c',
    '/ü?ü',
    '/a?',
    "/a'b?c'd",
    '/a//b/./c',
    '/\ta b',
    '/x?y#z',
  ]) {
    for (const base of [origin, upper, origin]) {
      const url = new URL(`${base}${rest}`);
      const response = await fetch(`${base}${rest}`);
      assert.equal(response.url, url.href.replace(/#.*/, ''), rest);
      assert.equal((await asked(response)).url, response.url.slice(url.origin.length), rest);
    }
  }
});

test('data: and blob: are the platform’s, anything else is refused', async (t) => {
  const { fetch } = await scene(t, echo);
  assert.equal(await (await fetch('data:,hello')).text(), 'hello');
  const url = URL.createObjectURL(new Blob(['blob']));
  assert.equal(await (await fetch(url)).text(), 'blob');
  await assert.rejects(fetch('about:unknown'), TypeError);
  await assert.rejects(fetch('ftp://host/'), (error) => isMeshError(error, 'HEDDLE_INVALID_ARGUMENT'));
});

test('a body is what its integrity says, or nobody gets it', async (t) => {
  const { fetch, origin } = await scene(t, (_request, response) => {
    response.setHeader('content-encoding', 'gzip').end(gzipSync('hello'));
  });
  const right = 'sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=';
  assert.equal(await (await fetch(origin, { integrity: `md5-x ${right}` })).text(), 'hello');
  const stronger = `${right} sha512-AAAA`;
  for (const integrity of ['sha256-AAAA', stronger])
    await assert.rejects(fetch(origin, { integrity }), /fetch failed/);
});

test('codings that browsers put up with: bare deflate, an end that is missing; and not more than five', async (t) => {
  const { fetch, origin } = await scene(t, (request, response) => {
    if (request.url === '/deflate')
      response.setHeader('content-encoding', 'deflate').end(deflateRawSync('bare'));
    else if (request.url === '/cut')
      response.setHeader('content-encoding', 'gzip').end(gzipSync('cut off').subarray(0, -4));
    else response.setHeader('content-encoding', `${'gzip, '.repeat(5)}gzip`).end();
  });
  for (const [url, text] of [
    ['/deflate', 'bare'],
    ['/cut', 'cut off'],
  ] as const) {
    assert.equal(await (await fetch(`${origin}${url}`)).text(), text);
    assert.equal(await new Response((await fetch(`${origin}${url}`)).body).text(), text);
  }
  await assert.rejects(fetch(`${origin}/many`), /fetch failed/);
});

test('a refused connection is a TypeError whose causes say what happened', async (t) => {
  const { fetch } = await scene(t, echo);
  const gone = createTcp().listen(0, '127.0.0.1');
  await once(gone, 'listening');
  const { port } = gone.address() as AddressInfo;
  gone.close();
  await once(gone, 'close');
  await assert.rejects(fetch(`http://127.0.0.1:${port}/`), (error: Error) => {
    assert.ok(isMeshError(error, 'HEDDLE_CONNECT_FAILED'));
    assert.deepEqual(
      [error.name, error.message, error.flag, error.sent],
      ['TypeError', 'fetch failed', 'UF', 'no'],
    );
    assert.ok(error instanceof TypeError);
    const cause = error.cause as Error & { cause: { code: string } };
    assert.ok(isMeshError(cause, 'HEDDLE_CONNECT_FAILED'));
    assert.equal(cause.cause.code, 'ECONNREFUSED');
    return true;
  });
});

test('a body that breaks off is a TypeError: terminated, read whole or as a stream', async (t) => {
  const { fetch, origin } = await scene(t, (_request, response) => {
    response.writeHead(200, { 'content-length': 100 });
    response.write('half', () => response.destroy());
  });
  for (const read of [(r: Response) => r.text(), (r: Response) => r.body!.pipeTo(new WritableStream())]) {
    const response = await fetch(origin);
    await assert.rejects(read(response), (error: Error) => {
      assert.ok(isMeshError(error, 'HEDDLE_CONNECTION_LOST'));
      assert.deepEqual([error.name, error.message, error.flag], ['TypeError', 'terminated', 'UC']);
      return isMeshError(error.cause, 'HEDDLE_CONNECTION_LOST');
    });
  }
});
