import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isMeshError } from '../../base/errors.js';
import { FakeClock } from '../../base/testing.js';
import { SpiffeId } from '../../model/spiffe-id.js';
import { trustBundle } from '../../security/bundle/bundle.js';
import { withFederated } from '../../security/bundle/federated.js';
import { createRoot, Issuer, issueCertificate } from '../../security/certificate/issue.js';
import { newKey } from '../../security/certificate/keys.js';
import { receiveSvid } from '../../security/svid/receive.js';
import { openStateFolder } from './folder.js';
import { Generations } from './generations.js';
import { loadIdentity, saveIdentity } from './saved-identity.js';

const HOUR = 3_600_000;
const workload = { namespace: 'ns', serviceAccount: 'sa', service: 'svc', name: 'svc-1', labels: {} };

async function setUp(t: TestContext) {
  const path = await mkdtemp(join(tmpdir(), 'heddle-identity-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  const clock = new FakeClock();
  const lines: string[] = [];
  const folder = openStateFolder(join(path, 'state'));
  const log = (line: string) => lines.push(line);
  const open = () => new Generations({ folder, kind: 'identity', workload, clock, log });
  const wallNow = clock.wallNow();
  const root = new Issuer(await createRoot({ trustDomain: 'td', lifetimeMs: 48 * HOUR, wallNow }));
  const issue = async (notAfter: number) => {
    const key = await newKey();
    const leaf = issueCertificate({
      issuer: root,
      publicKey: createPublicKey(key),
      spiffeId: SpiffeId.parse('spiffe://td/ns/ns/sa/sa'),
      notBefore: wallNow,
      notAfter,
    });
    return receiveSvid({ chain: [leaf], roots: [root.certificate] }, key, wallNow);
  };
  return { clock, folder, lines, open, issue };
}

test('an identity is read back whole: chain, key, roots, who is denied and foreign trust domains', async (t) => {
  const { clock, open, issue } = await setUp(t);
  const { svid, bundle } = await issue(clock.wallNow() + HOUR);
  const denied = { serials: ['0a'], ids: [], keys: [] };
  const files = open();
  assert.equal(await loadIdentity(files, clock), null);
  const foreign = await createRoot({ trustDomain: 'far', lifetimeMs: HOUR, wallNow: clock.wallNow() });
  const federated = [trustBundle('far', [foreign.certificate])];
  const full = withFederated(trustBundle('td', bundle.roots, denied), federated);
  saveIdentity(files, { svid, bundle: full });
  await files.close();
  const loaded = await loadIdentity(open(), clock);
  assert.equal(loaded?.svid.id.toString(), 'spiffe://td/ns/ns/sa/sa');
  assert.deepEqual(loaded.svid.chain, svid.chain);
  assert.ok(loaded.svid.key.equals(svid.key));
  assert.equal(loaded.svid.notAfter, svid.notAfter);
  assert.deepEqual(loaded.bundle, { ...bundle, denied, federated });
});

test('an SVID that has ended is refused, and the message says when that was', async (t) => {
  const { clock, folder, open, issue } = await setUp(t);
  const files = open();
  saveIdentity(files, await issue(clock.wallNow() + HOUR));
  await files.close();
  clock.jumpWall(HOUR + 1_000);
  await assert.rejects(loadIdentity(files, clock), (error) => {
    assert.ok(isMeshError(error, 'HEDDLE_IDENTITY_UNAVAILABLE'));
    assert.match(error.message, /a certificate expired at 2026-01-01T01:00:00/);
    return true;
  });
  assert.deepEqual((await readdir(folder.path)).sort(), ['ns.sa.svc.identity.1', 'seal.key']);
});

test('what is sealed and no identity all the same is refused, and nothing of a key is told', async (t) => {
  const { clock, lines, open, issue } = await setUp(t);
  const files = open();
  const { svid, bundle } = await issue(clock.wallNow() + HOUR);
  const other = await newKey();
  const pem = other.export({ type: 'pkcs8', format: 'pem' }).toString();
  const own = svid.key.export({ type: 'pkcs8', format: 'pem' }).toString();
  const body = { chain: svid.chain, roots: bundle.roots };
  for (const [text, expected] of [
    [`{"key":"${pem}`, /not JSON/],
    [JSON.stringify({ ...body, key: pem }), /for another key/],
    [JSON.stringify({ ...body, key: 'SECRET-KEY' }), /private key cannot be read/],
    [
      JSON.stringify({ ...body, key: own, federated: [{ trustDomain: 'td', roots: bundle.roots }] }),
      /our own trust domain/,
    ],
  ] as const) {
    files.save({ trustDomain: 'td', body: () => text });
    await files.close();
    await assert.rejects(loadIdentity(files, clock), expected);
  }
  assert.ok(lines.length >= 3);
  assert.doesNotMatch(lines.join(), /PRIVATE KEY|SECRET-KEY/);
});
