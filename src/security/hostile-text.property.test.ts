import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { isMeshError } from '../base/errors.js';
import { SpiffeId } from '../model/spiffe-id.js';
import { readSpiffeBundle } from './bundle/spiffe-bundle.js';
import { readJwks } from './token/jwks-text.js';
import { KeySet } from './token/key-set.js';
import { parseToken } from './token/parse.js';

/** Texts that a network may bring: anything at all, and good ones with members exchanged. Nothing but a refusal may come of it. */

const RUNS = { seed: 20_261_123, numRuns: 1_000 };
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.json({ maxDepth: 4 }),
  fc.string({ maxLength: 300 }),
);
const base64url = fc
  .base64String({ maxLength: 60 })
  .map((one) => Buffer.from(one, 'base64').toString('base64url'));
const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.string(), base64url);

/** A key with members of any kind, good names among them. */
const key = fc.record(
  {
    kty: fc.oneof(fc.constantFrom('RSA', 'EC', 'OKP', 'oct', '__proto__'), value),
    kid: value,
    alg: fc.oneof(fc.constantFrom('RS256', 'ES256', 'EdDSA', 'none', 'HS256'), value),
    use: fc.oneof(fc.constantFrom('sig', 'enc', 'x509-svid', 'jwt-svid'), value),
    key_ops: value,
    crv: fc.oneof(fc.constantFrom('P-256', 'P-384', 'Ed25519', 'constructor'), value),
    x: value,
    y: value,
    n: value,
    e: value,
    d: value,
    k: value,
    x5c: fc.oneof(fc.array(fc.oneof(base64url, value), { maxLength: 3 }), value),
  },
  { requiredKeys: [] },
);
const keys = fc.oneof(fc.array(fc.oneof(key, value), { maxLength: 5 }), value);
const members = { keys, spiffe_sequence: value, spiffe_refresh_hint: value };
const document = fc.record(members, { requiredKeys: [] }).map((one) => JSON.stringify(one));

function refusesOr<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    assert.ok(isMeshError(error), String(error));
    return undefined;
  }
}

test('no text makes a reader of key sets throw, strict or not, and no key of it takes the process down', () => {
  fc.assert(
    fc.property(fc.oneof(document, text), fc.boolean(), (input, strict) => {
      const read = readJwks(input, strict);
      if (typeof read === 'string') return;
      for (const one of read) assert.ok(['RSA', 'EC', 'OKP', 'oct'].includes(one.kty));
      assert.ok(new KeySet(read));
    }),
    RUNS,
  );
});

test('no text is a SPIFFE bundle but one with at least a root, and nothing but a MeshError is thrown', () => {
  fc.assert(
    fc.property(fc.oneof(document, text), (input) => {
      const bundle = refusesOr(() => readSpiffeBundle('td', input));
      if (bundle !== undefined) assert.equal(bundle.trustDomain, 'td');
    }),
    RUNS,
  );
});

test('no text makes the reader of tokens throw: it is a token, or it is said why not', () => {
  const part = fc.oneof(
    base64url,
    fc.jsonValue({ maxDepth: 2 }).map((one) => Buffer.from(JSON.stringify(one)).toString('base64url')),
    text,
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(part, { maxLength: 4 }).map((parts) => parts.join('.')),
        text,
      ),
      (input) => {
        assert.ok(parseToken(input));
      },
    ),
    RUNS,
  );
});

test('what is taken for a SPIFFE ID is one to the letter, and reads the same again', () => {
  const piece = fc.constantFrom(
    ...[
      'spiffe://',
      'SPIFFE://',
      'td',
      'TD',
      '/',
      '//',
      '.',
      '..',
      '%2f',
      '\u0000',
      '\u212a',
      '@',
      ':443',
      '?',
      '#',
      'ns',
      'sa',
    ],
  );
  const glued = fc
    .array(fc.oneof(piece, fc.string({ maxLength: 5 })), { maxLength: 8 })
    .map((all) => all.join(''));
  const whole = glued.map((rest) => `spiffe://td/${rest}`);
  fc.assert(
    fc.property(fc.oneof(glued, whole, text), (input) => {
      const id = refusesOr(() => SpiffeId.parse(input));
      if (id === undefined) return;
      assert.match(id.toString(), /^spiffe:\/\/[a-z0-9._-]{1,255}(\/[A-Za-z0-9._-]+)*$/);
      assert.doesNotMatch(`${id.path}/`, /\/\.{1,2}\//);
      assert.equal(SpiffeId.parse(id.toString()).toString(), id.toString());
    }),
    RUNS,
  );
});
