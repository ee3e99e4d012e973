/** What policy says holds for an application that knows nothing of it. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { AutoMesh, FRIENDS_ONLY, reached } from './auto-processes.js';

const LIMIT = { timeout: 180_000 };

/** A VirtualService of `svc.test`. */
function route(http: string): string {
  return `
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: svc, namespace: default }
spec: { hosts: [svc.test], http: ${http} }
`;
}

test(
  'routes by header, retries, faults and shares hold for the built-in fetch of an unchanged client',
  LIMIT,
  async (t) => {
    const mesh = await AutoMesh.create(t);
    const start = (name: string) => mesh.start(['service.cjs', name], { as: 'server', policy: FRIENDS_ONLY });
    const [one, two] = await Promise.all([start('one'), start('two')]);
    const ports = await Promise.all([one.line(), two.line()]);
    const to = (host: string) => `route: [{ destination: { host: ${host} } }]`;
    const policy =
      reached('one.test', [ports[0]]) +
      reached('two.test', [ports[1]]) +
      reached('svc.test', ports) +
      route(`[
      { match: [{ headers: { x-version: { exact: two } } }], ${to('two.test')} },
      { match: [{ uri: { exact: /flaky } }], ${to('one.test')}, retries: { attempts: 2, retryOn: 5xx, backoff: 1ms } },
      { match: [{ uri: { exact: /broken } }], ${to('one.test')}, fault: { abort: { httpStatus: 418, percentage: { value: 100 } } } },
      { match: [{ uri: { exact: /shared } }], route: [
        { destination: { host: one.test }, weight: 50 },
        { destination: { host: two.test }, weight: 50 } ] },
      { ${to('one.test')} } ]`);
    const url = 'http://svc.test';
    const asked = [
      { url: `${url}/` },
      { url: `${url}/`, headers: { 'x-version': 'two' } },
      { url: `${url}/flaky?id=1` },
      { url: `${url}/broken` },
      { url: 'http://unknown.test/' },
      { url: `${url}/shared`, times: 200 },
    ];
    const client = await mesh.start(['ask.mjs', JSON.stringify(asked)], { as: 'friend', policy });
    assert.deepEqual(await client.exit, { code: 0, signal: null }, client.stderr);
    assert.deepEqual(client.lines.slice(0, 5), [
      '200 one',
      '200 two',
      '200 attempt 3',
      '418 fault filter abort',
      'error HEDDLE_NO_ROUTE',
    ]);
    // Of 200 fair draws fewer than 50 on one side are not seen in a lifetime.
    const shared = client.lines.slice(5);
    assert.equal(shared.length, 200);
    for (const name of ['one', 'two']) assert.ok(shared.filter((line) => line === `200 ${name}`).length > 50);
  },
);

test(
  'what is known of a request goes on with the calls that are made while it is served',
  LIMIT,
  async (t) => {
    const mesh = await AutoMesh.create(t);
    const last = await mesh.start(['service.cjs', 'last'], { as: 'server' });
    const policy = reached('last.test', [await last.line()]);
    const middle = await mesh.start(['service.cjs', 'middle'], { as: 'server', policy });
    const to = encodeURIComponent('http://last.test/headers');
    const trace = '0af7651916cd43dd8448eb211c80319c';
    const request = {
      url: `http://middle.test/onward?to=${to}`,
      headers: {
        traceparent: `00-${trace}-b7ad6b7169203331-01`,
        'x-request-id': '3b6a1b1e-0000-4000-8000-000000000001',
        'x-envoy-expected-rq-timeout-ms': '50000',
      },
    };
    const client = await mesh.start(['ask.mjs', JSON.stringify([request])], {
      as: 'server',
      policy: reached('middle.test', [await middle.line()]),
    });
    assert.deepEqual(await client.exit, { code: 0, signal: null }, client.stderr);
    const [, status, body] = /^(\d+) (.*)$/.exec(client.lines[0]!)!;
    assert.equal(status, '200');
    const headers: Record<string, string> = JSON.parse(body!);
    assert.equal(headers.traceparent?.split('-')[1], trace);
    assert.equal(headers['x-request-id'], request.headers['x-request-id']);
    const leftMs = Number(headers['x-envoy-expected-rq-timeout-ms'] ?? headers['x-heddle-deadline-ms']);
    assert.ok(leftMs > 0 && leftMs <= 50_000, body);
  },
);

test('an excluded host is called as if there were no mesh, by every client', LIMIT, async (t) => {
  const outside = createServer((request, response) =>
    response.end(request.headers['x-request-id'] ?? 'bare'),
  );
  await new Promise<void>((resolve) => outside.listen(0, '127.0.0.1', resolve));
  t.after(() => outside.close());
  const { port } = outside.address() as AddressInfo;
  const mesh = await AutoMesh.create(t);
  const url = `http://127.0.0.1:${port}/`;
  const names = ['fetch', 'request', 'http', 'axios', 'undici', 'got', 'ky'];
  for (const env of [
    { HEDDLE_AUTO_EXCLUDE: `other.test,127.0.0.1:${port}` },
    { HEDDLE_AUTO_EXCLUDE: `:${port}` },
    { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${url}v1/traces` },
    { HEDDLE_AUTO: 'in' },
  ]) {
    const client = await mesh.start(['call.mjs', names.join(), url], { env: env as Record<string, string> });
    assert.deepEqual(await client.exit, { code: 0, signal: null }, client.stderr);
    assert.deepEqual(
      client.lines,
      names.map((name) => `${name} 200 bare`),
    );
  }
  const refused = await mesh.start(['call.mjs', names.join(), url]);
  assert.deepEqual(await refused.exit, { code: 0, signal: null }, refused.stderr);
  assert.deepEqual(
    refused.lines,
    names.map((name) => `${name} error HEDDLE_NO_ROUTE`),
  );
});

test('WebSockets pass, for those whom policy lets in', LIMIT, async (t) => {
  const mesh = await AutoMesh.create(t);
  const server = await mesh.start(['service.cjs', 'echo'], { as: 'server', policy: FRIENDS_ONLY });
  const policy = reached('echo.test', [await server.line()]);
  const friend = await mesh.start(['socket.mjs', 'ws://echo.test/'], { as: 'friend', policy });
  assert.deepEqual(await friend.exit, { code: 0, signal: null }, friend.stderr);
  assert.deepEqual(friend.lines, ['echo: hello']);
  const stranger = await mesh.start(['socket.mjs', 'ws://echo.test/'], { as: 'stranger', policy });
  assert.deepEqual(await stranger.exit, { code: 0, signal: null }, stranger.stderr);
  assert.deepEqual(stranger.lines, ['Unexpected server response: 403']);
});
