import { createHash } from 'node:crypto';
import { MeshError } from '../../base/errors.js';
import type { SpiffeId } from '../../model/spiffe-id.js';
import type { DerNode } from './der.js';
import { bits, boolean, integer, octets, oid, sequence, taggedBytes, writeDer } from './der-write.js';
import { OID } from './oids.js';

/** The extensions of the certificates that we sign. @source RFC 5280 §4.2 */

/** Of an X.509-SVID. @source SPIFFE X509-SVID.md §4 */
export function workloadExtensions(publicKey: Buffer, id: SpiffeId, dnsNames: readonly string[]): DerNode[] {
  return [
    extension(OID.keyUsage, true, bits(Uint8Array.of(DIGITAL_SIGNATURE), 7)),
    extension(OID.extendedKeyUsage, false, sequence(oid(OID.serverAuth), oid(OID.clientAuth))),
    extension(OID.basicConstraints, true, sequence()),
    extension(OID.subjectKeyIdentifier, false, octets(keyIdentifier(publicKey))),
    // Critical, because the subject is empty (RFC 5280 §4.2.1.6).
    extension(OID.subjectAltName, true, alternativeNames(id, dnsNames)),
  ];
}

/** Of a root or an intermediate. @param pathLength undefined: no limit */
export function authorityExtensions(
  publicKey: Buffer,
  id: SpiffeId | undefined,
  pathLength: number | undefined,
  identifier: Buffer = keyIdentifier(publicKey),
): DerNode[] {
  const constraints =
    pathLength === undefined ? sequence(boolean(true)) : sequence(boolean(true), integer(pathLength));
  return [
    extension(OID.keyUsage, true, bits(Uint8Array.of(KEY_CERT_SIGN | CRL_SIGN), 1)),
    extension(OID.basicConstraints, true, constraints),
    extension(OID.subjectKeyIdentifier, false, octets(identifier)),
    ...(id === undefined ? [] : [extension(OID.subjectAltName, false, alternativeNames(id, []))]),
  ];
}

const DIGITAL_SIGNATURE = 0x80;
const KEY_CERT_SIGN = 0x04;
const CRL_SIGN = 0x02;

function alternativeNames(id: SpiffeId, dnsNames: readonly string[]): DerNode {
  for (const name of dnsNames) {
    if (!/^[A-Za-z0-9*_.-]{1,253}$/.test(name)) throw invalid(`${JSON.stringify(name)} is not a DNS name`);
  }
  const uri = taggedBytes(6, Buffer.from(id.toString(), 'latin1'));
  return sequence(uri, ...dnsNames.map((name) => taggedBytes(2, Buffer.from(name, 'latin1'))));
}

export function extension(id: string, critical: boolean, value: DerNode): DerNode {
  const encoded = octets(writeDer(value));
  return critical ? sequence(oid(id), boolean(true), encoded) : sequence(oid(id), encoded);
}

/** The leftmost 160 bits of the SHA-256 of the public key. @source RFC 7093 §2 (1), on the whole SubjectPublicKeyInfo (4) */
export function keyIdentifier(publicKey: Buffer): Buffer {
  return createHash('sha256').update(publicKey).digest().subarray(0, 20);
}

export function invalid(because: string): MeshError {
  return new MeshError(because, { code: 'HEDDLE_INVALID_ARGUMENT' });
}
