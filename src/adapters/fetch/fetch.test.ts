import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { isMeshError } from '../../base/errors.js';
import { bodyOf, joined, over, serve, until } from '../outbound.test.helper.js';

/** Answers with what it was asked, as JSON. */
async function echo(t: Parameters<typeof serve>[0]) {
  const served = await serve(t, async (request, response) => {
    const body = await bodyOf(request);
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }),
    );
  });
  return over(t, [served.port]);
}

interface Echo {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

test('a plain call: method, path, query, host and the defaults of fetch', async (t) => {
  const { fetch } = await echo(t);
  const response = await fetch('http://reviews/a/b?c=d#fragment');
  assert.ok(response instanceof Response);
  assert.deepEqual(
    [response.status, response.ok, response.url, response.redirected, response.statusText],
    [200, true, 'http://reviews/a/b?c=d', false, 'OK'],
  );
  assert.equal(response.headers.get('Content-Type'), 'application/json');
  const { method, url, headers } = (await response.json()) as Echo;
  assert.deepEqual([method, url, headers.host, headers.accept], ['GET', '/a/b?c=d', 'reviews', '*/*']);
  assert.equal(headers['accept-encoding'], 'gzip, deflate, br');
});

test('every kind of body arrives, with the content type that its kind says', async (t) => {
  const { fetch } = await echo(t);
  const form = new FormData();
  form.set('a', '1');
  form.set('file', new Blob(['data'], { type: 'text/csv' }), 'f.csv');
  const encode = (text: string) => new TextEncoder().encode(text);
  const bodies: readonly [unknown, RegExp, RegExp | undefined][] = [
    ['text', /^text$/, /^text\/plain;charset=UTF-8$/],
    [new URLSearchParams({ a: 'b c' }), /^a=b\+c$/, /^application\/x-www-form-urlencoded;charset=UTF-8$/],
    [form, /name="a"[\s\S]*filename="f.csv"[\s\S]*text\/csv[\s\S]*data/, /^multipart\/form-data; boundary=/],
    [new Blob(['blob'], { type: 'text/x-blob' }), /^blob$/, /^text\/x-blob$/],
    [encode('bytes'), /^bytes$/, undefined],
    [encode('buffer').buffer, /^buffer$/, undefined],
    [new DataView(encode('view').buffer), /^view$/, undefined],
    [Readable.from([Buffer.from('str'), Buffer.from('eam')]), /^stream$/, undefined],
    [new Blob(['web']).stream(), /^web$/, undefined],
  ];
  for (const [body, expected, type] of bodies) {
    const response = await fetch('http://reviews/', { method: 'POST', body: body as never, duplex: 'half' });
    const seen = (await response.json()) as Echo;
    assert.match(seen.body, expected);
    if (type === undefined) assert.equal(seen.headers['content-type'], undefined);
    else assert.match(seen.headers['content-type'] ?? '', type);
  }
  const own = await fetch('http://reviews/', {
    method: 'PUT',
    body: '{}',
    headers: { 'Content-Type': 'application/json' },
  });
  assert.equal(((await own.json()) as Echo).headers['content-type'], 'application/json');
});

test('a buffer that was given away has no bytes', async (t) => {
  const { fetch } = await echo(t);
  for (const body of [new ArrayBuffer(8), new Uint8Array(8)]) {
    structuredClone(body, { transfer: [body instanceof ArrayBuffer ? body : body.buffer] });
    const sent = (await (await fetch('http://reviews/', { method: 'POST', body })).json()) as Echo;
    assert.equal(sent.headers['content-length'], '0');
  }
});

test('a Request is taken as it is, and init goes before it', async (t) => {
  const { fetch } = await echo(t);
  const request = new Request('http://reviews/r', {
    method: 'PUT',
    body: 'from request',
    headers: { a: '1' },
  });
  const first = (await (await fetch(request)).json()) as Echo;
  assert.deepEqual(
    [first.method, first.url, first.body, first.headers.a],
    ['PUT', '/r', 'from request', '1'],
  );
  const other = new Request('http://reviews/r', { headers: { a: '1' } });
  const second = (await (
    await fetch(other, { method: 'POST', body: 'init', headers: { b: '2' } })
  ).json()) as Echo;
  assert.deepEqual(
    [second.method, second.body, second.headers.b, second.headers.a],
    ['POST', 'init', '2', undefined],
  );
});

test('what fetch refuses is refused in its way', async (t) => {
  const { fetch, outbound } = await echo(t);
  await assert.rejects(fetch('/relative'), TypeError);
  await assert.rejects(fetch('http://reviews/', { body: 'x' }), TypeError);
  await assert.rejects(fetch('http://reviews/', { method: 'CONNECT' }), TypeError);
  await assert.rejects(fetch('ftp://reviews/'), (error) => isMeshError(error, 'HEDDLE_INVALID_ARGUMENT'));
  const header = fetch('http://reviews/', { headers: { 'x-bad': 'a\r\nb: c' } });
  await assert.rejects(header, TypeError);
  assert.equal(outbound.active, 0);
});

test('credentials in the URL are refused', async (t) => {
  const { fetch } = await echo(t);
  await assert.rejects(fetch('http://user:password@reviews/'), /includes credentials/);
});

test('an unknown host is in the caller’s hands as a typed error with NR and a hint', async (t) => {
  const { fetch } = over(t, []);
  await assert.rejects(fetch('http://review/'), (error) => {
    assert.ok(isMeshError(error, 'HEDDLE_NO_ROUTE'));
    assert.deepEqual([error.flag, error.sent, error.service, error.revision], ['NR', 'no', 'review', 1]);
    assert.deepEqual(
      [error.name, error.message, error instanceof TypeError],
      ['TypeError', 'fetch failed', true],
    );
    assert.match(String(error.cause), /GET review: unknown-host: .*did you mean .*reviews/);
    return true;
  });
});

test('every reader of the body: once, and only one of them', async (t) => {
  const { port } = await serve(t, (_request, response) => {
    response.setHeader('content-type', 'application/x-www-form-urlencoded');
    response.end('a=%7B%7D');
  });
  const { fetch } = over(t, [port]);
  const get = () => fetch('http://reviews/');
  const bytes = new TextEncoder().encode('a=%7B%7D');
  assert.equal(await (await get()).text(), 'a=%7B%7D');
  assert.deepEqual(new Uint8Array(await (await get()).arrayBuffer()), bytes);
  assert.deepEqual(await ((await get()) as Response & { bytes(): Promise<Uint8Array> }).bytes(), bytes);
  const blob = await (await get()).blob();
  assert.deepEqual([await blob.text(), blob.type], ['a=%7B%7D', 'application/x-www-form-urlencoded']);
  assert.equal((await (await get()).formData()).get('a'), '{}');
  await assert.rejects((await get()).json(), SyntaxError);

  const response = await get();
  assert.equal(response.bodyUsed, false);
  await response.text();
  assert.equal(response.bodyUsed, true);
  await assert.rejects(response.text(), TypeError);
  assert.throws(() => response.clone(), TypeError);

  const streamed = await get();
  assert.equal(await joined(streamed.body), 'a=%7B%7D');
  assert.equal(streamed.bodyUsed, true);
  await assert.rejects(streamed.text(), TypeError);

  const original = await get();
  const copy = original.clone();
  assert.deepEqual([await copy.text(), await original.text()], ['a=%7B%7D', 'a=%7B%7D']);
  assert.deepEqual([copy.url, copy.status], [original.url, 200]);
});

test('a byte order mark is not part of the text', async (t) => {
  const { port } = await serve(t, (_request, response) => void response.end('\ufeff{"a":1}'));
  const { fetch } = over(t, [port]);
  assert.equal(await (await fetch('http://reviews/')).text(), '{"a":1}');
  assert.deepEqual(await (await fetch('http://reviews/')).json(), { a: 1 });
});

test('compressed bodies are decoded, whole and streamed, coding upon coding', async (t) => {
  const text = 'heddle '.repeat(10_000);
  const coded: Record<string, Buffer> = {
    gzip: gzipSync(text),
    'x-gzip': gzipSync(text),
    br: brotliCompressSync(text),
    deflate: deflateSync(text),
    'gzip, br': brotliCompressSync(gzipSync(text)),
    unknown: Buffer.from(text),
  };
  const { port } = await serve(t, (request, response) => {
    const coding = decodeURIComponent(request.url!.slice(1));
    response.setHeader('content-encoding', coding);
    response.end(coded[coding]);
  });
  const { fetch, outbound } = over(t, [port]);
  for (const coding of Object.keys(coded)) {
    const url = `http://reviews/${encodeURIComponent(coding)}`;
    assert.equal(await (await fetch(url)).text(), text, coding);
    assert.equal(await joined((await fetch(url)).body), text, coding);
  }
  const head = await fetch('http://reviews/gzip', { method: 'HEAD' });
  assert.equal(await head.text(), '');
  coded.gzip = Buffer.from('not gzip at all');
  await assert.rejects(
    fetch('http://reviews/gzip').then((response) => response.text()),
    TypeError,
  );
  await assert.rejects(
    fetch('http://reviews/gzip').then((response) => joined(response.body)),
    (error) =>
      isMeshError(error, 'HEDDLE_PROTOCOL_ERROR') && /incorrect header check/.test(String(error.cause)),
  );
  await until(() => outbound.active === 0);
});

test('responses without a body have none, and give their connection back', async (t) => {
  const { port } = await serve(t, (request, response) => {
    response.statusCode = Number(request.url!.slice(1));
    response.end();
  });
  const { fetch, outbound } = over(t, [port]);
  for (const status of [204, 205, 304]) {
    const response = await fetch(`http://reviews/${status}`);
    assert.deepEqual([response.status, response.body, await response.text()], [status, null, '']);
  }
  const head = await fetch('http://reviews/200', { method: 'HEAD' });
  assert.deepEqual([head.body, await head.text()], [null, '']);
  await until(() => outbound.active === 0);
});

test('repeated response fields come one by one, set-cookie not joined', async (t) => {
  const { port } = await serve(t, (_request, response) => {
    response.setHeader('set-cookie', ['a=1', 'b=2']);
    response.setHeader('x-many', ['1', '2']);
    response.end();
  });
  const { fetch } = over(t, [port]);
  const { headers } = await fetch('http://reviews/');
  assert.deepEqual(headers.getSetCookie(), ['a=1', 'b=2']);
  assert.equal(headers.get('x-many'), '1, 2');
});

test('an abort before the call, while it waits and while the body is read gives the caller its own reason', async (t) => {
  const served = await serve(t, (request, response) => {
    if (request.url === '/half') response.write('half');
  });
  const { fetch, outbound, deadlines } = over(t, [served.port]);
  const reason = { mine: true };
  await assert.rejects(
    fetch('http://reviews/', { signal: AbortSignal.abort(reason) }),
    (error) => error === reason,
  );
  assert.equal(served.accepted(), 0);

  const waiting = new AbortController();
  const pending = fetch('http://reviews/never', { signal: waiting.signal });
  await until(() => served.accepted() === 1);
  waiting.abort(reason);
  await assert.rejects(pending, (error) => error === reason);
  await until(() => served.closed() === 1);

  for (const read of [
    (response: Response) => response.text(),
    (response: Response) => response.body!.pipeTo(new WritableStream()),
  ]) {
    const before = served.closed();
    const reading = new AbortController();
    const response = await fetch('http://reviews/half', { signal: reading.signal, timeoutMs: 600_000 });
    const body = read(response);
    const mine = new Error('mine');
    reading.abort(mine);
    await assert.rejects(body, (error) => error === mine);
    await until(() => served.closed() > before);
    assert.equal(getEventListeners(reading.signal, 'abort').length, 0);
  }
  assert.deepEqual([outbound.active, deadlines.size], [0, 0]);
});

test('a reader that cancels frees the connection', async (t) => {
  const served = await serve(t, (_request, response) => void response.write('a'));
  const { fetch, outbound } = over(t, [served.port]);
  const response = await fetch('http://reviews/');
  await response.body!.cancel();
  await until(() => served.closed() === 1);
  assert.equal(outbound.active, 0);
});

test('the caller’s timeout covers the body: reading ends with a typed error', async (t) => {
  const served = await serve(t, (_request, response) => void response.write('half'));
  const { fetch, outbound } = over(t, [served.port]);
  const response = await fetch('http://reviews/', { timeoutMs: 300 });
  await assert.rejects(response.text(), (error) => {
    assert.ok(isMeshError(error, 'HEDDLE_DEADLINE_EXCEEDED'), String(error));
    assert.equal(error.flag, 'UT');
    return true;
  });
  await until(() => served.closed() === 1);
  assert.equal(outbound.active, 0);
});

test('a slow reader of 50 MB holds back the sender: memory does not take the body', async (t) => {
  const size = 50 * 1024 * 1024;
  let sent = 0;
  const served = await serve(t, async (_request, response) => {
    const chunk = Buffer.alloc(64 * 1024, 1);
    for (let i = 0; i < size / chunk.length; i += 1) {
      sent += chunk.length;
      if (!response.write(chunk)) await new Promise((resolve) => response.once('drain', resolve));
    }
    response.end();
  });
  const { fetch } = over(t, [served.port]);
  const response = await fetch('http://reviews/');
  const reader = response.body!.getReader();
  let read = 0;
  let ahead = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    read += value.byteLength;
    // Whoever would send on without being read has every chance to.
    if (read < 4 * 1024 * 1024) for (let i = 0; i < 20; i += 1) await new Promise(setImmediate);
    ahead = Math.max(ahead, sent - read);
  }
  assert.equal(read, size);
  // What the two kernels' socket buffers and ours may take, with room to spare, and far below the body.
  assert.ok(ahead < 25 * 1024 * 1024, `the sender was ${ahead} bytes ahead`);
});
