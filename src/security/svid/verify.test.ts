import assert from 'node:assert/strict';
import { createPublicKey, sign, X509Certificate } from 'node:crypto';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { SpiffeId } from '../../model/spiffe-id.js';
import { type DerNode, readDer } from '../certificate/der.js';
import {
  bits,
  boolean,
  integer,
  octets,
  oid,
  sequence,
  tagged,
  taggedBytes,
  time,
  writeDer,
} from '../certificate/der-write.js';
import { createRoot, Issuer, issueCertificate } from '../certificate/issue.js';
import { newKey, signatureOf } from '../certificate/keys.js';
import { OID } from '../certificate/oids.js';
import { toPem } from '../certificate/pem.js';
import { chainFault } from './chain.js';
import { spiffeIdOf, verifyPeer } from './verify.js';

const NOW = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;
const REVIEWS = 'spiffe://td/ns/default/sa/reviews';
let root: Issuer;

before(async () => {
  root = new Issuer(await createRoot({ trustDomain: 'td', lifetimeMs: 24 * HOUR, wallNow: NOW }));
});

interface Odd {
  readonly names?: readonly DerNode[];
  readonly usage?: DerNode | null;
  readonly usageCritical?: boolean;
  readonly purposes?: readonly string[] | null;
  readonly ca?: boolean;
  readonly extra?: readonly DerNode[];
}

const uri = (text: string) => taggedBytes(6, Buffer.from(text, 'latin1'));
const dns = (text: string) => taggedBytes(2, Buffer.from(text, 'latin1'));

/** A certificate made by hand, so that it can break one rule. */
async function odd(wrong: Odd): Promise<X509Certificate> {
  const key = await newKey();
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const extension = (id: string, critical: boolean, value: DerNode) =>
    critical
      ? sequence(oid(id), boolean(true), octets(writeDer(value)))
      : sequence(oid(id), octets(writeDer(value)));
  const usage = wrong.usage === undefined ? bits(Uint8Array.of(0x80), 7) : wrong.usage;
  const purposes = wrong.purposes === undefined ? [OID.serverAuth, OID.clientAuth] : wrong.purposes;
  const { algorithm, hash } = signatureOf(root.key);
  const tbs = sequence(
    tagged(0, integer(2)),
    integer(7),
    algorithm,
    root.subject,
    sequence(time(NOW), time(NOW + HOUR)),
    sequence(),
    readDer(spki, 'key'),
    tagged(
      3,
      sequence(
        extension(OID.subjectAltName, true, sequence(...(wrong.names ?? [uri(REVIEWS)]))),
        extension(OID.basicConstraints, true, wrong.ca ? sequence(boolean(true)) : sequence()),
        ...(usage === null ? [] : [extension(OID.keyUsage, wrong.usageCritical ?? true, usage)]),
        ...(purposes === null
          ? []
          : [extension(OID.extendedKeyUsage, false, sequence(...purposes.map(oid)))]),
        ...(wrong.extra ?? []),
      ),
    ),
  );
  return new X509Certificate(writeDer(sequence(tbs, algorithm, bits(sign(hash, writeDer(tbs), root.key)))));
}

async function because(wrong: Odd): Promise<string> {
  const verdict = verifyPeer(await odd(wrong), { expected: 'any' });
  return verdict.kind === 'trusted' ? 'trusted' : verdict.because;
}

test('a certificate that keeps all rules is trusted, DNS names beside the identity or not', async () => {
  assert.equal(await because({}), 'trusted');
  assert.equal(await because({ names: [dns('reviews'), uri(REVIEWS), dns('x')] }), 'trusted');
  assert.equal(await because({ purposes: null }), 'trusted');
});

test('each broken rule of an X.509-SVID makes it untrusted and says which', async () => {
  assert.match(await because({ names: [] }), /0 URI names/);
  assert.match(await because({ names: [dns('reviews')] }), /0 URI names/);
  assert.match(await because({ names: [uri(REVIEWS), uri(REVIEWS)] }), /2 URI names/);
  assert.match(await because({ names: [uri(REVIEWS), uri('https://example.org/')] }), /2 URI names/);
  assert.match(await because({ names: [uri('https://example.org/')] }), /not a SPIFFE ID/);
  assert.match(await because({ names: [uri('spiffe://td')] }), /names a trust domain/);
  assert.match(await because({ ca: true }), /authority/);
  assert.match(await because({ usage: null }), /no critical key usage/);
  assert.match(await because({ usageCritical: false }), /no critical key usage/);
  assert.match(await because({ usage: bits(Uint8Array.of(0x20), 5) }), /may not sign/);
  assert.match(await because({ usage: bits(Uint8Array.of(0x84), 2) }), /may sign certificates/);
  assert.match(await because({ usage: bits(Uint8Array.of(0x82), 1) }), /may sign certificates/);
  assert.match(await because({ purposes: [OID.clientAuth] }), /both servers and clients/);
});

test('a DNS name that imitates a printed URI is no identity', async () => {
  const imitated = await odd({ names: [dns(`a, URI:${REVIEWS}`)] });
  assert.equal(verifyPeer(imitated, { expected: [REVIEWS] }).kind, 'untrusted');
  const both = await odd({ names: [dns(`a, URI:${REVIEWS}`), uri('spiffe://td/evil')] });
  assert.equal(spiffeIdOf(both).toString(), 'spiffe://td/evil');
});

test('a URI with a byte that no SPIFFE ID has, NUL among them, is no identity', async () => {
  for (const text of [`${REVIEWS}\0.evil`, `${REVIEWS} `, `${REVIEWS},x`, `${REVIEWS}%2f`]) {
    assert.match(await because({ names: [uri(text)] }), /SPIFFE ID/);
  }
});

test('exactly the expected identities are trusted; an empty list trusts nobody', async () => {
  const certificate = await odd({});
  const kind = (expected: readonly string[] | 'any', trustDomains?: readonly string[]) =>
    verifyPeer(certificate, trustDomains === undefined ? { expected } : { expected, trustDomains }).kind;
  assert.equal(kind([REVIEWS]), 'trusted');
  assert.equal(kind(['spiffe://td/x', REVIEWS]), 'trusted');
  assert.equal(kind('any'), 'trusted');
  assert.equal(kind([]), 'untrusted');
  assert.equal(kind(['spiffe://td/ns/default/sa/review']), 'untrusted');
  assert.equal(kind([REVIEWS.toUpperCase()]), 'untrusted');
  assert.equal(kind(['spiffe://td/ns/default/sa/*', '*']), 'untrusted');
  assert.equal(kind('any', ['td']), 'trusted');
  assert.equal(kind([REVIEWS], ['elsewhere']), 'untrusted');
});

const ALIASES: readonly [
  verdict: 'trusted' | 'untrusted',
  what: string,
  presented: string,
  expected: readonly string[],
  trustDomains: readonly string[],
][] = [
  [
    'trusted',
    'the old name, where the new one is expected',
    'spiffe://old/ns/a/sa/b',
    ['spiffe://td/ns/a/sa/b'],
    ['td', 'old'],
  ],
  [
    'trusted',
    'the new name, where the old one is expected',
    'spiffe://td/ns/a/sa/b',
    ['spiffe://old/ns/a/sa/b'],
    ['td', 'old'],
  ],
  [
    'trusted',
    'one old name for another',
    'spiffe://old/ns/a/sa/b',
    ['spiffe://older/ns/a/sa/b'],
    ['td', 'old', 'older'],
  ],
  [
    'trusted',
    'one of several that are expected',
    'spiffe://old/ns/a/sa/b',
    ['spiffe://td/x', 'spiffe://td/ns/a/sa/b'],
    ['td', 'old'],
  ],
  [
    'untrusted',
    'the old name, where it is no alias',
    'spiffe://old/ns/a/sa/b',
    ['spiffe://td/ns/a/sa/b'],
    ['td'],
  ],
  ['untrusted', 'another account', 'spiffe://old/ns/a/sa/c', ['spiffe://td/ns/a/sa/b'], ['td', 'old']],
  ['untrusted', 'another namespace', 'spiffe://old/ns/b/sa/b', ['spiffe://td/ns/a/sa/b'], ['td', 'old']],
  [
    'untrusted',
    'what a stranger is expected to show',
    'spiffe://old/ns/a/sa/b',
    ['spiffe://else/ns/a/sa/b'],
    ['td', 'old'],
  ],
  ['untrusted', 'a stranger', 'spiffe://else/ns/a/sa/b', ['spiffe://td/ns/a/sa/b'], ['td', 'old']],
  ['untrusted', 'what is no service account', 'spiffe://old/x', ['spiffe://td/x'], ['td', 'old']],
  ['untrusted', 'anything where nothing is expected', 'spiffe://old/ns/a/sa/b', [], ['td', 'old']],
];
for (const [verdict, what, presented, expected, trustDomains] of ALIASES)
  test(`under former names of the trust domain ${what} is ${verdict}`, async () => {
    const certificate = await odd({ names: [uri(presented)] });
    const found = verifyPeer(certificate, { expected, trustDomains });
    assert.equal(found.kind, verdict);
    assert.equal(found.id?.toString(), presented);
  });

test('a refusal says who was expected and who came, and does not list hundreds', async () => {
  const certificate = await odd({});
  const expected = Array.from({ length: 100 }, (_, index) => `spiffe://td/s${index}`);
  const verdict = verifyPeer(certificate, { expected });
  assert.equal(verdict.kind, 'untrusted');
  if (verdict.kind !== 'untrusted') return;
  assert.match(
    verdict.because,
    /presented spiffe:\/\/td\/ns\/default\/sa\/reviews and not spiffe:\/\/td\/s0 or/,
  );
  assert.match(verdict.because, /or 97 more$/);
  assert.equal(verdict.id?.toString(), REVIEWS);
});

test('no bytes in place of a certificate are trusted or make verifyPeer throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (raw) => {
      assert.equal(verifyPeer({ raw }, { expected: 'any' }).kind, 'untrusted');
    }),
  );
  assert.throws(() => spiffeIdOf({ raw: Buffer.of(1) }), /HEDDLE_PEER_UNTRUSTED/);
});

test('a chain is followed to its root, and no further than authorities allow', async () => {
  const span = { notBefore: NOW, notAfter: NOW + HOUR };
  const authority = async (above: Issuer, pathLength: number) => {
    const key = await newKey();
    const certificate = issueCertificate({
      issuer: above,
      publicKey: createPublicKey(key),
      spiffeId: SpiffeId.parse('spiffe://td'),
      isCa: true,
      pathLength,
      ...span,
    });
    return new Issuer({ certificate, key });
  };
  const leafOf = async (issuer: Issuer) =>
    issueCertificate({
      issuer,
      publicKey: createPublicKey(await newKey()),
      spiffeId: SpiffeId.parse(REVIEWS),
      ...span,
    });
  const one = await authority(root, 1);
  const two = await authority(one, 0);
  const three = await authority(two, 0);
  const roots = [root.certificate];
  assert.equal(chainFault([await leafOf(root)], roots, NOW), null);
  assert.equal(chainFault([await leafOf(one), one.certificate], roots, NOW), null);
  const deep = await leafOf(two);
  assert.equal(chainFault([deep, two.certificate, one.certificate], roots, NOW), null);
  assert.match(
    String(chainFault([deep, one.certificate, two.certificate], roots, NOW)),
    /not signed by the next/,
  );
  assert.match(String(chainFault([deep], roots, NOW)), /does not lead/);
  const deeper = [await leafOf(three), three.certificate, two.certificate, one.certificate];
  assert.match(String(chainFault(deeper, roots, NOW)), /more intermediates/);
  assert.match(String(chainFault([], roots, NOW)), /empty/);
  assert.match(String(chainFault([await leafOf(root)], roots, NOW - 1)), /not valid before/);
  assert.match(String(chainFault([await leafOf(root)], roots, NOW + HOUR + 1)), /expired/);
  // A leaf must not sign: its certificate is no authority's, whoever signed it.
  const key = await newKey();
  const signer = issueCertificate({
    issuer: root,
    publicKey: createPublicKey(key),
    spiffeId: SpiffeId.parse('spiffe://td/signer'),
    ...span,
  });
  assert.throws(() => new Issuer({ certificate: signer, key }), /not one of an authority/);
});

test('a critical extension that is not understood breaks the chain', async () => {
  const strange = sequence(oid('1.2.3.4'), boolean(true), octets(Buffer.from('0500', 'hex')));
  const certificate = await odd({ extra: [strange] });
  const pem = toPem('CERTIFICATE', certificate.raw);
  assert.match(String(chainFault([pem], [root.certificate], NOW)), /critical extension 1\.2\.3\.4/);
});
