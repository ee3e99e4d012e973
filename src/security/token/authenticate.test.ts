import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { FakeClock } from '../../base/testing.js';
import { compileTokens, type TokenRequest, type TokenVerdict } from './decide.js';
import { ISSUER, jwks, NOW, rule, TestKey, unsigned } from './fixtures.test.js';
import { TokenAuthenticator } from './index.js';
import type { JwtRuleSpec } from './policy.js';

let one: TestKey;
let other: TestKey;
before(async () => {
  [one, other] = [await TestKey.create('one'), await TestKey.create('other')];
});

const compiled = (...specs: JwtRuleSpec[]) =>
  compileTokens(specs.map((spec, index) => rule(spec, `default/rule-${index}`)))!;

function request(token: string, path = '/'): TokenRequest {
  return {
    method: 'GET',
    scheme: 'http',
    authority: 'a',
    path,
    headers: { authorization: `Bearer ${token}` },
  };
}

function authenticator(answers: Readonly<Record<string, string>> = {}) {
  const clock = new FakeClock();
  const asked: string[] = [];
  const fetch = (url: string) => {
    asked.push(url);
    const text = answers[url];
    return text === undefined ? Promise.reject(new Error('away')) : Promise.resolve(text);
  };
  return { clock, asked, tokens: new TokenAuthenticator({ clock, fetch, warn: () => {} }) };
}

function said(verdict: TokenVerdict): string {
  return verdict.kind === 'accept' ? String(verdict.principal) : verdict.body;
}

test('of two rules for one issuer, either one with the key is enough', async () => {
  const { tokens } = authenticator();
  const rules = compiled({ jwks: jwks(one) }, { jwks: jwks(other) });
  for (const key of [one, other])
    assert.equal(said(await tokens.authenticate(rules, request(await key.sign()))), `${ISSUER}/alice`);
});

test('a rule whose keys cannot be had does not stand in the way of one whose can', async () => {
  const { tokens } = authenticator({ 'https://b/keys': jwks(one) });
  const rules = compiled({ jwksUri: 'https://a/keys' }, { jwksUri: 'https://b/keys' });
  assert.equal(said(await tokens.authenticate(rules, request(await one.sign()))), `${ISSUER}/alice`);
  assert.equal(
    said(await tokens.authenticate(compiled({ jwksUri: 'https://a/keys' }), request(await one.sign()))),
    'Jwks remote fetch is failed',
  );
});

test('what was verified stays so when rules change, and is decided at once', async () => {
  const { tokens, asked } = authenticator({ 'https://a/keys': jwks(one) });
  const token = await one.sign();
  await tokens.authenticate(compiled({ jwksUri: 'https://a/keys' }), request(token));
  const verdict = tokens.authenticate(
    compiled({ jwksUri: 'https://a/keys', audiences: ['x'] }),
    request(token),
  );
  assert.ok(!(verdict instanceof Promise));
  assert.equal(said(verdict), 'Audiences in Jwt are not allowed');
  const again = tokens.authenticate(compiled({ jwksUri: 'https://a/keys' }), request(token));
  assert.ok(!(again instanceof Promise));
  assert.equal(again.kind, 'accept');
  assert.deepEqual(asked, ['https://a/keys']);
});

test('a token that was verified is refused all the same once its time is over', async () => {
  const { tokens, clock } = authenticator();
  const rules = compiled({ jwks: jwks(one) });
  const token = await one.sign({ exp: NOW + 10 });
  assert.equal((await tokens.authenticate(rules, request(token))).kind, 'accept');
  clock.advance(71_000);
  assert.equal(said(await tokens.authenticate(rules, request(token))), 'Jwt is expired');
});

test('keys that were taken back verify nothing, whatever was remembered of them', async () => {
  const answers: Record<string, string> = { 'https://a/keys': jwks(one) };
  const { tokens, clock } = authenticator(answers);
  const rules = compiled({ jwksUri: 'https://a/keys' });
  const token = await one.sign();
  assert.equal((await tokens.authenticate(rules, request(token))).kind, 'accept');
  answers['https://a/keys'] = jwks(other);
  clock.advance(40 * 60_000);
  const late = await tokens.authenticate(rules, request(token));
  assert.equal(said(late), "Jwks doesn't have key to match kid or alg from Jwt");
});

test('a token that names no key may be signed by one that is newer than those at hand', async () => {
  const answers: Record<string, string> = { 'https://a/keys': jwks(one) };
  const { tokens, asked } = authenticator(answers);
  const rules = compiled({ jwksUri: 'https://a/keys' });
  await tokens.authenticate(rules, request(await one.sign()));
  answers['https://a/keys'] = jwks(one, other);
  const nameless = await other.sign({}, { kid: undefined });
  assert.equal((await tokens.authenticate(rules, request(nameless))).kind, 'accept');
  assert.equal(asked.length, 2);
});

test('many forged tokens with unknown keys cause one fetch', async () => {
  const { tokens, asked } = authenticator({ 'https://a/keys': jwks(one) });
  const rules = compiled({ jwksUri: 'https://a/keys' });
  await tokens.authenticate(rules, request(await one.sign()));
  const claims = { iss: ISSUER, sub: 'root' };
  for (let count = 0; count < 20; count += 1) {
    const forged = unsigned({ alg: 'ES256', kid: `k${count}` }, claims);
    assert.equal((await tokens.authenticate(rules, request(forged))).kind, 'reject');
  }
  assert.equal(asked.length, 2);
});

test('whatever a stranger sends, the answer is a refusal or nobody, and never an error', async () => {
  const { tokens } = authenticator();
  const spec = {
    fromHeaders: [{ name: 'authorization', prefix: 'Bearer ' }],
    fromParams: ['t'],
    fromCookies: ['c'],
  };
  const rules = compiled({ ...spec, jwks: jwks(one) });
  const token = await one.sign();
  const good = token.split('.');
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('Bearer ', 'Bearer', '?t=', '&t', 't=%', 'c="', 'c=;', '..', ...good),
    fc.json().map((text) => Buffer.from(text).toString('base64url')),
  );
  const joined = fc.array(texts, { maxLength: 6 }).map((parts) => parts.join(''));
  const property = fc.asyncProperty(joined, joined, joined, async (authorization, cookie, query) => {
    const asked = { ...request(''), headers: { authorization, cookie }, path: `/?${query}` };
    const verdict = await tokens.authenticate(rules, asked);
    if ([authorization, cookie, query].some((text) => text.includes(token))) return;
    if (verdict.kind === 'accept') assert.equal(verdict.claims, null);
    else assert.match(verdict.challenge, /^Bearer realm="[\x21\x23-\x7e]*"(, error="invalid_token")?$/);
  });
  await fc.assert(property, { numRuns: 300 });
});
