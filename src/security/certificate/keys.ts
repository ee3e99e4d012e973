import { generateKeyPair, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { MeshError } from '../../base/errors.js';
import type { DerNode } from './der.js';
import { nothing, oid, sequence } from './der-write.js';

/** Kinds of key pairs that a workload or an authority may have. */
export type KeyType = 'ec-p256' | 'ec-p384' | 'rsa-2048' | 'rsa-3072' | 'rsa-4096';

const CURVES: Readonly<Record<string, string>> = { 'ec-p256': 'prime256v1', 'ec-p384': 'secp384r1' };

/** A new private key. Elliptic curves take a tenth of a millisecond; RSA, which takes far longer, is made on another thread. */
export async function newKey(type: KeyType = 'ec-p256'): Promise<KeyObject> {
  const curve = CURVES[type];
  if (curve !== undefined) return generateKeyPairSync('ec', { namedCurve: curve }).privateKey;
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: Number(type.slice(4)) });
  return privateKey;
}

/** Why `key` is too weak, or of a kind that is not used here; null if it is good. */
export function keyFault(key: KeyObject): string | null {
  const details = key.asymmetricKeyDetails;
  if (key.asymmetricKeyType === 'ec') {
    const curve = details?.namedCurve ?? 'unnamed';
    return Object.values(CURVES).includes(curve) ? null : `its curve is ${curve}; use P-256 or P-384`;
  }
  if (key.asymmetricKeyType === 'rsa') {
    const length = details?.modulusLength ?? 0;
    if (length < 2048 || length > 8192) return `its RSA modulus has ${length} bits; use 2048 to 8192`;
    // Small and huge exponents only ever come from broken or hostile generators, and huge ones are slow to verify.
    return details?.publicExponent === 65537n ? null : 'its RSA exponent is not 65537';
  }
  return `it is of type ${key.asymmetricKeyType}; use EC P-256, EC P-384 or RSA`;
}

/** @throws MeshError `HEDDLE_INVALID_ARGUMENT` */
export function requireGoodKey(key: KeyObject, what: string): void {
  const because = keyFault(key);
  if (because !== null) throw new MeshError(`${what}: ${because}`, { code: 'HEDDLE_INVALID_ARGUMENT' });
}

const ECDSA = { sha256: '1.2.840.10045.4.3.2', sha384: '1.2.840.10045.4.3.3' };
const RSA_SHA256 = '1.2.840.113549.1.1.11';

/** How signatures made with `key` are named and hashed. @source RFC 5758 §3.2, RFC 4055 §5 */
export function signatureOf(key: KeyObject): { readonly algorithm: DerNode; readonly hash: string } {
  if (key.asymmetricKeyType === 'rsa') {
    return { algorithm: sequence(oid(RSA_SHA256), nothing()), hash: 'sha256' };
  }
  const hash = key.asymmetricKeyDetails?.namedCurve === 'secp384r1' ? 'sha384' : 'sha256';
  return { algorithm: sequence(oid(ECDSA[hash])), hash };
}

/** The hash of a signature algorithm that goes with a key of `keyType`; undefined for all others, SHA-1 among them. */
export function hashOf(algorithm: string, keyType: string | undefined): string | undefined {
  return HASHES[`${keyType} ${algorithm}`];
}

const HASHES: Readonly<Record<string, string>> = {
  [`ec ${ECDSA.sha256}`]: 'sha256',
  [`ec ${ECDSA.sha384}`]: 'sha384',
  'ec 1.2.840.10045.4.3.4': 'sha512',
  [`rsa ${RSA_SHA256}`]: 'sha256',
  'rsa 1.2.840.113549.1.1.12': 'sha384',
  'rsa 1.2.840.113549.1.1.13': 'sha512',
};
