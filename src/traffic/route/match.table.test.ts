/**
 * Every condition of a match, kind by kind. One row a request: does the route take it?
 * @source Istio `route.go` TranslateRouteMatch; Envoy `config_impl.cc`, `header_utility.cc`, `metadata.cc`; spec traffic.md §2.3
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyFields } from '../../base/headers.js';
import { compileRouteTable } from './compile.js';
import { decideRoute } from './decide.js';
import { describeMismatch } from './mismatch.js';
import type { ClaimMatch, NamedMatch, RouteMatch, StringMatch } from './policy.js';
import type { RequestFacts } from './request-parts.js';

type Row = readonly [what: string, match: RouteMatch, facts: Partial<RequestFacts>, taken: boolean];

const header = (name: string, match: StringMatch, invert?: true): RouteMatch => ({
  headers: [{ name, match, ...(invert && { invert }) } satisfies NamedMatch],
});
const without = (match: StringMatch) => header('x', match, true);
const query = (match: StringMatch, name = 'v'): RouteMatch => ({ queryParams: [{ name, match }] });
const claim = (path: string[], match: StringMatch, invert?: true): RouteMatch => ({
  claims: [{ path, match, ...(invert && { invert }) } satisfies ClaimMatch],
});
const uri = (match: StringMatch, ignoreUriCase?: true): RouteMatch => ({
  uri: match,
  ...(ignoreUriCase && { ignoreUriCase }),
});
const x = (value: string | string[]) => ({ headers: { x: value } });
const path = (text: string) => ({ path: text });
const claims = (value: Record<string, unknown> | null) => ({ claims: value });
const PRESENT = { present: true } as const;

const TABLE: readonly Row[] = [
  ['uri exact', uri({ exact: '/a' }), path('/a'), true],
  ['uri exact leaves the query out', uri({ exact: '/a' }), path('/a?x=1'), true],
  ['uri exact cannot ask for a query', uri({ exact: '/a?x=1' }), path('/a?x=1'), false],
  ['uri exact is not a prefix', uri({ exact: '/a' }), path('/a/'), false],
  ['uri exact asks for the case', uri({ exact: '/A' }), path('/a'), false],
  ['uri exact in any case', uri({ exact: '/A' }, true), path('/a'), true],
  ['uri exact in any case, the other way round', uri({ exact: '/a' }, true), path('/A'), true],
  ['any case is a matter of ASCII', uri({ exact: '/ä' }, true), path('/Ä'), false],
  ['a Kelvin sign is not a k', uri({ exact: '/k' }, true), path('/\u212a'), false],
  ['uri prefix is one of characters', uri({ prefix: '/foo' }), path('/foobar'), true],
  ['uri prefix asks for the case', uri({ prefix: '/Foo' }), path('/foo'), false],
  ['uri prefix in any case', uri({ prefix: '/Foo' }, true), path('/fOObar'), true],
  ['uri prefix that ends in the query', uri({ prefix: '/a?' }), path('/a?b'), false],
  ['uri prefix / is every path', uri({ prefix: '/' }), path('/x'), true],
  ['an empty uri prefix is every path', uri({ prefix: '' }), path('/x'), true],
  ['uri regex is the whole path', uri({ regex: '/v[0-9]' }), path('/v1/x'), false],
  ['uri regex leaves the query out', uri({ regex: '/v[0-9]' }), path('/v1?a'), true],
  ['uri regex asks for the case, whatever is said', uri({ regex: '/A' }, true), path('/a'), false],
  ['uri regex may say so itself', uri({ regex: '(?i)/A' }), path('/a'), true],

  ['method', { method: { exact: 'POST' } }, { method: 'POST' }, true],
  ['method asks for the case', { method: { exact: 'post' } }, { method: 'POST' }, false],
  ['method by regex', { method: { regex: 'GET|HEAD' } }, { method: 'HEAD' }, true],
  ['scheme', { scheme: { exact: 'https' } }, { scheme: 'http' }, false],
  ['authority as it was sent', { authority: { exact: 'a' } }, { authority: 'a:80' }, false],
  ['authority with its port', { authority: { exact: 'a:80' } }, { authority: 'a:80' }, true],
  ['authority asks for the case', { authority: { exact: 'A' } }, { authority: 'a' }, false],
  ['authority by prefix', { authority: { prefix: 'a' } }, { authority: 'a:80' }, true],
  ['port', { port: 443 }, { port: 443 }, true],
  ['another port', { port: 443 }, { port: 80 }, false],
  ['all must hold', { method: { exact: 'GET' }, port: 443 }, { method: 'GET', port: 80 }, false],

  ['header', header('x', { exact: 'a' }), x('a'), true],
  ['header asks for the case', header('x', { exact: 'A' }), x('a'), false],
  ['header that is missing', header('x', { exact: 'a' }), {}, false],
  ['header that is missing is not empty', header('x', { regex: '.*' }), {}, false],
  ['header by prefix', header('x', { prefix: 'a' }), x('ab'), true],
  ['header by regex, whole', header('x', { regex: 'a' }), x('ab'), false],
  ['header that is repeated is joined', header('x', { exact: 'a, b' }), x(['a', 'b']), true],
  ['header is present', header('x', PRESENT), x('a'), true],
  ['header is present though empty', header('x', PRESENT), x(''), true],
  ['header is not present', header('x', PRESENT), {}, false],
  ['header with the name of a method', header('constructor', PRESENT), {}, false],

  ['without: missing counts as empty', without({ exact: 'a' }), {}, true],
  ['without: the value', without({ exact: 'a' }), x('a'), false],
  ['without: another value', without({ exact: 'a' }), x('b'), true],
  ['without: a prefix', without({ prefix: 'a' }), x('ab'), false],
  ['without: a regex that takes the empty text takes what is missing', without({ regex: '.*' }), {}, false],
  ['without: a regex that does not', without({ regex: '.+' }), {}, true],
  ['without: absence', without(PRESENT), {}, true],
  ['without: absence, though empty', without(PRESENT), x(''), false],

  ['the method as a header', header(':method', { exact: 'POST' }), { method: 'POST' }, true],
  ['the method as a header, without', header(':method', { exact: 'GET' }, true), { method: 'GET' }, false],
  ['the scheme as a header', header(':scheme', { exact: 'http' }), {}, true],
  ['the authority as a header', header(':authority', { prefix: 'rev' }), {}, true],
  ['host is the authority', header('host', { exact: 'reviews' }), {}, true],
  ['the path as a header has its query', header(':path', { exact: '/a?b=c' }), { path: '/a?b=c' }, true],
  ['a request has no status', header(':status', PRESENT), { headers: { ':status': '200' } }, false],

  ['query parameter', query({ exact: '1' }), path('/?a=0&v=1'), true],
  ['query parameter: the first value counts', query({ exact: '2' }), path('/?v=1&v=2'), false],
  ['query parameter is not decoded', query({ exact: 'a b' }), path('/?v=a%20b'), false],
  ['query parameter asks for the case', query({ exact: 'A' }), path('/?v=a'), false],
  ['query parameter: names ask for the case', query(PRESENT), path('/?V=1'), false],
  ['query parameter by prefix', query({ prefix: '1' }), path('/?v=12'), true],
  ['query parameter by regex, whole', query({ regex: '[0-9]' }), path('/?v=12'), false],
  ['query parameter is present', query(PRESENT), path('/?v'), true],
  ['query parameter is present though empty', query(PRESENT), path('/?v='), true],
  ['query parameter without = is empty', query({ exact: '' }), path('/?v&a'), true],
  ['query parameter: another whose name begins so', query(PRESENT), path('/?vv=1'), false],
  ['query parameter: a value that looks like it', query(PRESENT), path('/?a=v=1'), false],
  ['query parameter: what stands behind the first =', query({ exact: 'a=b' }), path('/?v=a=b'), true],
  ['query parameter: no query', query(PRESENT), path('/v'), false],
  ['query parameter: a name with = is none', query(PRESENT, 'v=1'), path('/?v=1=2'), false],
  ['query parameter: a second ? is text', query({ exact: '1?v=2' }), path('/?v=1?v=2'), true],

  ['claim', claim(['group'], { exact: 'a' }), claims({ group: 'a' }), true],
  ['claim with another value', claim(['group'], { exact: 'a' }), claims({ group: 'b' }), false],
  ['claim: any element of a list', claim(['group'], { exact: 'b' }), claims({ group: ['a', 'b'] }), true],
  ['claim: no element', claim(['group'], { exact: 'c' }), claims({ group: ['a', 'b'] }), false],
  ['claim in a claim', claim(['a', 'b'], { prefix: 'x' }), claims({ a: { b: 'xy' } }), true],
  ['claim in a text', claim(['a', 'b'], PRESENT), claims({ a: 'b' }), false],
  ['claim in a list', claim(['a', '0'], PRESENT), claims({ a: ['b'] }), false],
  ['claim that is missing', claim(['group'], { exact: 'a' }), claims({}), false],
  ['claim without a token', claim(['group'], PRESENT), claims(null), false],
  ['claim that is a number is no text', claim(['n'], { exact: '1' }), claims({ n: 1 }), false],
  ['claim is present', claim(['group'], PRESENT), claims({ group: 'a' }), true],
  ['claim of the prototype', claim(['constructor', 'name'], PRESENT), claims({}), false],
  ['scope is a list in one text', claim(['scope'], { exact: 'b' }), claims({ scope: 'a b' }), true],
  ['other claims are not', claim(['group'], { exact: 'b' }), claims({ group: 'a b' }), false],
  ['without claim: the value', claim(['group'], { exact: 'a' }, true), claims({ group: 'a' }), false],
  ['without claim: one of the list', claim(['g'], { exact: 'a' }, true), claims({ g: ['b', 'a'] }), false],
  ['without claim: another value', claim(['group'], { exact: 'a' }, true), claims({ group: 'b' }), true],
  ['without claim: missing', claim(['group'], { regex: '.*' }, true), claims({}), true],
  ['without claim: no token', claim(['group'], { exact: 'a' }, true), {}, true],
];

for (const [what, match, facts, taken] of TABLE)
  test(`${what}: ${taken ? 'taken' : 'not taken'}`, () => {
    const table = compileRouteTable([
      {
        index: 0,
        name: null,
        match,
        action: { kind: 'directResponse', status: 200, body: '' },
        timeoutMs: null,
        retries: null,
      },
    ]);
    const request: RequestFacts = {
      method: 'GET',
      scheme: 'http',
      authority: 'reviews',
      path: '/',
      headers: emptyFields(),
      port: 80,
      ...facts,
    };
    let why: string | null = null;
    const verdict = decideRoute(
      table,
      request,
      { next: () => 0 },
      {
        matched: () => {},
        skipped: (_route, failed) => {
          why = describeMismatch(failed, request);
        },
      },
    );
    assert.equal(verdict.kind === 'directResponse', taken, why ?? '');
    assert.equal(why === null, taken);
  });
