import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { sleep, systemClock } from '../../base/clock.js';
import { Binder } from '../../outbound/bind.js';
import { cluster, host, policy, route } from '../../outbound/fixtures.test.helper.js';
import { noTelemetry } from '../../ports/telemetry.js';
import { bodyOf, over, serve, until } from '../outbound.test.helper.js';

/** A TypeError `fetch failed` that says why in its cause. */
const because = (why: RegExp) => (error: Error) =>
  error instanceof TypeError && error.message === 'fetch failed' && why.test(String(error.cause));

test('redirects are followed, once or many times, and no further than twenty', async (t) => {
  const { port } = await serve(t, (request, response) => {
    const left = Number(request.url!.slice(1));
    if (left > 0) response.writeHead(302, { location: `/${left - 1}` }).end('moved');
    else response.end('arrived');
  });
  const { fetch, outbound } = over(t, [port]);
  const response = await fetch('http://reviews/3#here');
  assert.deepEqual(
    [await response.text(), response.url, response.redirected],
    ['arrived', 'http://reviews/0', true],
  );
  assert.equal((await fetch('http://reviews/20')).status, 200);
  await assert.rejects(fetch('http://reviews/21'), because(/redirect count exceeded/));
  await assert.rejects(fetch('http://reviews/1', { redirect: 'error' }), because(/unexpected redirect/));
  const manual = await fetch('http://reviews/1', { redirect: 'manual' });
  assert.deepEqual([manual.status, manual.headers.get('location'), manual.redirected], [302, '/0', false]);
  await manual.text();
  await until(() => outbound.active === 0);
});

test('303 and a POST at 301 or 302 become GET without a body; 307 and 308 repeat the request', async (t) => {
  const { port } = await serve(t, async (request, response) => {
    const body = await bodyOf(request);
    const status = Number(request.url!.slice(1));
    if (status > 0) response.writeHead(status, { location: '/0' }).end();
    else response.end(`${request.method} ${body} ${request.headers['content-type']}`);
  });
  const { fetch } = over(t, [port]);
  const post = async (status: number, method = 'POST') => {
    const response = await fetch(`http://reviews/${status}`, { method, body: 'body' });
    return response.text();
  };
  for (const status of [301, 302, 303]) assert.equal(await post(status), 'GET  undefined');
  assert.equal(await post(303, 'PUT'), 'GET  undefined');
  for (const status of [307, 308]) assert.equal(await post(status), 'POST body text/plain;charset=UTF-8');
  assert.equal(await post(301, 'PUT'), 'PUT body text/plain;charset=UTF-8');
  const large = Readable.from([Buffer.alloc(100 * 1024)]);
  const again = fetch('http://reviews/307', { method: 'POST', body: large, duplex: 'half' });
  await assert.rejects(again, because(/cannot be sent again/));
});

test('to another origin go neither credentials nor what policy added for the first', async (t) => {
  const seen: Record<string, unknown>[] = [];
  const served = await serve(t, (request, response) => {
    seen.push(request.headers);
    if (request.url === '/away') response.writeHead(302, { location: 'http://other/landed' }).end();
    else if (request.url === '/here') response.writeHead(302, { location: '/landed' }).end();
    else response.end();
  });
  const secret = { request: { add: { 'x-api-key': 'of the first' } } };
  const other = {
    ...host({ clusters: [cluster({ name: 'outbound|80||other' })] }),
    host: 'other',
    domains: ['other'],
    virtualService: null,
    routes: [],
    resolution: 'static' as const,
  };
  const { fetch, outbound } = over(t, [served.port]);
  const binder = new Binder({ ...outbound, telemetry: noTelemetry, event() {}, callFilters: [] });
  const endpoints = [...outbound.snapshot!.clusters.values()][0]!.endpoints.map(({ endpoint }) => endpoint);
  const base = policy({ endpoints, hosts: [host({ routes: [route({ headers: secret })] }), other] });
  outbound.snapshot = binder.bind({
    ...base,
    endpoints: [...base.endpoints, { host: 'other', ports: { 80: endpoints } }],
  });
  const headers = { authorization: 'Bearer x', cookie: 'a=b', referer: 'http://reviews/path', 'x-mine': '1' };
  await (await fetch('http://reviews/away', { headers })).text();
  assert.deepEqual([seen[0]!.authorization, seen[0]!['x-api-key']], ['Bearer x', 'of the first']);
  const landed = seen[1]!;
  assert.deepEqual(
    [landed.host, landed.authorization, landed.cookie, landed['x-api-key'], landed['x-mine']],
    ['other', undefined, undefined, undefined, '1'],
  );
  assert.equal(landed.referer, 'http://reviews/');
  seen.length = 0;
  await (await fetch('http://reviews/here', { headers })).text();
  assert.deepEqual([seen[1]!.authorization, seen[1]!['x-api-key']], ['Bearer x', 'of the first']);
});

test('a redirect to what is not HTTP is refused', async (t) => {
  const { port } = await serve(t, (request, response) => {
    response.writeHead(302, { location: request.url === '/bad' ? 'http://[' : 'ftp://reviews/file' }).end();
  });
  const { fetch, outbound } = over(t, [port]);
  await assert.rejects(fetch('http://reviews/'), because(/redirect to ftp:/));
  await assert.rejects(fetch('http://reviews/bad'), TypeError);
  await until(() => outbound.active === 0);
});

test('the caller’s timeout is one for all redirects together', async (t) => {
  const { port } = await serve(t, (request, response) => {
    const { 'x-heddle-deadline-ms': left } = request.headers;
    if (request.url === '/') {
      void sleep(systemClock, 60).then(() => response.writeHead(302, { location: '/next' }).end());
    } else response.end(String(left));
  });
  const { fetch } = over(t, [port]);
  const response = await fetch('http://reviews/', { timeoutMs: 600_000 });
  assert.ok(Number(await response.text()) <= 600_000 - 50);
});
