import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import { SpiffeId } from '../../model/spiffe-id.js';
import { readDer } from './der.js';
import { bits, integer, oid, sequence, tagged, writeDer } from './der-write.js';
import { type KeyType, newKey } from './keys.js';
import { createRequest, parseRequest } from './request.js';

const ID = SpiffeId.parse('spiffe://td/ns/a/sa/b');

/** A request made by hand, so that it can be wrong. */
function handMade(keys: ReturnType<typeof generateKeyPairSync>, hash: string, algorithm: string): Buffer {
  const spki = keys.publicKey.export({ type: 'spki', format: 'der' }) as unknown as Buffer;
  const info = sequence(integer(0), sequence(), readDer(spki, 'key'), tagged(0));
  return writeDer(
    sequence(info, sequence(oid(algorithm)), bits(sign(hash, writeDer(info), keys.privateKey))),
  );
}

for (const type of ['ec-p256', 'ec-p384', 'rsa-2048'] satisfies KeyType[]) {
  test(`a request with an ${type} key is read back with the same public key, and OpenSSL accepts it`, async () => {
    const key = await newKey(type);
    const der = createRequest({ key, spiffeId: ID });
    const { publicKey } = parseRequest(der);
    assert.equal(publicKey.asymmetricKeyType, type.startsWith('ec') ? 'ec' : 'rsa');
    try {
      const printed = execFileSync('openssl', ['req', '-inform', 'DER', '-verify', '-noout', '-text'], {
        input: der,
        encoding: 'utf8',
        stdio: ['pipe', 'pipe', 'ignore'],
      });
      assert.match(printed, /URI:spiffe:\/\/td\/ns\/a\/sa\/b/);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  });
}

test('a request need not name an identity', async () => {
  assert.ok(parseRequest(createRequest({ key: await newKey() })).publicKey);
});

test('a request of which any byte was changed is refused', async () => {
  const der = createRequest({ key: await newKey(), spiffeId: ID });
  for (let at = 0; at < der.length; at += 1) {
    const changed = Buffer.from(der);
    changed[at]! ^= 0x01;
    assert.throws(() => parseRequest(changed), /HEDDLE_INVALID_ARGUMENT/, `byte ${at}`);
  }
});

test('a request signed by another key than the one in it is refused', () => {
  const one = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const forged = handMade(
    { publicKey: one.publicKey, privateKey: other.privateKey },
    'sha256',
    '1.2.840.10045.4.3.2',
  );
  assert.throws(() => parseRequest(forged), /signature does not verify/);
});

test('weak keys are refused: RSA below 2048 bits, other curves, other kinds', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 });
  assert.throws(() => parseRequest(handMade(rsa, 'sha256', '1.2.840.113549.1.1.11')), /1024 bits/);
  const curve = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
  assert.throws(() => parseRequest(handMade(curve, 'sha256', '1.2.840.10045.4.3.2')), /secp256k1/);
  assert.throws(() => createRequest({ key: curve.privateKey }), /secp256k1/);
});

test('signatures with SHA-1 are refused', () => {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  assert.throws(() => parseRequest(handMade(keys, 'sha1', '1.2.840.10045.4.1')), /signature algorithm/);
});

test('an oversized request is refused unread', () => {
  assert.throws(() => parseRequest(Buffer.alloc(20_000)), /longer than 16384 bytes/);
});
