import assert from 'node:assert/strict';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { SpiffeId } from '../../model/spiffe-id.js';
import type { DenyList } from '../../ports/identity.js';
import { denialOf, deniedBecause, sameDenied } from '../bundle/denied.js';
import { makeRoot } from '../certificate/authority.js';
import { readCertificate } from '../certificate/fields.js';
import { issueCertificate } from '../certificate/issue.js';
import { newKey } from '../certificate/keys.js';
import { verifyPeer } from './verify.js';

const ID = SpiffeId.parse('spiffe://td/ns/default/sa/reviews');
const issuer = await makeRoot({ trustDomain: 'td', keyType: 'ec-p256', wallNow: Date.now() });
const pem = issueCertificate({
  ...{ issuer, publicKey: createPublicKey(await newKey()), spiffeId: ID },
  ...{ notBefore: Date.now() - 1_000, notAfter: Date.now() + 60_000 },
});
const leaf = new X509Certificate(pem).raw;
const fields = readCertificate(leaf);
const NOBODY: DenyList = { serials: [], ids: [], keys: [] };

test('a certificate is denied by its number, its identity, its key and the key that signed it, and by nothing else', () => {
  assert.equal(fields.serial, new X509Certificate(pem).serialNumber.toLowerCase());
  const { subjectKeyIdentifier: own, authorityKeyIdentifier: authority } = fields;
  for (const denied of [
    { ...NOBODY, serials: [fields.serial] },
    { ...NOBODY, ids: [ID.toString()] },
    { ...NOBODY, keys: [own!.toString('hex')] },
    { ...NOBODY, keys: [authority!.toString('hex')] },
  ]) {
    assert.notEqual(deniedBecause(denied, fields, ID), null);
    assert.notEqual(denialOf(denied, leaf, ID), null);
    assert.equal(verifyPeer({ raw: leaf }, { expected: 'any', denied }).kind, 'untrusted');
    const bundle = { trustDomain: 'td', roots: [issuer.certificate], denied };
    assert.equal(verifyPeer({ raw: leaf }, { expected: 'any', bundle }).kind, 'untrusted');
  }
  const others = { serials: ['00'], ids: [`${ID}x`], keys: ['00'] };
  for (const denied of [undefined, NOBODY, others]) assert.equal(deniedBecause(denied, fields, ID), null);
});

test('while keys are denied, a certificate that does not say who signed it is refused', () => {
  const silent = { ...fields, authorityKeyIdentifier: undefined };
  assert.equal(deniedBecause(NOBODY, silent, ID), null);
  assert.match(deniedBecause({ ...NOBODY, keys: ['00'] }, silent, ID) ?? '', /does not say which key/);
});

test('lists are the same whatever their order', () => {
  const list = { ...NOBODY, ids: ['a', 'b'] };
  assert.ok(sameDenied(list, { ...NOBODY, ids: ['b', 'a'] }));
  assert.ok(sameDenied(undefined, NOBODY));
  assert.ok(!sameDenied(list, { ...NOBODY, ids: ['a', 'c'] }));
  assert.ok(!sameDenied(list, undefined));
});
