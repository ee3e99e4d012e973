import assert from 'node:assert/strict';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { before, test } from 'node:test';
import { SpiffeId } from '../../model/spiffe-id.js';
import { trustBundle } from '../bundle/bundle.js';
import { createRoot, Issuer, issueCertificate } from '../certificate/issue.js';
import { newKey } from '../certificate/keys.js';
import { chainOf, type KeptPeer, stillTrusted, trustFault } from './still-trusted.js';

const NOW = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;
const ID = SpiffeId.parse('spiffe://td/ns/default/sa/client');
let old: Issuer;
let fresh: Issuer;
let between: Issuer;

before(async () => {
  const make = async () =>
    new Issuer(await createRoot({ trustDomain: 'td', lifetimeMs: 48 * HOUR, wallNow: NOW }));
  [old, fresh] = [await make(), await make()];
  const key = await newKey();
  const times = { notBefore: NOW, notAfter: NOW + 24 * HOUR };
  const spiffeId = SpiffeId.parse('spiffe://td');
  const options = { issuer: old, publicKey: createPublicKey(key), spiffeId, isCa: true, ...times };
  between = new Issuer({ certificate: issueCertificate(options), key });
});

const der = (pem: string) => new X509Certificate(pem).raw;

async function leafOf(issuer: Issuer): Promise<Buffer> {
  const publicKey = createPublicKey(await newKey());
  return der(issueCertificate({ issuer, publicKey, spiffeId: ID, notBefore: NOW, notAfter: NOW + HOUR }));
}

const bundleOf = (...issuers: Issuer[]) =>
  trustBundle(
    'td',
    issuers.map(({ certificate }) => certificate),
  );

async function peerOf(issuer: Issuer, ...above: Issuer[]): Promise<KeptPeer> {
  const chain = [await leafOf(issuer), ...above.map(({ certificate }) => der(certificate))];
  return { id: ID, chain, bundle: bundleOf(old) };
}

test('while no root is withdrawn a peer stays trusted, whatever is known of its chain', async () => {
  const peer = { id: ID, chain: [], bundle: bundleOf(old) };
  assert.equal(stillTrusted(peer, peer.bundle), true);
  assert.equal(stillTrusted(peer, bundleOf(old)), true);
  assert.equal(stillTrusted(peer, bundleOf(fresh, old)), true);
});

test('a peer whose root left the bundle is not trusted any more, and it is said why', async () => {
  const peer = await peerOf(old);
  assert.match(
    trustFault(peer, bundleOf(fresh)) ?? '',
    /spiffe:\/\/td\/ns\/default\/sa\/client.*does not lead to a trusted root/,
  );
});

test('a peer below an intermediate is judged by the root above it', async () => {
  const peer = await peerOf(between, between);
  assert.equal(stillTrusted({ ...peer, bundle: bundleOf(old, fresh) }, bundleOf(old)), true);
  assert.equal(stillTrusted({ ...peer, bundle: bundleOf(old, fresh) }, bundleOf(fresh)), false);
  // A server that resumed a session knows the leaf alone: what cannot be judged is not trusted.
  const resumed = { ...peer, chain: peer.chain.slice(0, 1), bundle: bundleOf(old, fresh) };
  assert.equal(stillTrusted(resumed, bundleOf(old)), false);
  assert.equal(stillTrusted(resumed, bundleOf(old, fresh)), true);
});

test('who adds the certificate of a trusted root to its chain is not trusted for it', async () => {
  for (const chain of [[old, fresh], [fresh]]) {
    assert.equal(stillTrusted(await peerOf(old, ...chain), bundleOf(fresh)), false);
  }
  // Nor for a leaf of that root, whose holder is no authority.
  const peer = await peerOf(old);
  const leaf = await leafOf(fresh);
  assert.equal(stillTrusted({ ...peer, chain: [...peer.chain, leaf] }, bundleOf(fresh)), false);
});

test('a peer whose root stays is trusted when another leaves, its certificate ended or not', async () => {
  const peer = { ...(await peerOf(fresh)), bundle: bundleOf(old, fresh) };
  assert.equal(stillTrusted(peer, bundleOf(fresh)), true);
});

test('a bundle of another trust domain vouches for nobody, and bytes that are no certificate for nobody either', async () => {
  const peer = await peerOf(old);
  const other = new Issuer(await createRoot({ trustDomain: 'other', lifetimeMs: HOUR, wallNow: NOW }));
  assert.match(
    trustFault(peer, trustBundle('other', [other.certificate, old.certificate])) ?? '',
    /that of other/,
  );
  assert.equal(stillTrusted({ ...peer, chain: [Buffer.from('junk')] }, bundleOf(fresh)), false);
});

test('a chain is read off the links of a certificate, and ends where it points at itself', () => {
  const end: { raw: Uint8Array; issuerCertificate?: object } = { raw: Buffer.from('b') };
  end.issuerCertificate = end;
  const chain = chainOf({ raw: Buffer.from('a'), issuerCertificate: end as { raw: Uint8Array } });
  assert.deepEqual(chain.map(String), ['a', 'b']);
});
