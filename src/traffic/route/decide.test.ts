import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileRouteTable } from './compile.js';
import { decideRoute, type RouteVerdict } from './decide.js';
import type { EffectiveRoute, RouteMatch } from './policy.js';
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

function matches(match: RouteMatch, facts: Partial<RequestFacts>): boolean {
  return decideRoute(compileRouteTable([route({ match })]), request(facts), random).kind === 'forward';
}

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

test('the path is matched without its query', () => {
  assert.equal(matches({ uri: { exact: '/a' } }, { path: '/a?x=1' }), true);
  assert.equal(matches({ uri: { exact: '/a?x=1' } }, { path: '/a?x=1' }), false);
});

test('a prefix is one of characters, not of segments', () => {
  assert.equal(matches({ uri: { prefix: '/foo' } }, { path: '/foobar' }), true);
});

test('ignoreUriCase folds exact and prefix but not regex', () => {
  assert.equal(matches({ uri: { exact: '/A' }, ignoreUriCase: true }, { path: '/a' }), true);
  assert.equal(matches({ uri: { prefix: '/A' }, ignoreUriCase: true }, { path: '/ab' }), true);
  assert.equal(matches({ uri: { regex: '/A' }, ignoreUriCase: true }, { path: '/a' }), false);
});

test('all conditions of a match must hold', () => {
  const match: RouteMatch = {
    method: { exact: 'POST' },
    scheme: { exact: 'https' },
    authority: { prefix: 'rev' },
    port: 443,
  };
  assert.equal(matches(match, { method: 'POST', scheme: 'https', port: 443 }), true);
  assert.equal(matches(match, { method: 'POST', scheme: 'https', port: 80 }), false);
  assert.equal(matches(match, { method: 'GET', scheme: 'https', port: 443 }), false);
});

test('headers match by value, joined when repeated, and a missing one never matches', () => {
  const named = (match: object) => ({ headers: [{ name: 'x', match }] }) as RouteMatch;
  assert.equal(matches(named({ exact: 'a, b' }), { headers: { x: ['a', 'b'] } }), true);
  assert.equal(matches(named({ regex: 'a+' }), { headers: { x: 'aa' } }), true);
  assert.equal(matches(named({ present: true }), { headers: {} }), false);
  assert.equal(matches(named({ present: true }), { headers: { x: '' } }), true);
});

test('withoutHeaders takes a missing header for an empty one, but presence means absence', () => {
  const without = (match: object) => ({ headers: [{ name: 'x', match, invert: true }] }) as RouteMatch;
  assert.equal(matches(without({ exact: 'a' }), { headers: {} }), true);
  assert.equal(matches(without({ exact: 'a' }), { headers: { x: 'a' } }), false);
  assert.equal(matches(without({ exact: 'a' }), { headers: { x: 'b' } }), true);
  assert.equal(matches(without({ regex: '.*' }), { headers: {} }), false);
  assert.equal(matches(without({ present: true }), { headers: {} }), true);
  assert.equal(matches(without({ present: true }), { headers: { x: 'a' } }), false);
});

test('the first value of a query parameter is matched', () => {
  const query = (match: object) => ({ queryParams: [{ name: 'v', match }] }) as RouteMatch;
  assert.equal(matches(query({ exact: '1' }), { path: '/?a=0&v=1&v=2' }), true);
  assert.equal(matches(query({ exact: '2' }), { path: '/?v=1&v=2' }), false);
  assert.equal(matches(query({ present: true }), { path: '/?v' }), true);
  assert.equal(matches(query({ present: true }), { path: '/?vv=1' }), false);
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

test('parts of the request line are matched like headers, :status is never there', () => {
  const header = (name: string, match: RouteMatch['method'], invert?: true): RouteMatch => ({
    headers: [{ name, match: match!, ...(invert && { invert }) }],
  });
  assert.ok(matches(header(':method', { exact: 'POST' }), { method: 'POST' }));
  assert.ok(!matches(header(':method', { exact: 'POST' }, true), { method: 'POST' }));
  assert.ok(matches(header(':scheme', { exact: 'http' }), {}));
  assert.ok(matches(header(':authority', { prefix: 'rev' }), {}));
  assert.ok(matches(header(':path', { exact: '/a?b=c' }), { path: '/a?b=c' }));
  assert.ok(!matches(header(':status', { present: true }), { headers: { ':status': '200' } }));
});
