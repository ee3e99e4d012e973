import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createSecureContext } from 'node:tls';
import fc from 'fast-check';
import { isMeshError } from '../../base/errors.js';
import { SpiffeId } from '../../model/spiffe-id.js';
import { createRoot, issueCertificate } from './issue.js';
import { type KeyType, newKey } from './keys.js';
import { exportPkcs12, importPkcs12, type KeyAndChain } from './pkcs12.js';

const NOW = Date.UTC(2026, 0, 1);
const PASSPHRASE = 'correct horse';

async function pair(type: KeyType, issuerType: KeyType = type): Promise<KeyAndChain> {
  const root = await createRoot({
    trustDomain: 'td',
    key: await newKey(issuerType),
    lifetimeMs: 1e9,
    wallNow: NOW,
  });
  const key = await newKey(type);
  const leaf = issueCertificate({
    issuer: root,
    publicKey: createPublicKey(key),
    spiffeId: SpiffeId.parse('spiffe://td/a'),
    notBefore: NOW,
    notAfter: NOW + 1e6,
  });
  return { chain: [leaf, root.certificate], key };
}

function temporary(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-'));
  context.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** undefined where openssl is not installed. */
function openssl(args: readonly string[]): string | undefined {
  try {
    return execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function same(one: KeyAndChain, other: KeyAndChain): void {
  assert.deepEqual(one.chain, other.chain);
  assert.ok(one.key.equals(other.key));
}

for (const [type, issuer] of [
  ['ec-p256', 'ec-p256'],
  ['ec-p384', 'rsa-2048'],
  ['rsa-2048', 'ec-p256'],
] as const) {
  test(`an ${type} key with a chain signed by ${issuer} comes back from its file, and TLS takes the file`, async () => {
    const original = await pair(type, issuer);
    const file = await exportPkcs12(original, PASSPHRASE);
    same(await importPkcs12(file, PASSPHRASE), original);
    assert.ok(createSecureContext({ pfx: file, passphrase: PASSPHRASE }));
    assert.throws(() => createSecureContext({ pfx: file, passphrase: 'wrong' }));
  });
}

test('openssl reads what we write, and we read what openssl writes, certificates encrypted', async (context) => {
  const folder = temporary(context);
  const original = await pair('ec-p256');
  const path = join(folder, 'ours.p12');
  writeFileSync(path, await exportPkcs12(original, PASSPHRASE));
  const pass = `pass:${PASSPHRASE}`;
  const printed = openssl(['pkcs12', '-info', '-in', path, '-passin', pass, '-nodes']);
  if (printed === undefined) return context.skip('openssl is not installed');
  assert.equal(printed.match(/BEGIN CERTIFICATE/g)?.length, 2);
  assert.match(printed, /BEGIN PRIVATE KEY/);
  const [leaf, key, root, theirs] = ['leaf.pem', 'key.pem', 'root.pem', 'theirs.p12'].map((name) =>
    join(folder, name),
  );
  writeFileSync(leaf!, original.chain[0]!);
  writeFileSync(root!, original.chain[1]!);
  writeFileSync(key!, original.key.export({ type: 'pkcs8', format: 'pem' }));
  const files = ['-in', leaf!, '-inkey', key!, '-certfile', root!, '-out', theirs!];
  openssl(['pkcs12', '-export', ...files, '-passout', pass]);
  same(await importPkcs12(readFileSync(theirs!), PASSPHRASE), original);
});

test('a wrong passphrase and a changed byte are noticed', async () => {
  const file = await exportPkcs12(await pair('ec-p256'), PASSPHRASE);
  await assert.rejects(importPkcs12(file, 'wrong'), /MAC is wrong/);
  for (const at of [40, 400, file.length - 60]) {
    const changed = Buffer.from(file);
    changed[at]! ^= 1;
    await assert.rejects(importPkcs12(changed, PASSPHRASE), (error) =>
      isMeshError(error, 'HEDDLE_INVALID_ARGUMENT'),
    );
  }
});

test('passphrases that programs read differently are refused', async () => {
  const original = await pair('ec-p256');
  for (const passphrase of ['', 'pässword', 'a\nb', 'x'.repeat(300)]) {
    await assert.rejects(exportPkcs12(original, passphrase), /printable ASCII/);
  }
});

test('whatever bytes are in place of a file, the answer is a MeshError', async () => {
  const file = await exportPkcs12(await pair('ec-p256'), PASSPHRASE);
  const header = fc.tuple(fc.nat({ max: 90 }), fc.integer({ min: 0, max: 255 }));
  await fc.assert(
    fc.asyncProperty(fc.array(header, { minLength: 1, maxLength: 3 }), async (changes) => {
      const changed = Buffer.from(file);
      for (const [at, value] of changes) changed[at] = value;
      try {
        await importPkcs12(changed, PASSPHRASE);
      } catch (error) {
        assert.ok(isMeshError(error, 'HEDDLE_INVALID_ARGUMENT'), String(error));
      }
    }),
    { numRuns: 100 },
  );
});
