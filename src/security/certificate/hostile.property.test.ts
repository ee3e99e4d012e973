import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { isMeshError } from '../../base/errors.js';
import { SpiffeId } from '../../model/spiffe-id.js';
import { trustBundle } from '../bundle/bundle.js';
import { makeRoot } from './authority.js';
import { readDer } from './der.js';
import { readCertificate } from './fields.js';
import { issueCertificate } from './issue.js';
import { newKey } from './keys.js';
import { fromPem, splitPem, toPem } from './pem.js';
import { exportPkcs12, importPkcs12 } from './pkcs12.js';
import { createRequest, parseRequest } from './request.js';

/** What a network may bring: good documents with bytes changed, cut off, doubled or put in. Nothing but a refusal may come of it. */

const SEED = 20_261_123;
const ID = SpiffeId.parse('spiffe://td/ns/default/sa/reviews');
const root = await makeRoot({ trustDomain: 'td', keyType: 'ec-p256', wallNow: Date.now() });
const key = await newKey();
const REQUEST = createRequest({ key, spiffeId: ID });
const PEM = issueCertificate({
  ...{ issuer: root, publicKey: createPublicKey(key), spiffeId: ID },
  ...{ notBefore: Date.now() - 1_000, notAfter: Date.now() + 60_000 },
});
const CERTIFICATE = fromPem('CERTIFICATE', PEM);
const P12 = await exportPkcs12({ chain: [root.certificate], key: root.key }, 'passphrase');

/** A document after some accidents. */
function damaged(document: Uint8Array): fc.Arbitrary<Buffer> {
  const at = fc.nat(document.length - 1);
  const accident = fc.oneof(
    fc.record({ kind: fc.constant('set' as const), at, byte: fc.integer({ min: 0, max: 255 }) }),
    fc.record({ kind: fc.constant('flip' as const), at, byte: fc.constantFrom(1, 2, 4, 8, 16, 32, 64, 128) }),
    fc.record({ kind: fc.constant('insert' as const), at, byte: fc.integer({ min: 0, max: 255 }) }),
    fc.record({ kind: fc.constant('remove' as const), at, byte: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ kind: fc.constant('cut' as const), at, byte: fc.constant(0) }),
  );
  return fc.array(accident, { minLength: 1, maxLength: 4 }).map((accidents) => {
    let bytes = Buffer.from(document);
    for (const { kind, at: place, byte } of accidents) {
      const index = Math.min(place, Math.max(0, bytes.length - 1));
      if (kind === 'set' && bytes.length > 0) bytes[index] = byte;
      if (kind === 'flip' && bytes.length > 0) bytes[index]! ^= byte;
      if (kind === 'insert')
        bytes = Buffer.concat([bytes.subarray(0, index), Uint8Array.of(byte), bytes.subarray(index)]);
      if (kind === 'remove') bytes = Buffer.concat([bytes.subarray(0, index), bytes.subarray(index + byte)]);
      if (kind === 'cut') bytes = bytes.subarray(0, index);
    }
    return bytes;
  });
}

/** false: refused, as everything of ours refuses. */
function accepts(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    assert.ok(isMeshError(error, 'HEDDLE_INVALID_ARGUMENT'), String(error));
    return false;
  }
}

function openssl(args: readonly string[], input: Uint8Array): boolean {
  return spawnSync('openssl', args, { input }).status === 0;
}

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

test('whatever bytes come, the DER reader reads them or refuses them', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    damaged(CERTIFICATE),
    damaged(REQUEST),
    // Deep, wide and endless: what parsers break on.
    fc.nat(60).map((depth) => Buffer.from([...Array(depth).fill([0x30, 0x80]).flat(), 0x05, 0x00])),
    fc.nat(5_000).map((count) => Buffer.concat([Buffer.from([0x30, 0x83, 0, 0, 0]), Buffer.alloc(count, 5)])),
  );
  fc.assert(
    fc.property(bytes, (input) => {
      accepts(() => readDer(input, 'it'));
    }),
    { seed: SEED, numRuns: 2_000 },
  );
});

test('a damaged certificate request is refused, and none is accepted that openssl refuses', {
  skip: !hasOpenssl,
}, () => {
  assert.ok(accepts(() => parseRequest(REQUEST)));
  let accepted = 0;
  fc.assert(
    fc.property(damaged(REQUEST), (input) => {
      if (!accepts(() => parseRequest(input)) || accepted >= 20) return;
      // Accidents that undo each other leave a good one.
      accepted += 1;
      assert.ok(openssl(['req', '-inform', 'DER', '-verify', '-noout'], input), input.toString('hex'));
    }),
    { seed: SEED, numRuns: 2_000 },
  );
});

test('a damaged certificate is refused or read, and none becomes a root that openssl cannot read', {
  skip: !hasOpenssl,
}, () => {
  const good = fromPem('CERTIFICATE', root.certificate);
  let asked = 0;
  fc.assert(
    fc.property(fc.oneof(damaged(CERTIFICATE), damaged(good)), (input) => {
      accepts(() => readCertificate(input));
      if (!accepts(() => trustBundle('td', [toPem('CERTIFICATE', input)])) || asked >= 40) return;
      asked += 1;
      assert.ok(openssl(['x509', '-inform', 'DER', '-noout'], input), input.toString('hex'));
    }),
    { seed: SEED, numRuns: 1_000 },
  );
});

test('a damaged PEM text is split or refused', () => {
  const text = Buffer.from(`${PEM}${root.certificate}`);
  fc.assert(
    fc.property(fc.oneof(damaged(text), fc.uint8Array({ maxLength: 200 })), (input) => {
      accepts(() => {
        for (const pem of splitPem('CERTIFICATE', Buffer.from(input).toString('latin1')))
          accepts(() => readCertificate(fromPem('CERTIFICATE', pem)));
      });
    }),
    { seed: SEED, numRuns: 1_000 },
  );
});

test('a damaged PKCS#12 file is refused, or what is in it is what was put into it', async () => {
  await fc.assert(
    fc.asyncProperty(damaged(P12), async (input) => {
      try {
        const { key: read, chain } = await importPkcs12(input, 'passphrase');
        // The MAC covers all but itself and what says how it was made.
        assert.ok(read.equals(root.key));
        assert.deepEqual(chain, [root.certificate]);
      } catch (error) {
        assert.ok(isMeshError(error, 'HEDDLE_INVALID_ARGUMENT'), String(error));
      }
    }),
    { seed: SEED, numRuns: 300 },
  );
});

test('what is made here is what openssl reads, for every kind of key', { skip: !hasOpenssl }, async () => {
  for (const [type, pattern] of [
    ['ec-p256', /prime256v1/],
    ['ec-p384', /secp384r1/],
    ['rsa-2048', /2048 bit/],
  ] as const) {
    const { certificate } = await makeRoot({ trustDomain: 'td', keyType: type, wallNow: Date.now() });
    const text = execFileSync('openssl', ['x509', '-text', '-noout'], { input: certificate }).toString();
    assert.match(text, pattern);
    assert.match(text, /CA:TRUE, pathlen:2/);
  }
});
