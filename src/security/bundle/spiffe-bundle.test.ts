import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { isMeshError } from '../../base/errors.js';
import { SpiffeId } from '../../model/spiffe-id.js';
import { createRoot, issueCertificate } from '../certificate/issue.js';
import { newKey } from '../certificate/keys.js';
import { formatSpiffeBundle, MAX_BUNDLE_LENGTH, readSpiffeBundle } from './spiffe-bundle.js';

const NOW = Date.UTC(2026, 0, 1);
let roots: string[];
let leaf: string;

before(async () => {
  const made = [];
  for (let index = 0; index < 2; index += 1)
    made.push(await createRoot({ trustDomain: 'td', lifetimeMs: 1e9, wallNow: NOW }));
  roots = made.map((one) => one.certificate);
  leaf = issueCertificate({
    issuer: made[0]!,
    publicKey: createPublicKey(await newKey()),
    spiffeId: SpiffeId.parse('spiffe://td/a'),
    notBefore: NOW,
    notAfter: NOW + 1e6,
  });
});

const x5c = (pem: string) => [new X509Certificate(pem).raw.toString('base64')];
const jwt = (kid: string) => {
  const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
  return { kid, jwk: { ...jwk } as Record<string, unknown> };
};

test('a bundle is written as a JWK Set and read back: roots, keys of tokens, sequence and hint', () => {
  const bundle = {
    trustDomain: 'td',
    roots,
    jwtAuthorities: [jwt('one'), jwt('two')],
    sequence: 18_446_744_073_709_551_615n,
    refreshHintS: 300,
  };
  const text = formatSpiffeBundle(bundle);
  assert.deepEqual(readSpiffeBundle('TD', text), bundle);
  const { keys, spiffe_refresh_hint: hint } = JSON.parse(text) as {
    keys: Record<string, unknown>[];
    spiffe_refresh_hint: number;
  };
  assert.equal(hint, 300);
  const { use, kty, kid, x5c: chain } = keys[0]!;
  assert.deepEqual([use, kty, kid, (chain as string[]).length], ['x509-svid', 'EC', undefined, 1]);
  assert.equal(keys[2]!.use, 'jwt-svid');
});

test('a bundle may say nothing of sequence and hint, and may have keys of tokens only', () => {
  const bundle = readSpiffeBundle('td', formatSpiffeBundle({ roots: [], jwtAuthorities: [jwt('one')] }));
  assert.deepEqual([bundle.roots, bundle.sequence, bundle.refreshHintS], [[], undefined, undefined]);
});

// @source SPIFFE_Trust_Domain_and_Bundle.md §4.1.3, §4.2.1, §4.2.2
test('keys of an unknown kind or for an unknown use are left out', () => {
  const known = { kty: 'EC', use: 'x509-svid', x5c: x5c(roots[0]!) };
  const keys = [
    known,
    { ...known, use: 'X509-SVID' },
    { ...known, use: 'wit-svid' },
    { ...known, use: undefined },
    { ...known, kty: 'OKP' },
    { use: 'x509-svid' },
    null,
    'x',
  ];
  assert.deepEqual(readSpiffeBundle('td', JSON.stringify({ keys })).roots, [roots[0]]);
});

test('a document that is none is refused by what is wrong with it', () => {
  const root = { kty: 'EC', use: 'x509-svid', x5c: x5c(roots[0]!) };
  const token = { ...jwt('k').jwk, use: 'jwt-svid', kid: 'k' };
  const cases: readonly [unknown, RegExp][] = [
    ['{', /not JSON/],
    [[], /not a JSON object/],
    [{}, /no list of 'keys'/],
    [{ keys: {} }, /no list of 'keys'/],
    [{ keys: Array(1_001).fill(null) }, /more than 1000 keys/],
    [{ keys: [{ ...root, x5c: undefined }] }, /exactly one certificate/],
    [{ keys: [{ ...root, x5c: [...x5c(roots[0]!), ...x5c(roots[1]!)] }] }, /exactly one certificate/],
    [{ keys: [{ ...root, x5c: ['*'] }] }, /not Base64/],
    [{ keys: [{ ...root, x5c: ['AAAA'] }] }, /HEDDLE_INVALID_ARGUMENT/],
    [{ keys: [{ ...root, x5c: x5c(leaf) }] }, /not an authority/],
    [{ keys: [{ ...token, kid: undefined }] }, /no 'kid'/],
    [{ keys: [token, token] }, /the same 'kid'/],
    [{ keys: [{ ...token, x: undefined }] }, /is not whole/],
    [{ keys: [], spiffe_sequence: '1' }, /spiffe_sequence/],
    [{ keys: [], spiffe_sequence: 1.5 }, /spiffe_sequence/],
    [{ keys: [], spiffe_sequence: -1 }, /spiffe_sequence/],
    [{ keys: [], spiffe_refresh_hint: -1 }, /spiffe_refresh_hint/],
    [{ keys: [], spiffe_refresh_hint: 'soon' }, /spiffe_refresh_hint/],
    [' '.repeat(MAX_BUNDLE_LENGTH + 1), /longer than/],
  ];
  for (const [document, pattern] of cases) {
    const text = typeof document === 'string' ? document : JSON.stringify(document);
    assert.throws(() => readSpiffeBundle('td', text), pattern, text.slice(0, 100));
  }
});

test('no private member of a key is kept', () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
  const keys = [{ ...pair, use: 'jwt-svid', kid: 'k' }];
  const [authority] = readSpiffeBundle('td', JSON.stringify({ keys })).jwtAuthorities;
  assert.deepEqual(Object.keys(authority!.jwk).sort(), ['crv', 'kty', 'x', 'y']);
});

test('whatever JSON comes, it is a bundle or an error of ours', () => {
  const key = fc.record(
    { kty: fc.constantFrom('EC', 'RSA', 'x'), use: fc.constantFrom('x509-svid', 'jwt-svid', 'x') },
    { requiredKeys: [] },
  );
  const document = fc.oneof(fc.jsonValue(), fc.record({ keys: fc.array(fc.oneof(key, fc.jsonValue())) }));
  fc.assert(
    fc.property(document, (value) => {
      try {
        readSpiffeBundle('td', JSON.stringify(value));
      } catch (error) {
        assert.ok(isMeshError(error, 'HEDDLE_INVALID_ARGUMENT'), String(error));
      }
    }),
  );
});
