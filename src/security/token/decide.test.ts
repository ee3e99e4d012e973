import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HeaderFields } from '../../base/headers.js';
import {
  type Accepted,
  acceptTokens,
  changeFields,
  compileTokens,
  examineTokens,
  hideTokens,
  rejectTokens,
  type TokenRequest,
} from './decide.js';
import { ISSUER, NOW, rule, unsigned } from './fixtures.test.js';
import type { EffectiveTokenRule, JwtRuleSpec } from './policy.js';

const CLAIMS = { iss: ISSUER, sub: 'alice', exp: NOW + 60 };
const token = (claims: object = {}) => unsigned({ alg: 'RS256' }, { ...CLAIMS, ...claims });

function request(headers: HeaderFields = {}, path = '/', method = 'GET'): TokenRequest {
  return { method, scheme: 'https', authority: 'reviews:9080', path, headers };
}
const bearer = (text: string): TokenRequest => request({ authorization: `Bearer ${text}` });

function examine(rules: readonly EffectiveTokenRule[], asked: TokenRequest, now = NOW) {
  const examined = examineTokens(compileTokens(rules)!, asked, now);
  return examined.kind === 'reject' ? examined.fault : examined.candidates.length;
}

/** The end, for a request whose tokens are signed as they should be. */
function accept(spec: JwtRuleSpec, asked: TokenRequest) {
  const compiled = compileTokens([rule(spec)])!;
  const examined = examineTokens(compiled, asked, NOW);
  if (examined.kind === 'reject') return assert.fail(examined.fault);
  const accepted: Accepted[] = examined.candidates.map((candidate) => ({
    ...candidate,
    rule: candidate.rules[0]!,
  }));
  return acceptTokens(compiled, accepted, asked);
}

test('without rules nobody looks for tokens', () => {
  assert.equal(compileTokens(undefined), null);
  assert.equal(compileTokens([]), null);
});

test('a request without a token is let through as nobody, unless a rule requires one', () => {
  assert.equal(examine([rule({})], request()), 0);
  const { principal, claims, compared } = accept({}, request());
  assert.deepEqual([principal, claims, compared], [null, null, null]);
  assert.equal(examine([rule({ presence: 'REQUIRED' })], request()), 'missing');
  assert.equal(examine([rule({ presence: 'REQUIRED' })], bearer(token())), 1);
});

test('a rule that requires a token is not content with one elsewhere', () => {
  const rules = [rule({ presence: 'REQUIRED', fromHeaders: [{ name: 'x-a' }] }), rule({ issuer: 'b' })];
  assert.equal(examine(rules, bearer(token({ iss: 'b' }))), 'missing');
});

test('the default places are the header authorization after Bearer, and the parameter access_token', () => {
  const text = token();
  for (const [asked, found] of [
    [bearer(text), 1],
    [request({}, `/a?access_token=${text}`), 1],
    [request({}, `/a?b=1&%61ccess_token=${text}`), 1],
    [request({ authorization: `Basic ${text}` }), 0],
    [request({ authorization: `bearer ${text}` }), 0],
    [request({ cookie: `access_token=${text}` }), 0],
    [request({}, `/access_token=${text}`), 0],
  ] as const)
    assert.equal(examine([rule({})], asked), found);
});

test('places that a rule names replace the default ones', () => {
  const text = token();
  const spec = {
    fromHeaders: [{ name: 'X-Jwt-Token', prefix: 'Value ' }, { name: 'X-Bare' }],
    fromParams: ['token'],
    fromCookies: ['session'],
  };
  for (const [asked, found] of [
    [bearer(text), 0],
    [request({ 'x-jwt-token': `Value ${text}` }), 1],
    [request({ 'x-jwt-token': text }), 0],
    [request({ 'x-bare': text }), 1],
    [request({}, `/?token=${text}`), 1],
    [request({}, `/?token_value=${text}`), 0],
    [request({ cookie: `a=b; session=${text}; c=d` }), 1],
    [request({ cookie: `session="${text}"` }), 1],
    [request({ 'x-bare': text, cookie: `session=${text}` }, `/?token=${text}`), 3],
  ] as const)
    assert.equal(examine([rule(spec)], asked), found);
});

test('one token that is not good refuses the request, however good another one is', () => {
  const [good, expired] = [token(), token({ exp: NOW - 61 })];
  const asked = request({ authorization: `Bearer ${good}` }, `/?access_token=${expired}`);
  assert.equal(examine([rule({})], asked), 'expired');
  assert.equal(examine([rule({})], request({}, `/?access_token=${good}&access_token=${expired}`)), 'expired');
  const both = [rule({}), rule({ issuer: 'b', fromHeaders: [{ name: 'x-b' }] })];
  const mixed = request({ authorization: `Bearer ${good}`, 'x-b': 'no token' });
  assert.equal(examine(both, mixed), 'format');
});

test('what is wrong with a token is said in the order of issuer, time and audience', () => {
  const rules = [rule({ audiences: ['reviews'] })];
  const now = { iss: ISSUER, nbf: NOW, exp: NOW, aud: 'reviews' };
  const said = (claims: object) => examine(rules, bearer(unsigned({ alg: 'RS256' }, { ...now, ...claims })));
  assert.equal(said({}), 1);
  assert.equal(said({ iss: 'other', exp: 1, aud: 'x' }), 'issuer');
  assert.equal(said({ exp: NOW - 61, aud: 'x' }), 'expired');
  assert.equal(said({ nbf: NOW + 61, aud: 'x' }), 'notYet');
  assert.equal(said({ aud: 'x' }), 'audience');
  assert.equal(said({ aud: undefined }), 'audience');
  assert.equal(said({ iss: undefined }), 'issuer');
});

test('clocks may be a minute apart', () => {
  const at = (claims: object) => examine([rule({})], bearer(token(claims)));
  assert.equal(at({ exp: NOW - 60 }), 1);
  assert.equal(at({ exp: NOW - 61 }), 'expired');
  assert.equal(at({ nbf: NOW + 60 }), 1);
  assert.equal(at({ nbf: NOW + 61 }), 'notYet');
  assert.equal(at({ exp: undefined }), 1);
});

test('a scheme before it and a slash behind it do not make an audience another one', () => {
  const said = (wanted: string, aud: unknown) =>
    examine([rule({ audiences: [wanted] })], bearer(token({ aud })));
  assert.equal(said('https://a.example/', 'a.example'), 1);
  assert.equal(said('a.example', ['b', 'http://a.example']), 1);
  assert.equal(said('a.example', 'a.example.evil'), 'audience');
  assert.equal(said('a.example', []), 'audience');
});

test('of several rules one has to fit; the nearest miss is what is said', () => {
  const rules = [
    rule({ audiences: ['foo'] }),
    rule({ issuer: 'b', audiences: ['bar'] }),
    rule({ issuer: 'b' }),
  ];
  assert.equal(examine(rules, bearer(token())), 'audience');
  assert.equal(examine(rules, bearer(token({ aud: 'foo' }))), 1);
  assert.equal(examine(rules, bearer(token({ iss: 'b' }))), 1);
  assert.equal(examine(rules, bearer(token({ iss: 'c' }))), 'issuer');
});

test('a rule without an issuer takes the tokens of all', () => {
  assert.equal(examine([rule({ issuer: '', jwksUri: 'https://x/keys' })], bearer(token({ iss: 'any' }))), 1);
});

test('a preflight is let through whatever it carries, and only a whole one is one', () => {
  const headers = { authorization: 'Bearer x', origin: 'https://a', 'access-control-request-method': 'POST' };
  assert.equal(examine([rule({ presence: 'REQUIRED' })], request({ ...headers }, '/', 'OPTIONS')), 0);
  assert.equal(examine([rule({})], request({ ...headers }, '/', 'GET')), 'format');
  assert.equal(examine([rule({})], request({ ...headers, origin: '' }, '/', 'OPTIONS')), 'format');
});

test('more tokens than anyone sends are refused before they cost anything', () => {
  const many = `/?${Array.from({ length: 9 }, () => `access_token=${token()}`).join('&')}`;
  assert.equal(examine([rule({})], request({}, many)), 'many');
});

test('a good token says who asks, is taken out, and fills the headers that the rule names', () => {
  const spec = {
    outputPayloadToHeader: 'X-Payload',
    outputClaimToHeaders: [
      { header: 'X-Sub', claim: 'sub' },
      { header: 'X-Key', claim: 'nested.nested-2.key2' },
      { header: 'X-Exp', claim: 'exp' },
      { header: 'X-Half', claim: 'half' },
      { header: 'X-Admin', claim: 'admin' },
      { header: 'X-None', claim: 'nested' },
      { header: 'X-Name', claim: 'name' },
      { header: 'X-Bad', claim: 'bad' },
    ],
  };
  const claims = {
    nested: { 'nested-2': { key2: 'C' } },
    half: 0.5,
    admin: true,
    name: 'é',
    bad: 'a\r\nb: c',
  };
  const text = token(claims);
  const asked = request({ authorization: `Bearer ${text}`, 'x-none': 'forged', 'x-sub': 'forged' });
  const { principal, remove, set } = accept(spec, asked);
  assert.equal(principal, `${ISSUER}/alice`);
  assert.deepEqual(
    { ...set },
    {
      'x-payload': text.split('.')[1],
      'x-sub': 'alice',
      'x-key': 'C',
      'x-exp': String(NOW + 60),
      'x-half': '0.500000',
      'x-admin': 'true',
      // In the bytes of UTF-8, as a field would have arrived.
      'x-name': 'Ã©',
    },
  );
  assert.deepEqual([...remove].sort(), ['authorization', 'x-none']);
  changeFields(asked.headers, { remove, set, path: '/' });
  assert.equal(asked.headers['x-sub'], 'alice');
  assert.equal('authorization' in asked.headers, false);
});

test('headers that only we write are taken off a request without a token, too', () => {
  const spec = { outputClaimToHeaders: [{ header: 'x-sub', claim: 'sub' }] };
  assert.deepEqual(accept(spec, request({ 'x-sub': 'forged' })).remove, ['x-sub']);
});

test('a token in the query is taken out of it, and nothing else is; a cookie stays', () => {
  const text = token();
  assert.equal(accept({}, request({}, `/a?b=1&access_token=${text}&c=%2F`)).path, '/a?b=1&c=%2F');
  assert.equal(accept({}, request({}, `/a?access_token=${text}`)).path, '/a');
  const cookie = request({ cookie: `s=${text}` });
  assert.deepEqual(accept({ fromCookies: ['s'] }, cookie).remove, []);
  const forwarded = accept({ forwardOriginalToken: true }, request({}, `/a?access_token=${text}`));
  assert.equal(forwarded.path, `/a?access_token=${text}`);
});

test('claims that are lists in one text are lists to rules, and texts to handlers', () => {
  const claims = { scope: 'a b', permission: 'c', groups: 'd e', deep: { roles: 'f g' } };
  const spec = { spaceDelimitedClaims: ['groups', 'deep.roles'] };
  const end = accept(spec, bearer(token(claims)));
  assert.deepEqual(end.compared?.scope, ['a', 'b']);
  assert.deepEqual(end.compared?.permission, ['c']);
  assert.deepEqual(end.compared?.groups, ['d', 'e']);
  assert.deepEqual({ ...(end.compared?.deep as object) }, { roles: ['f', 'g'] });
  assert.equal(end.claims?.scope, 'a b');
});

test('a refusal says what Envoy says, with 403 for an audience and 401 for all else', () => {
  const asked = request({}, '/a"b?access_token=secret');
  const said = rejectTokens('expired', 'default/tokens', asked);
  assert.deepEqual(said, {
    kind: 'reject',
    status: 401,
    body: 'Jwt is expired',
    challenge: 'Bearer realm="https://reviews:9080/a%22b", error="invalid_token"',
    because: 'jwt_authn_access_denied{Jwt_is_expired}',
    policy: 'default/tokens',
  });
  assert.equal(rejectTokens('missing', null, asked).challenge, 'Bearer realm="https://reviews:9080/a%22b"');
  const audience = rejectTokens('audience', null, asked);
  assert.deepEqual([audience.status, audience.body], [403, 'Audiences in Jwt are not allowed']);
});

test('logs get the path without the token', () => {
  const compiled = compileTokens([rule({ fromParams: ['jwt'] })])!;
  assert.equal(hideTokens(compiled, '/a?b=1&jwt=secret&j%77t=x'), '/a?b=1&jwt=REDACTED&j%77t=REDACTED');
  assert.equal(hideTokens(compiled, '/a?b=1'), '/a?b=1');
});
