import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { unsigned } from './fixtures.test.js';
import { MAX_TOKEN_LENGTH, parseToken } from './parse.js';

const HEADER = { alg: 'RS256' };
const raw = (text: string) => Buffer.from(text, 'latin1').toString('base64url');

test('what is wrong with a text that is no token is said by name', () => {
  for (const [text, fault] of [
    ['', 'format'],
    ['a.b', 'format'],
    ['a.b.c.d', 'format'],
    ['a..c', 'format'],
    [unsigned(HEADER, {}, ''), 'format'],
    ['x'.repeat(MAX_TOKEN_LENGTH + 1), 'format'],
    ['a!.b.c', 'headerBase64'],
    ['a=.b.c', 'headerBase64'],
    ['abcde.b.c', 'headerBase64'],
    [`${raw('no')}.b.c`, 'headerJson'],
    [`${raw('[]')}.b.c`, 'headerJson'],
    [`${raw('\xff')}.b.c`, 'headerJson'],
    [unsigned({}, {}), 'headerAlg'],
    [unsigned({ alg: 1 }, {}), 'headerAlg'],
    [unsigned({ alg: 'none' }, {}), 'algorithm'],
    [unsigned({ alg: 'NONE' }, {}), 'algorithm'],
    [unsigned({ alg: 'rs256' }, {}), 'algorithm'],
    [unsigned({ alg: 'RSA-OAEP' }, {}), 'algorithm'],
    [unsigned({ ...HEADER, kid: 1 }, {}), 'headerKid'],
    [`${raw('{"alg":"RS256"}')}.!.c`, 'payloadBase64'],
    [`${raw('{"alg":"RS256"}')}.${raw('1')}.c`, 'payloadJson'],
    [unsigned(HEADER, { iss: 1 }), 'iss'],
    [unsigned(HEADER, { sub: null }), 'sub'],
    [unsigned(HEADER, { iat: '1' }), 'iat'],
    [unsigned(HEADER, { nbf: -1 }), 'nbfRange'],
    [unsigned(HEADER, { exp: '9999999999' }), 'exp'],
    [unsigned(HEADER, { exp: 1e30 }), 'expRange'],
    [unsigned(HEADER, { jti: {} }), 'jti'],
    [unsigned(HEADER, { aud: ['a', 1] }), 'aud'],
    [unsigned(HEADER, {}, '!'), 'signatureBase64'],
  ] as const)
    assert.equal(parseToken(text), fault, text.slice(0, 80));
});

test('a token is taken apart', () => {
  const parsed = parseToken(unsigned({ ...HEADER, kid: 'k' }, { iss: 'i', aud: 'a', exp: 2, nbf: 1 }));
  assert.ok(typeof parsed === 'object');
  const { alg, kid, issuer, audiences, expires, notBefore } = parsed;
  assert.deepEqual(
    { alg, kid, issuer, audiences, expires, notBefore },
    {
      alg: 'RS256',
      kid: 'k',
      issuer: 'i',
      audiences: ['a'],
      expires: 2,
      notBefore: 1,
    },
  );
});

test('names that every object has are claims only if they were written', () => {
  const parsed = parseToken(`${raw('{"alg":"RS256"}')}.${raw('{"__proto__":{"sub":"root"}}')}.AA`);
  assert.ok(typeof parsed === 'object');
  assert.equal(parsed.claims.sub, undefined);
  assert.equal(parsed.claims.constructor, undefined);
});

test('no text makes the parser throw', () => {
  const parts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json().map((text) => Buffer.from(text).toString('base64url')),
    fc.constantFrom(raw('{"alg":"RS256"}'), raw('{"alg":"none"}'), '', '.', '='),
  );
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 5 }), (list) => {
      const parsed = parseToken(list.join('.'));
      if (typeof parsed === 'object') assert.notEqual(parsed.alg, 'none');
    }),
  );
});
