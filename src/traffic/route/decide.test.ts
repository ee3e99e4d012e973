import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileRouteTable } from './compile.js';
import { decideRoute, type RouteVerdict } from './decide.js';
import type { EffectiveRoute } from './policy.js';
import type { RequestFacts } from './request-parts.js';

const HOST = 'reviews.default.svc.cluster.local';

function route(parts: Partial<EffectiveRoute> = {}): EffectiveRoute {
  return {
    index: 0,
    name: null,
    action: { kind: 'forward', destinations: [{ cluster: `outbound|80||${HOST}`, weight: 100 }] },
    timeoutMs: null,
    retries: null,
    ...parts,
  };
}

function request(parts: Partial<RequestFacts> = {}): RequestFacts {
  return { method: 'GET', scheme: 'http', authority: 'reviews', path: '/', headers: {}, port: 80, ...parts };
}

const random = { next: () => 0 };

test('the first route that matches wins and nothing falls through to a default', () => {
  const table = compileRouteTable([
    route({ index: 0, match: { uri: { prefix: '/a' } } }),
    route({ index: 1, match: { uri: { prefix: '/' }, method: { exact: 'GET' } } }),
  ]);
  const decided = (facts: Partial<RequestFacts>): RouteVerdict => decideRoute(table, request(facts), random);
  const first = decided({ path: '/ab' });
  assert.equal(first.kind === 'forward' && first.route.index, 0);
  const second = decided({ path: '/b' });
  assert.equal(second.kind === 'forward' && second.route.index, 1);
  assert.deepEqual(decided({ path: '/b', method: 'POST' }), { kind: 'noRoute', because: 'no-route-matched' });
});

test('a port of 0 becomes the port that was addressed', () => {
  const table = compileRouteTable([
    route({ action: { kind: 'forward', destinations: [{ cluster: `outbound|0|v1|${HOST}`, weight: 1 }] } }),
  ]);
  const first = decideRoute(table, request({ port: 9080 }), random);
  assert.equal(first.kind === 'forward' && first.destination.cluster, `outbound|9080|v1|${HOST}`);
  assert.equal(decideRoute(table, request({ port: 9080 }), random), first, 'made once');
});

test('a VirtualService that only speaks of other ports leaves a call to the fallback', () => {
  const table = compileRouteTable([route({ match: { port: 8080 } })], route({ index: -1, name: 'default' }));
  const other = decideRoute(table, request({ port: 80 }), random);
  assert.equal(other.kind === 'forward' && other.route.index, -1);
  const own = compileRouteTable(
    [route({ match: { port: 8080, uri: { exact: '/x' } } })],
    route({ index: -1, name: 'default' }),
  );
  assert.equal(decideRoute(own, request({ port: 8080 }), random).kind, 'noRoute');
});

test('a trace is told why each route was skipped and which one matched', () => {
  const told: string[] = [];
  const table = compileRouteTable([
    route({ index: 0, match: { headers: [{ name: 'end-user', match: { exact: 'jason' } }] } }),
    route({ index: 1 }),
  ]);
  decideRoute(table, request(), random, {
    skipped: ({ index }, failed) => told.push(`${index} ${failed.describe()}`),
    matched: ({ index }) => told.push(`${index} matched`),
  });
  assert.deepEqual(told, ['0 header end-user is "jason"', '1 matched']);
});

test('a direct response carries its status and body', () => {
  const table = compileRouteTable([
    route({ action: { kind: 'directResponse', status: 503, body: 'later' } }),
  ]);
  const verdict = decideRoute(table, request(), random);
  assert.equal(verdict.kind === 'directResponse' && `${verdict.status} ${verdict.body}`, '503 later');
});

test('an error in a route names its place', () => {
  const broken = route({ index: 3, name: 'x', match: { uri: { regex: '(' } } });
  assert.throws(() => compileRouteTable([broken]), /http\[3\] \(x\)/);
});
