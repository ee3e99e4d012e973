import assert from 'node:assert/strict';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { isMeshError } from '../../base/errors.js';
import { SpiffeId } from '../../model/spiffe-id.js';
import { createRoot, issueCertificate } from '../certificate/issue.js';
import { newKey } from '../certificate/keys.js';
import { receiveSvid } from './receive.js';
import { verifyPeer } from './verify.js';

/** Clocks that do not agree: an SVID whose time has not come, or has gone, by our own. */

const NOW = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
const ID = SpiffeId.parse('spiffe://td/ns/a/sa/b');
const root = await createRoot({ trustDomain: 'td', lifetimeMs: 1e9, wallNow: NOW - 1e8 });

/** An SVID below an intermediate; both begin and end so many minutes from now. */
async function issued(begin: number, end: number, above = begin) {
  const [caKey, key] = [await newKey(), await newKey()];
  const notAfter = NOW + end * MINUTE;
  const between = issueCertificate({
    issuer: root,
    publicKey: createPublicKey(caKey),
    spiffeId: SpiffeId.parse('spiffe://td'),
    isCa: true,
    notBefore: NOW + above * MINUTE,
    notAfter,
  });
  const leaf = issueCertificate({
    issuer: { certificate: between, key: caKey },
    publicKey: createPublicKey(key),
    spiffeId: ID,
    notBefore: NOW + begin * MINUTE,
    notAfter,
  });
  return { answer: { chain: [leaf, between], roots: [root.certificate] }, key, leaf };
}

const TABLE: readonly [what: string, begin: number, end: number, above: number, expected: RegExp | null][] = [
  ['that has begun', -1, 60, -1, null],
  ['that begins in five minutes', 5, 60, 5, null],
  ['whose authority begins in three minutes', -1, 60, 3, null],
  ['that begins in six minutes', 6, 60, 6, /not valid before .*check the clocks/],
  ['whose authority begins in six minutes', 1, 60, 6, /not valid before .*check the clocks/],
  ['that ended a minute ago', -60, -1, -60, /expired/],
];

for (const [what, begin, end, above, expected] of TABLE) {
  test(`an SVID ${what}, by our clock, is ${expected === null ? 'taken' : 'refused'}`, async () => {
    const { answer, key, leaf } = await issued(begin, end, above);
    const receive = () => receiveSvid(answer, key, NOW);
    if (expected === null) assert.equal(receive().svid.id.toString(), ID.toString());
    else {
      assert.throws(receive, (error) => {
        assert.ok(isMeshError(error, 'HEDDLE_IDENTITY_UNAVAILABLE'));
        assert.match(error.message, expected);
        return true;
      });
    }
    // Of a peer the handshake has looked at the dates: they are not looked at by a second clock.
    assert.equal(verifyPeer(new X509Certificate(leaf), { expected: 'any' }).kind, 'trusted');
  });
}
