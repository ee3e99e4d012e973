import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Rejected } from '../model/outcome.js';
import { ALL, Bench, NOTHING, REVIEWS, retries, route, text, type World } from './fixtures.test.helper.js';

async function refusal(world: World, authority: string): Promise<Rejected> {
  const bench = new Bench(world);
  const outcome = await bench.run(bench.call({ authority }));
  assert.equal(outcome.kind, 'rejected');
  assert.deepEqual(bench.held(), NOTHING);
  assert.equal(bench.wire.sent.length, 0);
  return outcome as Rejected;
}

test('a host that policy does not know is refused at once with NR, and the nearest names are offered', async () => {
  const { code, flag, status, because, detail } = await refusal({}, 'review');
  assert.deepEqual([code, flag, status, because], ['HEDDLE_NO_ROUTE', 'NR', 404, 'unknown-host']);
  assert.match(detail ?? '', /policy knows no host review; did you mean .*reviews/);
});

test('a host name unlike any other is refused without a hint', async () => {
  const { detail } = await refusal({}, 'zzzzzzzzzzzzzzzzzz.example');
  assert.equal(detail, 'policy knows no host zzzzzzzzzzzzzzzzzz.example');
});

test('an authority that is none is refused like a host nobody knows', async () => {
  for (const authority of ['', ':80', '[', '[::1', 'a b', '__proto__', 'constructor']) {
    assert.equal((await refusal({}, authority)).because, 'unknown-host', authority);
  }
});

test('a cluster that a route names and policy does not define is refused with NC', async () => {
  const action = {
    kind: 'forward',
    destinations: [{ cluster: `outbound|80|v9|${REVIEWS}`, weight: 1 }],
  } as const;
  const { code, flag, status, detail } = await refusal({ routes: [route({ action })] }, 'reviews');
  assert.deepEqual([code, flag, status], ['HEDDLE_NO_CLUSTER', 'NC', 503]);
  assert.match(detail ?? '', /outbound\|80\|v9\|reviews/);
});

test('no rule for the request is refused with NR', async () => {
  const world = { routes: [route({ match: { uri: { exact: '/only' } } })] };
  assert.equal((await refusal(world, 'reviews')).flag, 'NR');
});

test('no endpoint is refused with UH', async () => {
  const bench = new Bench({ endpoints: [] });
  const outcome = await bench.run();
  assert.ok(outcome.kind === 'rejected' && outcome.flag === 'UH' && outcome.code === 'HEDDLE_NO_ENDPOINT');
  assert.deepEqual(bench.held(), NOTHING);
});

test('a redirect and a direct response are answered by the mesh itself', async () => {
  const redirect = new Bench({
    routes: [route({ action: { kind: 'redirect', status: 302, uri: '/new', authority: 'other' } })],
  });
  const moved = await redirect.run(redirect.call({ path: '/old?a=1' }));
  assert.ok(moved.kind === 'response' && moved.local === 'policy');
  assert.equal(moved.status, 302);
  assert.match(String(moved.headers.location), /^http:\/\/other(:80)?\/new/);
  assert.equal(await text(moved), '');
  assert.deepEqual(redirect.held(), NOTHING);

  const direct = new Bench({
    routes: [route({ action: { kind: 'directResponse', status: 418, body: 'tea ☕' } })],
  });
  const tea = await direct.run();
  assert.ok(tea.kind === 'response' && tea.status === 418);
  assert.equal(tea.headers['content-length'], String(Buffer.byteLength('tea ☕')));
  assert.equal(await text(tea), 'tea ☕');
  assert.deepEqual(direct.held(), NOTHING);
  assert.equal(direct.wire.sent.length + redirect.wire.sent.length, 0);
});

test('the first rule that matches takes the call: rewritten, with its headers, and what the peer is to know', async () => {
  const bench = new Bench({
    routes: [
      route({
        match: { method: { exact: 'POST' } },
        action: { kind: 'directResponse', status: 500, body: '' },
      }),
      route({
        index: 1,
        name: 'api',
        match: { uri: { prefix: '/api' } },
        rewrite: { uri: '/v2' },
        headers: { request: { set: { 'x-rule': 'api' } }, response: { set: { 'x-seen': 'yes' } } },
        timeoutMs: 1_000,
        retries: retries({ perTryTimeoutMs: 300 }),
      }),
    ],
  });
  const { call, outcome } = await bench.begin({ path: '/api/x?y=1' });
  const { headers, attempt } = bench.wire.last;
  assert.equal(call.path, '/v2/x?y=1');
  assert.equal(headers['x-rule'], 'api');
  assert.equal(headers['x-envoy-attempt-count'], '1');
  assert.equal(headers['x-heddle-deadline-ms'], '300');
  assert.equal(headers['x-envoy-expected-rq-timeout-ms'], '300');
  assert.deepEqual([call.service, call.cluster, call.routeName], [REVIEWS, ALL, 'api']);
  assert.equal(attempt.call.virtualService, 'default/reviews');
  bench.wire.last.respond(200, 'ok');
  const answered = await outcome;
  assert.ok(answered.kind === 'response');
  assert.equal(answered.headers['x-seen'], 'yes');
});

test('a call before the first policy, and one after the close, are refused and hold nothing', async () => {
  const bench = new Bench();
  bench.outbound.snapshot = null;
  const early = await bench.run();
  assert.ok(early.kind === 'rejected' && early.code === 'HEDDLE_NO_POLICY');
  bench.accept({});
  bench.outbound.closed = true;
  const late = await bench.run();
  assert.ok(late.kind === 'rejected' && late.code === 'HEDDLE_CLOSED');
  assert.deepEqual(bench.held(), NOTHING);
});

test('CORS: a preflight that policy allows is answered by the mesh, and the response to the call itself says who may read it', async () => {
  const cors = {
    allowOrigins: [{ exact: 'https://shop.example' }],
    allowMethods: ['GET', 'PUT'],
    allowHeaders: [],
    exposeHeaders: ['x-total'],
    maxAgeSeconds: 60,
    allowCredentials: false,
    unmatchedPreflights: 'FORWARD',
  } as const;
  const bench = new Bench({ routes: [route({ cors })] });
  const origin = { origin: 'https://shop.example' };
  const preflight = await bench.run(
    bench.call({ method: 'OPTIONS', headers: { ...origin, 'access-control-request-method': 'PUT' } }),
  );
  assert.ok(preflight.kind === 'response' && preflight.local === 'policy');
  assert.deepEqual(
    [
      preflight.status,
      preflight.headers['access-control-allow-methods'],
      preflight.headers['access-control-max-age'],
    ],
    [200, 'GET,PUT', '60'],
  );
  await text(preflight);
  assert.equal(bench.wire.sent.length, 0);

  const redirected = new Bench({
    routes: [route({ cors, action: { kind: 'redirect', status: 302, uri: '/new' } })],
  });
  const moved = await redirected.run(redirected.call({ headers: origin }));
  assert.ok(moved.kind === 'response');
  assert.equal(moved.headers['access-control-allow-origin'], 'https://shop.example');
  assert.equal(moved.headers['access-control-expose-headers'], 'x-total');
  await text(moved);
});
