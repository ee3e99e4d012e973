import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { before, test } from 'node:test';
import { SpiffeId } from '../../model/spiffe-id.js';
import { trustBundle } from '../bundle/bundle.js';
import { withFederated } from '../bundle/federated.js';
import { createRoot, type IssuerPair, issueCertificate } from '../certificate/issue.js';
import { newKey } from '../certificate/keys.js';
import { fromPem } from '../certificate/pem.js';
import { domainFault } from './domain.js';
import { verifyPeer } from './verify.js';

const NOW = Date.UTC(2026, 0, 1);
let ours: IssuerPair;
let theirs: IssuerPair;

before(async () => {
  const root = (trustDomain: string) => createRoot({ trustDomain, lifetimeMs: 1e9, wallNow: NOW });
  ours = await root('td');
  theirs = await root('other');
});

async function leaf(issuer: IssuerPair, id: string): Promise<Buffer> {
  const publicKey = createPublicKey(await newKey());
  const span = { notBefore: NOW, notAfter: NOW + 1e6 };
  const pem = issueCertificate({ issuer, publicKey, spiffeId: SpiffeId.parse(id), ...span });
  return fromPem('CERTIFICATE', pem);
}

function bundle(federated = true) {
  const own = trustBundle('td', [ours.certificate]);
  return federated ? withFederated(own, [trustBundle('other', [theirs.certificate])]) : own;
}

// @source SPIFFE Workload API §4.6: the bundle is that of the trust domain that the peer presents
const TABLE: readonly [string, () => IssuerPair, string, RegExp | null][] = [
  ['ours by our root', () => ours, 'spiffe://td/a', null],
  ['a foreign one by its root', () => theirs, 'spiffe://other/a', null],
  [
    'ours by the foreign root',
    () => theirs,
    'spiffe://td/a',
    /td\/a is not vouched for by the roots of its own/,
  ],
  ['a foreign one by our root', () => ours, 'spiffe://other/a', /other\/a is not vouched for/],
  ['a former name of ours by our root', () => ours, 'spiffe://old/a', null],
  ['a former name of ours by the foreign root', () => theirs, 'spiffe://old/a', /old\/a is not vouched for/],
];

for (const [what, issuer, id, expected] of TABLE) {
  test(`an SVID of ${what} is ${expected === null ? 'good' : 'refused'}`, async () => {
    const chain = [await leaf(issuer(), id)];
    const because = domainFault(chain, SpiffeId.parse(id), bundle());
    if (expected === null) assert.equal(because, null);
    else assert.match(because ?? '', expected);
  });
}

test('with one trust domain nothing is looked at again', () => {
  assert.equal(domainFault([Buffer.from('x')], SpiffeId.parse('spiffe://td/a'), bundle(false)), null);
  const garbage = domainFault([Buffer.from('x')], SpiffeId.parse('spiffe://td/a'), bundle());
  assert.match(garbage ?? '', /cannot be read/);
});

test('a leaf that was found good stays good by the same bundle, of another bundle nothing is known', async () => {
  const root = await createRoot({ trustDomain: 'td', lifetimeMs: 1e9, wallNow: NOW });
  const key = await newKey();
  const spiffeId = SpiffeId.parse('spiffe://td');
  const span = { notBefore: NOW, notAfter: NOW + 1e6 };
  const publicKey = createPublicKey(key);
  const above = issueCertificate({ issuer: root, publicKey, spiffeId, isCa: true, ...span });
  const id = SpiffeId.parse('spiffe://td/a');
  const one = await leaf({ certificate: above, key }, id.toString());
  const foreign = [trustBundle('other', [theirs.certificate])];
  const trusted = withFederated(trustBundle('td', [root.certificate]), foreign);
  // As a server sees a resumed session: without what stood between leaf and root.
  assert.match(domainFault([one], id, trusted) ?? '', /does not lead to a trusted root/);
  assert.equal(domainFault([one, fromPem('CERTIFICATE', above)], id, trusted), null);
  assert.equal(domainFault([one], id, trusted), null);
  assert.match(domainFault([one], id, { ...trusted }) ?? '', /does not lead to a trusted root/);
});

test('IDs of a federated trust domain are compared whole, and are no former names of ours', async () => {
  const raw = await leaf(theirs, 'spiffe://other/ns/a/sa/b');
  const rules = { trustDomains: ['td', 'old'], bundle: bundle() };
  const verdict = (expected: readonly string[] | 'any', more: object = {}) =>
    verifyPeer({ raw }, { ...rules, expected, ...more }).kind;
  assert.equal(verdict('any'), 'trusted');
  assert.equal(verdict(['spiffe://other/ns/a/sa/b']), 'trusted');
  assert.equal(verdict(['spiffe://td/ns/a/sa/b']), 'untrusted');
  assert.equal(verdict('any', { bundle: bundle(false) }), 'untrusted');
  // Even where somebody has federated a name that was ours once.
  assert.equal(verdict(['spiffe://td/ns/a/sa/b'], { trustDomains: ['td', 'other'] }), 'untrusted');
});
