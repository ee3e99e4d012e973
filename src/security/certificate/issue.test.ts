import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SpiffeId } from '../../model/spiffe-id.js';
import { readCertificate } from './fields.js';
import { createRoot, Issuer, issueCertificate } from './issue.js';
import { newKey } from './keys.js';

const NOW = Date.UTC(2026, 5, 1, 12);
const HOUR = 3_600_000;
const REVIEWS = SpiffeId.parse('spiffe://cluster.local/ns/default/sa/reviews');

const publicOf = (key: KeyObject) => createPublicKey(key);
const p256 = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** What `openssl` prints; undefined where it is not installed. */
function openssl(files: Readonly<Record<string, string>>, ...args: string[]): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return execFileSync('openssl', args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const at = String(NOW / 1000);

for (const type of ['ec-p256', 'ec-p384', 'rsa-2048'] as const) {
  test(`a leaf signed by a root with an ${type} key verifies in OpenSSL and in node:crypto`, async () => {
    const root = await createRoot({
      trustDomain: 'cluster.local',
      key: await newKey(type),
      lifetimeMs: 24 * HOUR,
      wallNow: NOW,
    });
    const key = await newKey(type);
    const leaf = issueCertificate({
      issuer: root,
      publicKey: publicOf(key),
      spiffeId: REVIEWS,
      notBefore: NOW - 60_000,
      notAfter: NOW + HOUR,
      dnsNames: ['reviews.default.svc'],
    });
    const x509 = new X509Certificate(leaf);
    const authority = new X509Certificate(root.certificate);
    assert.ok(x509.checkIssued(authority));
    assert.ok(x509.verify(authority.publicKey));
    assert.ok(x509.checkPrivateKey(key));
    assert.equal(x509.ca, false);
    assert.equal(
      x509.subjectAltName,
      'URI:spiffe://cluster.local/ns/default/sa/reviews, DNS:reviews.default.svc',
    );
    assert.deepEqual(x509.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
    const files = { 'root.pem': root.certificate, 'leaf.pem': leaf };
    for (const purpose of ['sslserver', 'sslclient']) {
      const said = openssl(
        files,
        'verify',
        '-x509_strict',
        '-attime',
        at,
        '-purpose',
        purpose,
        '-CAfile',
        'root.pem',
        'leaf.pem',
      );
      if (said !== undefined) assert.match(said, /leaf\.pem: OK/);
    }
  });
}

test('a leaf below an intermediate verifies in OpenSSL, and its fields are those that SPIFFE asks for', async () => {
  const root = await createRoot({ trustDomain: 'cluster.local', lifetimeMs: 24 * HOUR, wallNow: NOW });
  const key = await newKey();
  const span = { notBefore: NOW, notAfter: NOW + HOUR };
  const middle = issueCertificate({
    issuer: root,
    publicKey: publicOf(key),
    spiffeId: SpiffeId.parse('spiffe://cluster.local'),
    isCa: true,
    ...span,
  });
  const issuer = new Issuer({ certificate: middle, key });
  const leaf = issueCertificate({ issuer, publicKey: p256().publicKey, spiffeId: REVIEWS, ...span });
  const said = openssl(
    { 'root.pem': root.certificate, 'middle.pem': middle, 'leaf.pem': leaf },
    'verify',
    '-x509_strict',
    '-attime',
    at,
    '-CAfile',
    'root.pem',
    '-untrusted',
    'middle.pem',
    'leaf.pem',
  );
  if (said !== undefined) assert.match(said, /leaf\.pem: OK/);

  const authority = readCertificate(new X509Certificate(middle).raw);
  assert.equal(authority.isCa, true);
  assert.equal(authority.pathLength, 0);
  assert.deepEqual(authority.keyUsage, { digitalSignature: false, keyCertSign: true, crlSign: true });
  assert.equal(authority.extendedKeyUsage, undefined);
  assert.deepEqual(authority.uris, ['spiffe://cluster.local']);
  const fields = readCertificate(new X509Certificate(leaf).raw);
  assert.equal(fields.isCa, false);
  assert.deepEqual(fields.keyUsage, { digitalSignature: true, keyCertSign: false, crlSign: false });
  assert.equal(fields.keyUsageCritical, true);
  assert.deepEqual(fields.uris, [REVIEWS.toString()]);
  assert.equal(fields.notBefore, NOW);
  assert.equal(fields.notAfter, NOW + HOUR);
  assert.deepEqual(fields.unknownCritical, []);
});

test('serial numbers are positive, random unless given, and refused when they cannot be one', async () => {
  const root = await createRoot({ trustDomain: 'td', lifetimeMs: HOUR, wallNow: NOW });
  const issue = (serial?: Uint8Array) =>
    new X509Certificate(
      issueCertificate({
        issuer: root,
        publicKey: p256().publicKey,
        spiffeId: SpiffeId.parse('spiffe://td/a'),
        notBefore: NOW,
        notAfter: NOW + HOUR,
        ...(serial === undefined ? {} : { serial }),
      }),
    ).serialNumber;
  assert.equal(issue(Uint8Array.of(0xff, 1)), '7F01');
  assert.notEqual(issue(), issue());
  assert.throws(() => issue(new Uint8Array(0)), /serial number/);
  assert.throws(() => issue(new Uint8Array(21).fill(1)), /serial number/);
  assert.throws(() => issue(Uint8Array.of(0x80, 0)), /serial number/);
});

test('an issuer must be an authority and hold its own key', async () => {
  const root = await createRoot({ trustDomain: 'td', lifetimeMs: HOUR, wallNow: NOW });
  const key = await newKey();
  const leaf = issueCertificate({
    issuer: root,
    publicKey: publicOf(key),
    spiffeId: SpiffeId.parse('spiffe://td/a'),
    notBefore: NOW,
    notAfter: NOW + HOUR,
  });
  assert.throws(() => new Issuer({ certificate: leaf, key }), /not one of an authority/);
  assert.throws(() => new Issuer({ certificate: root.certificate, key }), /does not belong/);
});

test('weak keys, spans that end before they begin and identities of the wrong kind are refused', async () => {
  const root = await createRoot({ trustDomain: 'td', lifetimeMs: HOUR, wallNow: NOW });
  const good = {
    issuer: root,
    publicKey: p256().publicKey,
    spiffeId: SpiffeId.parse('spiffe://td/a'),
    notBefore: NOW,
    notAfter: NOW + HOUR,
  };
  const p521 = generateKeyPairSync('ec', { namedCurve: 'P-521' }).publicKey;
  const ed25519 = generateKeyPairSync('ed25519').publicKey;
  const rsa1024 = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
  for (const publicKey of [p521, ed25519, rsa1024]) {
    assert.throws(() => issueCertificate({ ...good, publicKey }), /the key to be certified/);
  }
  assert.throws(() => issueCertificate({ ...good, notAfter: NOW }), /end after it begins/);
  assert.throws(() => issueCertificate({ ...good, isCa: true }), /has no path/);
  assert.throws(() => issueCertificate({ ...good, spiffeId: SpiffeId.parse('spiffe://td') }), /has a path/);
  assert.throws(() => issueCertificate({ ...good, dnsNames: ['a b'] }), /not a DNS name/);
});
