import assert from 'node:assert/strict';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { before, test } from 'node:test';
import { SpiffeId } from '../../model/spiffe-id.js';
import { createRoot, issueCertificate } from '../certificate/issue.js';
import { newKey } from '../certificate/keys.js';
import { findPinned, fingerprint, formatBundle, mergeBundles, sameBundle, trustBundle } from './bundle.js';

const NOW = Date.UTC(2026, 0, 1);
let roots: string[];
let leaf: string;

before(async () => {
  const made = [];
  for (let index = 0; index < 3; index += 1) {
    made.push(await createRoot({ trustDomain: 'td', lifetimeMs: 1e9, wallNow: NOW }));
  }
  roots = made.map((one) => one.certificate);
  leaf = issueCertificate({
    issuer: made[0]!,
    publicKey: createPublicKey(await newKey()),
    spiffeId: SpiffeId.parse('spiffe://td/a'),
    notBefore: NOW,
    notAfter: NOW + 1e6,
  });
});

test('a bundle is read from texts with several blocks, without doubles, and written again', () => {
  const bundle = trustBundle('TD', [
    `# two roots\r\n${roots[0]}${roots[1]}`,
    roots[0]!.replaceAll('\n', '\r\n'),
  ]);
  assert.deepEqual(bundle, { trustDomain: 'td', roots: [roots[0], roots[1]] });
  assert.deepEqual(trustBundle('td', [formatBundle(bundle)]), bundle);
});

test('what is no root certificate is refused', () => {
  assert.throws(() => trustBundle('td', []), /no root certificate/);
  assert.throws(() => trustBundle('td', ['text']), /no root certificate/);
  assert.throws(() => trustBundle('td', [leaf]), /not an authority/);
  assert.throws(() => trustBundle('t d', [roots[0]!]), /SPIFFE ID/);
  const block = (body: string) => `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`;
  assert.throws(() => trustBundle('td', [block('AAAA')]), /HEDDLE_INVALID_ARGUMENT/);
  assert.throws(() => trustBundle('td', [block('*')]), /not Base64/);
  assert.throws(() => trustBundle('td', ['-----BEGIN CERTIFICATE-----\nAAAA']), /no end/);
});

test('too much text is refused before it is read', () => {
  assert.throws(() => trustBundle('td', ['x'.repeat(2 * 1024 * 1024)]), /longer than/);
  assert.throws(() => trustBundle('td', [roots[0]!.repeat(600)]), /more than 512 blocks/);
});

test('merging keeps every root once, and never mixes trust domains', () => {
  const one = trustBundle('td', roots.slice(0, 2));
  const other = trustBundle('td', roots.slice(1));
  assert.deepEqual(mergeBundles(one, other).roots, roots);
  assert.throws(() => mergeBundles(one, { ...other, trustDomain: 'x' }), /cannot be merged/);
});

test('bundles are the same if their roots are, in any order', () => {
  const bundle = trustBundle('td', roots);
  assert.ok(sameBundle(bundle, trustBundle('td', [...roots].reverse())));
  assert.ok(!sameBundle(bundle, trustBundle('td', roots.slice(1))));
  assert.ok(!sameBundle(trustBundle('td', roots.slice(0, 2)), trustBundle('td', roots.slice(1))));
  assert.ok(!sameBundle(bundle, { ...bundle, trustDomain: 'x' }));
});

test('the fingerprint is the SHA-256 of the DER, as Node prints it, and finds its root', () => {
  const printed = new X509Certificate(roots[1]!).fingerprint256.replaceAll(':', '').toLowerCase();
  assert.equal(fingerprint(roots[1]!), printed);
  assert.equal(findPinned(roots, printed), roots[1]);
  assert.equal(findPinned(roots, '0'.repeat(64)), undefined);
});
