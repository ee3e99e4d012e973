import assert from 'node:assert/strict';
import { createHmac, createPublicKey, type JsonWebKey } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JWK } from 'jose';
import { ISSUER, jwks, NOW, TestKey, tamper, unsigned } from './fixtures.test.js';
import { readJwks } from './jwks-text.js';
import { KeySet, type SignedToken } from './key-set.js';
import { parseToken } from './parse.js';

function setOf(...keys: (TestKey | JWK)[]): KeySet {
  const read = readJwks(jwks(...keys));
  assert.ok(typeof read !== 'string', String(read));
  return new KeySet(read);
}

function parsed(text: string): SignedToken {
  const token = parseToken(text);
  assert.ok(typeof token !== 'string', String(token));
  return { ...token, text };
}

test('every kind of signature is verified by its own key, and by no other', async () => {
  const algorithms = ['RS256', 'PS384', 'RS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
  const keys = await Promise.all(algorithms.map((alg) => TestKey.create(alg, alg)));
  const all = setOf(...keys);
  for (const key of keys) {
    const token = parsed(await key.sign());
    assert.equal(await all.verify(token), null, key.alg);
    assert.equal(await setOf(...keys.filter((one) => one !== key)).verify(token), 'noKey');
  }
});

test('a token is not good any more once one letter of it is another', async () => {
  const key = await TestKey.create('k');
  const token = await key.sign({ role: 'user' });
  for (const part of [0, 1, 2]) {
    const changed = parseToken(tamper(token, part));
    // A changed head or claim may be no token at all.
    if (typeof changed === 'string') continue;
    assert.notEqual(await setOf(key).verify(parsed(tamper(token, part))), null, `part ${part}`);
  }
});

test('the public half of an RSA or EC key is no secret to sign with', async () => {
  for (const alg of ['RS256', 'ES256']) {
    const key = await TestKey.create('k', alg);
    const { alg: _alg, ...bare } = key.jwk;
    const spki = createPublicKey({ key: key.jwk as JsonWebKey, format: 'jwk' });
    for (const secret of [
      spki.export({ type: 'spki', format: 'pem' }),
      spki.export({ type: 'spki', format: 'der' }),
      JSON.stringify(key.jwk),
      String(key.jwk.n ?? key.jwk.x),
    ]) {
      const head = unsigned({ alg: 'HS256', kid: 'k' }, { iss: ISSUER, sub: 'root', exp: NOW + 60 });
      const input = head.slice(0, head.lastIndexOf('.'));
      const forged = `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
      for (const jwk of [key.jwk, bare]) assert.notEqual(await setOf(jwk).verify(parsed(forged)), null);
    }
  }
});

test('an HMAC is verified by a secret that is one, and by no other', async () => {
  const secret = Buffer.alloc(32, 7);
  const input = unsigned({ alg: 'HS256' }, { iss: ISSUER }).split('.').slice(0, 2).join('.');
  const token = parsed(`${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`);
  assert.equal(await setOf({ kty: 'oct', k: secret.toString('base64url') }).verify(token), null);
  const wrong = Buffer.alloc(32, 8).toString('base64url');
  assert.equal(await setOf({ kty: 'oct', k: wrong }).verify(token), 'signature');
  assert.equal(await setOf({ kty: 'oct', k: wrong, alg: 'HS512' }).verify(token), 'noKey');
});

test('a key that names its algorithm verifies no other, and an EC key none of another curve', async () => {
  const key = await TestKey.create('k', 'RS256');
  const token = parsed(await key.sign());
  assert.equal(await setOf({ ...key.jwk, alg: 'RS384' }).verify(token), 'noKey');
  const curve = await TestKey.create('k', 'ES256');
  const foreign = parsed(await (await TestKey.create('k', 'ES384')).sign());
  const { alg: _alg, ...bare } = curve.jwk;
  assert.equal(await setOf(bare).verify(foreign), 'signature');
});

test('without a name of the key, all are tried', async () => {
  const [one, other] = [await TestKey.create('one'), await TestKey.create('other')];
  const token = parsed(await other.sign({}, { kid: undefined }));
  assert.equal(await setOf(one, other).verify(token), null);
  assert.equal(await setOf(one).verify(token), 'signature');
  const { kid: _kid, ...nameless } = other.jwk;
  assert.equal(await setOf(nameless).verify(parsed(await other.sign())), null);
});

test('a token that does not name its key is tried with sixteen keys of its kind, and no more', async () => {
  const [own, ...others] = await Promise.all(Array.from({ length: 17 }, () => TestKey.create('k')));
  const foreign = await TestKey.create('k', 'RS256');
  const token = parsed(await own!.sign({}, { kid: undefined }));
  assert.equal(await setOf(...others.slice(0, 15), foreign, own!).verify(token), null);
  assert.equal(await setOf(...others, own!).verify(token), 'signature');
});

test('keys for something other than signatures, and what is no key, verify nothing', async () => {
  const key = await TestKey.create('k');
  const token = parsed(await key.sign());
  assert.equal(await setOf({ ...key.jwk, use: 'enc' }).verify(token), 'noKeys');
  assert.equal(await setOf({ ...key.jwk, key_ops: ['encrypt'] }).verify(token), 'noKeys');
  assert.equal(await setOf({ kty: 'new' } as JWK).verify(token), 'noKeys');
  assert.equal(await setOf({ ...key.jwk, x: 'AAAA' } as JWK).verify(token), 'signature');
  assert.equal(await setOf({ kty: 'new' } as JWK, key).verify(token), null);
});

test('a token that must be understood in a way that is not known here is not good', async () => {
  const key = await TestKey.create('k');
  const token = await key.sign();
  const { jwk } = key;
  const head = Buffer.from(JSON.stringify({ alg: 'ES256', kid: 'k', crit: ['new'], new: 1 })).toString(
    'base64url',
  );
  const [, payload, signature] = token.split('.');
  assert.equal(await setOf(jwk).verify(parsed(`${head}.${payload}.${signature}`)), 'signature');
});

test('what was verified is remembered, the longest unused forgotten first', async () => {
  const set = setOf(await TestKey.create('k'));
  for (let index = 0; index < 2_000; index += 1) set.remember(`h${index}`);
  assert.equal(set.remembers('h0'), true);
  set.remember('new');
  assert.equal(set.remembers('h0'), true);
  assert.equal(set.remembers('h1'), false);
});

test('no token that somebody without a key makes up is good', async () => {
  const [rsa, ec] = [await TestKey.create('r', 'RS256'), await TestKey.create('e')];
  const good = [await rsa.sign(), await ec.sign()];
  const set = setOf(rsa, ec);
  const parts = fc.oneof(
    fc.constantFrom(...good.flatMap((token) => token.split('.'))),
    fc.json().map((text) => Buffer.from(text).toString('base64url')),
    fc
      .record({
        alg: fc.constantFrom('none', 'HS256', 'RS256', 'ES256', 'EdDSA'),
        kid: fc.constantFrom('r', 'e', ''),
      })
      .map((head) => Buffer.from(JSON.stringify(head)).toString('base64url')),
    fc.base64String().map((text) => text.replace(/=/g, '').replaceAll('+', '-').replaceAll('/', '_')),
  );
  await fc.assert(
    fc.asyncProperty(parts, parts, parts, async (...three) => {
      const text = three.join('.');
      if (good.includes(text)) return;
      const token = parseToken(text);
      if (typeof token !== 'string') assert.notEqual(await set.verify({ ...token, text }), null, text);
    }),
    { numRuns: 300 },
  );
});
