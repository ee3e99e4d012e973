import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HeaderFields } from '../../base/headers.js';
import type { HeaderPolicy } from '../headers/policy.js';
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

/** @source Istio `route.go` applyHTTPRouteDestination; Envoy currentUrlPathAfterRewrite; spec traffic.md §2.5 */
const URIS: readonly [
  what: string,
  uri: StringMatch | undefined,
  to: string,
  from: string,
  result: string,
][] = [
  ['a prefix', { prefix: '/a' }, '/x', '/a/b?q=1', '/x/b?q=1'],
  ['a prefix with a slash, by one without', { prefix: '/a/' }, '/x', '/a/b', '/xb'],
  ['a prefix without a slash, by one with', { prefix: '/a' }, '/x/', '/a/b', '/x//b'],
  ['a prefix by /', { prefix: '/a' }, '/', '/a/b', '//b'],
  ['a prefix in another case', { prefix: '/A' }, '/x', '/a/b', '/x/b'],
  ['an empty prefix', { prefix: '' }, '/x', '/a', '/x/a'],
  ['the prefix /', { prefix: '/' }, '/x', '/a', '/xa'],
  ['an exact path', { exact: '/a/b' }, '/x', '/a/b?q=1', '/x?q=1'],
  ['what a regex matched: the whole path', { regex: '/a/.*' }, '/x', '/a/b?q=1', '/x?q=1'],
  ['nothing asked of the path: the first slash', undefined, '/x/', '/a/b', '/x/a/b'],
  ['any path: the first slash', { present: true }, '/x/', '/a/b', '/x/a/b'],
  ['an empty rewrite leaves the path', { prefix: '/a' }, '', '/a/b', '/a/b'],
];
for (const [what, uri, to, from, result] of URIS)
  test(`rewrite.uri replaces ${what}`, () => {
    const match = { ...(uri !== undefined && { uri }), ignoreUriCase: true as const };
    assert.equal(rewritten({ match, rewrite: { uri: to } }, from).path, result);
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

const host = (value: string, verb: 'set' | 'add' = 'set') => ({ request: { [verb]: { host: value } } });
const cluster = (headers?: HeaderPolicy): RouteDestination => ({
  cluster: CLUSTER,
  weight: 1,
  ...(headers && { headers }),
});

/** @source Istio `route.go` applyHTTPRouteDestination, TranslateHeadersOperations; spec traffic.md §2.6.4 */
const AUTHORITIES: readonly [
  what: string,
  parts: Partial<EffectiveRoute>,
  to: RouteDestination[],
  authority: string,
][] = [
  ['nothing', {}, [cluster()], 'reviews'],
  ['rewrite', { rewrite: { authority: 'r' } }, [cluster()], 'r'],
  ['rewrite before headers', { rewrite: { authority: 'r' }, headers: host('h') }, [cluster(host('d'))], 'r'],
  ['headers.set', { headers: host('h') }, [cluster()], 'h'],
  ['headers.add', { headers: host('h', 'add') }, [cluster()], 'h'],
  [
    'set before add',
    { headers: { request: { ...host('s').request, ...host('a', 'add').request } } },
    [cluster()],
    's',
  ],
  ['the rule before its destination', { headers: host('h') }, [cluster(host('d'))], 'h'],
  ['the destination', {}, [cluster(host('d'))], 'd'],
  ['one of several destinations', {}, [cluster(host('d')), cluster()], 'd'],
  ['the rule before one of several', { headers: host('h') }, [cluster(host('d')), cluster()], 'h'],
  [
    'an empty rewrite is none',
    { rewrite: { authority: '', uri: '/x' }, headers: host('h') },
    [cluster()],
    'h',
  ],
];
for (const [what, parts, to, authority] of AUTHORITIES)
  test(`the authority is that of: ${what}`, () => {
    const result = rewritten(parts, '/', to);
    assert.equal(result.authority, authority);
    assert.equal(result.headers.host, undefined);
  });

test('with several destinations a conflicting set of the rule wins, with one the destination wins', () => {
  const rule = { request: { set: { a: 'rule' } } };
  const destination = { cluster: CLUSTER, weight: 1, headers: { request: { set: { a: 'destination' } } } };
  assert.equal(rewritten({ headers: rule }, '/', [destination, destination]).headers.a, 'rule');
  assert.equal(rewritten({ headers: rule }, '/', [destination]).headers.a, 'destination');
});
