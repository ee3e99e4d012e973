import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HeaderFields } from '../../base/headers.js';
import { compileRouteTable } from './compile.js';
import { decideRoute } from './decide.js';
import type { EffectiveRoute, RewritePolicy, RouteDestination, StringMatch } from './policy.js';
import { rewriteRequest } from './rewrite.js';

const CLUSTER = 'outbound|80||reviews.default.svc.cluster.local';

function rewritten(
  parts: Partial<EffectiveRoute>,
  path = '/a/b?q=1',
  destinations: RouteDestination[] = [{ cluster: CLUSTER, weight: 1 }],
) {
  const effective: EffectiveRoute = {
    index: 0,
    name: null,
    action: { kind: 'forward', destinations },
    timeoutMs: null,
    retries: null,
    ...parts,
  };
  const request = {
    method: 'GET',
    scheme: 'http',
    authority: 'reviews',
    path,
    headers: { a: '1' } as HeaderFields,
    port: 80,
  };
  const verdict = decideRoute(compileRouteTable([effective]), request, { next: () => 0 });
  assert.equal(verdict.kind, 'forward');
  return rewriteRequest(verdict.route, verdict.destination, request);
}

function path(uri: StringMatch | undefined, rewrite: RewritePolicy, from: string): string {
  return rewritten({ ...(uri !== undefined && { match: { uri } }), rewrite }, from).path;
}

test('rewrite.uri replaces the matched prefix, or the whole path after exact and regex', () => {
  assert.equal(path({ prefix: '/a' }, { uri: '/x' }, '/a/b?q=1'), '/x/b?q=1');
  assert.equal(path({ exact: '/a/b' }, { uri: '/x' }, '/a/b?q=1'), '/x?q=1');
  assert.equal(path({ regex: '/a/.*' }, { uri: '/x' }, '/a/b?q=1'), '/x?q=1');
});

test('without a match on the uri the prefix / is replaced', () => {
  assert.equal(path(undefined, { uri: '/x/' }, '/a/b'), '/x/a/b');
});

test('uriRegexRewrite replaces every match on the path and leaves the query', () => {
  assert.equal(
    path(undefined, { uriRegex: { match: '/(\\w)', rewrite: '/\\1\\1' } }, '/a/b?q=/c'),
    '/aa/bb?q=/c',
  );
  assert.equal(
    path(undefined, { uriRegex: { match: 'a', rewrite: '$1' } }, '/a'),
    '/$1',
    'a dollar is a dollar',
  );
  assert.equal(path(undefined, { uriRegex: { match: 'a', rewrite: '\\\\' } }, '/a'), '/\\');
});

test('the original path is kept in x-envoy-original-path by every rewrite of the path, though it stay the same', () => {
  const changed = rewritten({ rewrite: { uri: '/x/' } });
  assert.equal(changed.headers['x-envoy-original-path'], '/a/b?q=1');
  const same = rewritten({ rewrite: { uri: '/' } });
  assert.equal(same.headers['x-envoy-original-path'], '/a/b?q=1');
  assert.equal(rewritten({ rewrite: { authority: 'x' } }).headers['x-envoy-original-path'], undefined);
});

test('a route that changes nothing returns the request as it is', () => {
  assert.deepEqual(rewritten({}).headers, { a: '1' });
});

test('rewrite.authority beats the authority in headers, and the rule beats the destination', () => {
  const set = (value: string) => ({ request: { set: { host: value } } });
  const destination = (value: string) => [{ cluster: CLUSTER, weight: 1, headers: set(value) }];
  assert.equal(rewritten({ rewrite: { authority: 'r' }, headers: set('h') }).authority, 'r');
  assert.equal(rewritten({ headers: set('h') }, '/', destination('d')).authority, 'h');
  assert.equal(rewritten({}, '/', destination('d')).authority, 'd');
  assert.equal(rewritten({}, '/', destination('d')).headers.host, undefined);
});

test('with several destinations a conflicting set of the rule wins, with one the destination wins', () => {
  const rule = { request: { set: { a: 'rule' } } };
  const destination = { cluster: CLUSTER, weight: 1, headers: { request: { set: { a: 'destination' } } } };
  assert.equal(rewritten({ headers: rule }, '/', [destination, destination]).headers.a, 'rule');
  assert.equal(rewritten({ headers: rule }, '/', [destination]).headers.a, 'destination');
});
