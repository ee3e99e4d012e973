import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { MeshError } from '../../base/errors.js';
import type { SpiffeId } from '../../model/spiffe-id.js';
import { items, readBits, readDer, readOid, TAG } from './der.js';
import { bits, integer, octets, oid, sequence, setOf, tagged, taggedBytes, writeDer } from './der-write.js';
import { createPublicKeyOf } from './fields.js';
import { hashOf, requireGoodKey, signatureOf } from './keys.js';
import { OID } from './oids.js';

/**
 * Certificate requests (PKCS#10): how a workload asks for an SVID without its private key ever leaving it.
 * @source RFC 2986
 */

/** Largest request that is read: an RSA-8192 one has about 3 KiB. */
const MAX_REQUEST_BYTES = 16 * 1024;
const WHAT = 'the certificate request';

/**
 * A request for `spiffeId`, DER, signed with `key`. The authority writes the identity that it authenticated; the one in the
 * request is for people who look at it.
 * @throws MeshError `HEDDLE_INVALID_ARGUMENT` if the key is too weak
 */
export function createRequest(options: { readonly key: KeyObject; readonly spiffeId?: SpiffeId }): Buffer {
  requireGoodKey(options.key, 'the key of the certificate request');
  const publicKey = createPublicKey(options.key).export({ type: 'spki', format: 'der' });
  const attributes =
    options.spiffeId === undefined ? tagged(0) : tagged(0, extensionRequest(options.spiffeId.toString()));
  const info = sequence(integer(0), sequence(), readDer(publicKey, 'the public key'), attributes);
  const { algorithm, hash } = signatureOf(options.key);
  return writeDer(sequence(info, algorithm, bits(sign(hash, writeDer(info), options.key))));
}

function extensionRequest(uri: string) {
  const names = sequence(taggedBytes(6, Buffer.from(uri, 'latin1')));
  const extension = sequence(oid(OID.subjectAltName), octets(writeDer(names)));
  return sequence(oid(OID.extensionRequest), setOf(sequence(extension)));
}

export interface CertificateRequest {
  /** Proved to belong to whoever made the request. */
  readonly publicKey: KeyObject;
}

/**
 * Reads a request (DER) and verifies that it was signed with the key that it names. Its subject and its names are not looked
 * at: they are only wishes.
 * @throws MeshError `HEDDLE_INVALID_ARGUMENT` if it is malformed, its key too weak, or its signature wrong
 */
export function parseRequest(der: Uint8Array): CertificateRequest {
  const [info, algorithm, signature] = exactly(
    3,
    items(readDer(der, WHAT, MAX_REQUEST_BYTES), TAG.sequence, WHAT),
  );
  const [version, subject, spki] = items(info, TAG.sequence, WHAT);
  if (version?.value !== '\x00') throw refused('its version is not 1');
  items(subject, TAG.sequence, WHAT);
  items(spki, TAG.sequence, WHAT);
  const publicKey = createPublicKeyOf(writeDer(spki!), WHAT);
  requireGoodKey(publicKey, 'the key in the certificate request');
  const name = readOid(items(algorithm, TAG.sequence, WHAT)[0], WHAT);
  const hash = hashOf(name, publicKey.asymmetricKeyType);
  if (hash === undefined)
    throw refused(`its signature algorithm is ${name}; use SHA-256, SHA-384 or SHA-512`);
  if (!verify(hash, writeDer(info!), publicKey, readBits(signature, WHAT))) {
    throw refused('its signature does not verify with the key in it');
  }
  return { publicKey };
}

function exactly<T>(count: number, values: readonly T[]): readonly T[] {
  if (values.length !== count) throw refused(`it has ${values.length} parts instead of ${count}`);
  return values;
}

function refused(because: string): MeshError {
  return new MeshError(`${WHAT} is refused: ${because}`, { code: 'HEDDLE_INVALID_ARGUMENT' });
}
