import { createPublicKey, type KeyObject } from 'node:crypto';
import { content, type DerNode, items, malformed, readDer, readOid, readTime, TAG, tagOf } from './der.js';
import { writeDer } from './der-write.js';
import { OID } from './oids.js';

/**
 * The fields of a certificate that identity decisions are made from, read from its bytes. Node prints alternative names as one
 * string, which names can be made to imitate; here nothing is ever split.
 * @source RFC 5280 §4.1, §4.2; CVE-2021-44532 for why not the printed form
 */
export interface CertificateFields {
  /** Lower-case hex, two digits a byte, without leading zeros: as Node prints it, but for the case. */
  readonly serial: string;
  readonly issuer: DerNode;
  readonly subject: DerNode;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Buffer;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly uris: readonly string[];
  readonly dnsNames: readonly string[];
  readonly isCa: boolean;
  /** Most intermediates below it; undefined: no limit. */
  readonly pathLength: number | undefined;
  /** undefined: the certificate does not say. */
  readonly keyUsage: KeyUsage | undefined;
  /** Whether the key usage extension is critical. */
  readonly keyUsageCritical: boolean;
  /** Identifiers; undefined: the certificate does not say. */
  readonly extendedKeyUsage: readonly string[] | undefined;
  readonly subjectKeyIdentifier: Buffer | undefined;
  /** Of the key that signed it; undefined: the certificate does not say, or not in this form. */
  readonly authorityKeyIdentifier: Buffer | undefined;
  /** Critical extensions that are not understood here: whoever relies on the certificate must refuse it. */
  readonly unknownCritical: readonly string[];
}

export interface KeyUsage {
  readonly digitalSignature: boolean;
  readonly keyCertSign: boolean;
  readonly crlSign: boolean;
}

const WHAT = 'the certificate';

interface Extension {
  readonly critical: boolean;
  readonly value: DerNode;
}

/** @throws MeshError `HEDDLE_INVALID_ARGUMENT` */
export function readCertificate(der: Uint8Array): CertificateFields {
  const tbs = [...items(items(readDer(der, WHAT), TAG.sequence, WHAT)[0], TAG.sequence, WHAT)];
  if (tbs[0] === undefined || tagOf(tbs[0]) !== 0xa0) throw malformed(WHAT, 'it is not of version 3');
  const [, serial, , issuer, validity, subject, publicKey] = tbs;
  const [notBefore, notAfter] = items(validity, TAG.sequence, WHAT);
  items(issuer, TAG.sequence, WHAT);
  items(subject, TAG.sequence, WHAT);
  items(publicKey, TAG.sequence, WHAT);
  const extensions = readExtensions(tbs.slice(7).find((part) => tagOf(part) === 0xa3));
  const names = extensions.get(OID.subjectAltName);
  const constraints = extensions.get(OID.basicConstraints);
  const [isCa, pathLength] = readConstraints(constraints?.value);
  const usage = extensions.get(OID.keyUsage);
  const extended = extensions.get(OID.extendedKeyUsage);
  const identifier = extensions.get(OID.subjectKeyIdentifier);
  const authority = extensions.get(OID.authorityKeyIdentifier);
  return {
    serial: content(serial, TAG.integer, WHAT)
      .toString('hex')
      .replace(/^(00)+(?=.)/, ''),
    issuer: issuer!,
    subject: subject!,
    publicKey: writeDer(publicKey!),
    notBefore: readTime(notBefore, WHAT),
    notAfter: readTime(notAfter, WHAT),
    uris: readNames(names?.value, 0x86),
    dnsNames: readNames(names?.value, 0x82),
    isCa,
    pathLength,
    keyUsage: usage === undefined ? undefined : readKeyUsage(usage.value),
    keyUsageCritical: usage?.critical ?? false,
    extendedKeyUsage:
      extended === undefined
        ? undefined
        : items(extended.value, TAG.sequence, WHAT).map((purpose) => readOid(purpose, WHAT)),
    subjectKeyIdentifier:
      identifier === undefined ? undefined : content(identifier.value, TAG.octetString, WHAT),
    authorityKeyIdentifier: readAuthority(authority?.value),
    unknownCritical: [...extensions].filter(([id, one]) => one.critical && !KNOWN.has(id)).map(([id]) => id),
  };
}

const KNOWN: ReadonlySet<string> = new Set([
  OID.subjectAltName,
  OID.basicConstraints,
  OID.keyUsage,
  OID.extendedKeyUsage,
]);

function readExtensions(part: DerNode | undefined): ReadonlyMap<string, Extension> {
  const found = new Map<string, Extension>();
  if (part === undefined) return found;
  for (const extension of items(items(part, 0xa3, WHAT)[0], TAG.sequence, WHAT)) {
    const parts = items(extension, TAG.sequence, WHAT);
    const id = readOid(parts[0], WHAT);
    if (found.has(id)) throw malformed(WHAT, `it has the extension ${id} twice`);
    const critical = parts.length === 3 && content(parts[1], TAG.boolean, WHAT)[0] !== 0;
    const value = content(parts[parts.length === 3 ? 2 : 1], TAG.octetString, WHAT);
    // Only what is used is read: an extension that nobody here knows may hold anything.
    if (READ.has(id)) found.set(id, { critical, value: readDer(value, WHAT) });
    else found.set(id, { critical, value: { tagClass: 0, type: 5, constructed: false, value: '' } });
  }
  return found;
}

const READ: ReadonlySet<string> = new Set([...KNOWN, OID.subjectKeyIdentifier, OID.authorityKeyIdentifier]);

/** Some name the signing certificate instead of its key. */
function readAuthority(value: DerNode | undefined): Buffer | undefined {
  if (value === undefined) return undefined;
  const identifier = items(value, TAG.sequence, WHAT).find((part) => tagOf(part) === 0x80);
  return identifier === undefined ? undefined : content(identifier, 0x80, WHAT);
}

function readNames(value: DerNode | undefined, tag: number): readonly string[] {
  if (value === undefined) return [];
  return items(value, TAG.sequence, WHAT)
    .filter((name) => tagOf(name) === tag)
    .map((name) => content(name, tag, WHAT).toString('latin1'));
}

function readConstraints(
  value: DerNode | undefined,
): readonly [isCa: boolean, pathLength: number | undefined] {
  if (value === undefined) return [false, undefined];
  const [first, second] = items(value, TAG.sequence, WHAT);
  if (first === undefined) return [false, undefined];
  const isCa = content(first, TAG.boolean, WHAT)[0] !== 0;
  if (second === undefined) return [isCa, undefined];
  const length = content(second, TAG.integer, WHAT);
  if (length.length !== 1 || length[0]! > 0x7f) throw malformed(WHAT, 'its path length is out of range');
  return [isCa, length[0]];
}

function readKeyUsage(value: DerNode): KeyUsage {
  const first = content(value, TAG.bitString, WHAT)[1] ?? 0;
  return {
    digitalSignature: (first & 0x80) !== 0,
    keyCertSign: (first & 0x04) !== 0,
    crlSign: (first & 0x02) !== 0,
  };
}

/** @throws MeshError `HEDDLE_INVALID_ARGUMENT` for whatever OpenSSL cannot read */
export function createPublicKeyOf(spki: Buffer, what: string): KeyObject {
  try {
    return createPublicKey({ key: spki, format: 'der', type: 'spki' });
  } catch (error) {
    throw malformed(what, 'its public key is not understood', error);
  }
}
