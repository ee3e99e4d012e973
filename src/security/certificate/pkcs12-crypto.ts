import { createDecipheriv, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto';
import { MeshError } from '../../base/errors.js';
import { content, type DerNode, items, readOid, TAG } from './der.js';

/** The two keyed parts of a PKCS#12 file: its encryption (PBES2) and its MAC. @source RFC 8018 §6.2, RFC 7292 §4, App. B */

const WHAT = 'the PKCS#12 file';

/** More rounds than anyone uses, and few enough not to hold up the process: PBKDF2 is native, the MAC's key is not. */
const MAX_PBKDF2_ROUNDS = 2_000_000;
const MAX_MAC_ROUNDS = 100_000;

const PBES2 = '1.2.840.113549.1.5.13';
const PBKDF2 = '1.2.840.113549.1.5.12';
const PRFS: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
};
const CIPHERS: Readonly<Record<string, readonly [name: string, keyBytes: number]>> = {
  '2.16.840.1.101.3.4.1.2': ['aes-128-cbc', 16],
  '2.16.840.1.101.3.4.1.22': ['aes-192-cbc', 24],
  '2.16.840.1.101.3.4.1.42': ['aes-256-cbc', 32],
};
const DIGESTS: Readonly<Record<string, 'sha1' | 'sha256'>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
};
const SHA256 = '2.16.840.1.101.3.4.2.1';

/** Decrypts what an AlgorithmIdentifier of PBES2 describes. @throws MeshError `HEDDLE_INVALID_ARGUMENT` */
export function decryptPbes2(algorithm: DerNode | undefined, secret: Buffer, passphrase: string): Buffer {
  const [name, parameters] = items(algorithm, TAG.sequence, WHAT);
  const scheme = readOid(name, WHAT);
  if (scheme !== PBES2) {
    throw refused(`it is encrypted with ${scheme}; export it again with AES (openssl pkcs12 -export does)`);
  }
  const [derivation, encryption] = items(parameters, TAG.sequence, WHAT);
  const [kdf, kdfParameters] = items(derivation, TAG.sequence, WHAT);
  if (readOid(kdf, WHAT) !== PBKDF2) throw refused('its key derivation is not PBKDF2');
  const [salt, rounds, ...options] = items(kdfParameters, TAG.sequence, WHAT);
  const prf = options.find((option) => option.constructed);
  const hash = prf === undefined ? 'sha1' : PRFS[readOid(items(prf, TAG.sequence, WHAT)[0], WHAT)];
  const [cipherName, iv] = items(encryption, TAG.sequence, WHAT);
  const cipher = CIPHERS[readOid(cipherName, WHAT)];
  if (hash === undefined || cipher === undefined) throw refused('its cipher or hash is not AES-CBC with SHA');
  const count = readRounds(rounds, MAX_PBKDF2_ROUNDS);
  const key = pbkdf2Sync(passphrase, content(salt, TAG.octetString, WHAT), count, cipher[1], hash);
  try {
    const decipher = createDecipheriv(cipher[0], key, content(iv, TAG.octetString, WHAT));
    return Buffer.concat([decipher.update(secret), decipher.final()]);
  } catch {
    throw refused('a part of it cannot be decrypted; is the passphrase right?');
  }
}

/** Checks MacData over `signed`. @throws MeshError `HEDDLE_INVALID_ARGUMENT` */
export async function checkMac(
  macData: DerNode | undefined,
  signed: Buffer,
  passphrase: string,
): Promise<void> {
  if (macData === undefined) throw refused('it has no MAC, so nobody can tell whether it was changed');
  const [info, salt, rounds] = items(macData, TAG.sequence, WHAT);
  const [algorithm, expected] = items(info, TAG.sequence, WHAT);
  const hash = DIGESTS[readOid(items(algorithm, TAG.sequence, WHAT)[0], WHAT)];
  if (hash === undefined) throw refused('its MAC is not SHA-1 or SHA-256');
  const count = rounds === undefined ? 1 : readRounds(rounds, MAX_MAC_ROUNDS);
  const mac = await macOf(hash, signed, passphrase, content(salt, TAG.octetString, WHAT), count);
  const given = content(expected, TAG.octetString, WHAT);
  if (given.length !== mac.length || !timingSafeEqual(given, mac)) {
    throw refused('its MAC is wrong: the passphrase is another one, or the file was changed');
  }
}

/** Identifier of the digest that {@link newMac} uses. */
export const MAC_DIGEST = SHA256;

export function newMac(signed: Buffer, passphrase: string, salt: Buffer, rounds: number): Promise<Buffer> {
  return macOf('sha256', signed, passphrase, salt, rounds);
}

/** Loaded when the first file is read or written: node-forge's part for it takes longer to load than all else here. */
async function macOf(
  hash: 'sha1' | 'sha256',
  signed: Buffer,
  passphrase: string,
  salt: Buffer,
  rounds: number,
): Promise<Buffer> {
  const [{ default: pkcs12 }, { default: util }, { default: digest }] = await Promise.all([
    import('node-forge/lib/pkcs12.js'),
    import('node-forge/lib/util.js'),
    hash === 'sha1' ? import('node-forge/lib/sha1.js') : import('node-forge/lib/sha256.js'),
  ]);
  const bytes = hash === 'sha1' ? 20 : 32;
  const key = pkcs12.generateKey(
    passphrase,
    util.createBuffer(salt.toString('latin1')),
    MAC_KEY_ID,
    rounds,
    bytes,
    digest.create(),
  );
  return createHmac(hash, Buffer.from(key.getBytes(), 'latin1')).update(signed).digest();
}

/** RFC 7292 App. B.3: the purpose byte of a key for a MAC. */
const MAC_KEY_ID = 3;

function readRounds(node: DerNode | undefined, most: number): number {
  const bytes = content(node, TAG.integer, WHAT);
  const rounds = bytes.length > 4 || bytes[0]! > 0x7f ? Number.NaN : bytes.readUIntBE(0, bytes.length);
  if (!(rounds >= 1 && rounds <= most)) throw refused(`it asks for more than ${most} rounds, or for none`);
  return rounds;
}

export function refused(because: string): MeshError {
  return new MeshError(`${WHAT} cannot be used: ${because}`, { code: 'HEDDLE_INVALID_ARGUMENT' });
}
