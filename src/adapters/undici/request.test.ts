import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { isMeshError } from '../../base/errors.js';
import { route } from '../../outbound/fixtures.test.helper.js';
import { bodyOf, deadPort, over, serve, until } from '../outbound.test.helper.js';

test('method, query, fields and body arrive; the answer is undici’s', async (t) => {
  const { port } = await serve(t, async (request, response) => {
    const body = await bodyOf(request);
    response.setHeader('x-many', ['1', '2']);
    response.writeHead(201, 'Made');
    response.end(JSON.stringify([request.method, request.url, request.headers['x-a'], body]));
  });
  const { request } = over(t, [port]);
  const { statusCode, statusText, headers, body } = await request('http://reviews/p?a=1', {
    method: 'put',
    query: { b: 2, c: true },
    headers: ['x-a', '1', 'X-A', '2'],
    body: 'text',
  });
  assert.deepEqual([statusCode, statusText, headers['x-many']], [201, 'Made', ['1', '2']]);
  assert.deepEqual(await body.json(), ['PUT', '/p?a=1&b=2&c=true', '1, 2', 'text']);
});

test('the body is read as text, JSON, bytes, dumped or as a stream; once', async (t) => {
  const { port } = await serve(t, (_request, response) => void response.end('{"a":1}'));
  const { request, outbound } = over(t, [port]);
  const get = async () => (await request('http://reviews/')).body;
  assert.equal(await (await get()).text(), '{"a":1}');
  assert.deepEqual(await (await get()).json(), { a: 1 });
  assert.equal(Buffer.from(await (await get()).arrayBuffer()).toString(), '{"a":1}');
  assert.equal(Buffer.from(await (await get()).bytes()).toString(), '{"a":1}');
  await (await get()).dump();
  assert.equal(await bodyOf(await get()), '{"a":1}');
  const body = await get();
  await body.text();
  await assert.rejects(body.text(), TypeError);
  const streamed = await get();
  await bodyOf(streamed);
  await assert.rejects(streamed.text(), TypeError);
  await until(() => outbound.active === 0);
});

test('destroying the stream frees the connection; an abort tells it the caller’s reason', async (t) => {
  const served = await serve(t, (_request, response) => void response.write('half'));
  const { request, outbound } = over(t, [served.port]);
  const first = await request('http://reviews/');
  first.body.destroy();
  await until(() => served.closed() === 1);

  const abort = new AbortController();
  const second = await request('http://reviews/', { signal: abort.signal });
  const read = bodyOf(second.body);
  const mine = new Error('mine');
  abort.abort(mine);
  await assert.rejects(read, (error) => error === mine);
  assert.equal(outbound.active, 0);
});

test('a scheme that the mesh does not carry is refused', async (t) => {
  const { request } = over(t, []);
  await assert.rejects(request('ws://reviews/'), (error) => isMeshError(error, 'HEDDLE_INVALID_ARGUMENT'));
});

test('a body that nobody will read any more is told so: its source is closed', async (t) => {
  const { port } = await serve(t, (_request, response) => void response.end('enough'));
  const { request } = over(t, [port, await deadPort()], {
    routes: [route({ timeoutMs: 200, retries: null })],
  });
  for (const path of ['', '/again', '/and/again']) {
    const source = new Readable({ read() {} });
    source.push('the beginning');
    // The rest never comes; the answer does, or nobody is there to answer.
    await request(`http://reviews${path}`, { method: 'PUT', body: source }).then(
      ({ body }) => body.text(),
      () => {},
    );
    await until(() => source.destroyed);
  }
});
