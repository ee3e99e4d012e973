import { createPublicKey, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import { SpiffeId } from '../../model/spiffe-id.js';
import { type DerNode, readDer } from './der.js';
import {
  bits,
  integer,
  oid,
  sequence,
  setOf,
  tagged,
  taggedBytes,
  time,
  utf8,
  writeDer,
} from './der-write.js';
import { authorityExtensions, extension, invalid, keyIdentifier, workloadExtensions } from './extensions.js';
import { readCertificate } from './fields.js';
import { newKey, requireGoodKey, signatureOf } from './keys.js';
import { OID } from './oids.js';
import { toPem } from './pem.js';

/** An authority's certificate and its private key. */
export interface IssuerPair {
  /** PEM. */
  readonly certificate: string;
  readonly key: KeyObject;
}

/** An authority ready to sign: what certificates need of its own one is read once. */
export class Issuer implements IssuerPair {
  readonly certificate: string;
  readonly key: KeyObject;
  /** Milliseconds since the epoch; nothing it signs is of use after this. */
  readonly notAfter: number;
  /** @internal */ readonly subject: DerNode;
  /** @internal */ readonly keyIdentifier: Buffer;

  /** @throws MeshError `HEDDLE_INVALID_ARGUMENT` if the key is not the certificate's, or the certificate not an authority's */
  constructor(pair: IssuerPair) {
    const x509 = new X509Certificate(pair.certificate);
    const fields = readCertificate(x509.raw);
    if (!fields.isCa) throw invalid('the issuing certificate is not one of an authority');
    if (!x509.checkPrivateKey(pair.key))
      throw invalid('the private key does not belong to the issuing certificate');
    this.certificate = pair.certificate;
    this.key = pair.key;
    this.notAfter = fields.notAfter;
    this.subject = fields.subject;
    this.keyIdentifier = fields.subjectKeyIdentifier ?? keyIdentifier(fields.publicKey);
  }
}

export interface IssueOptions {
  /** Give an {@link Issuer} where many certificates are signed. */
  readonly issuer: IssuerPair;
  readonly publicKey: KeyObject;
  /** With a path for a workload; without one for an authority. */
  readonly spiffeId: SpiffeId;
  /** Milliseconds since the epoch, whole seconds count. Backdate it to forgive clocks that are slow. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** 16 bytes; the first bit is cleared. @default random */
  readonly serial?: Uint8Array;
  /** An intermediate authority. @default false */
  readonly isCa?: boolean;
  /** Intermediates that an authority may have below it. @default 0 */
  readonly pathLength?: number;
  /** Besides the identity, for peers that check host names. @default none */
  readonly dnsNames?: readonly string[];
  /** Of an authority, for people: its subject, cut to 64 characters. @default the trust domain */
  readonly commonName?: string;
}

/**
 * Signs an X.509-SVID, or an intermediate authority's certificate.
 * @returns PEM
 * @source SPIFFE X509-SVID.md §2-§4; RFC 5280 §4
 * @throws MeshError `HEDDLE_INVALID_ARGUMENT`
 */
export function issueCertificate(options: IssueOptions): string {
  const issuer = options.issuer instanceof Issuer ? options.issuer : new Issuer(options.issuer);
  const isCa = options.isCa ?? false;
  requireGoodKey(options.publicKey, 'the key to be certified');
  if (!(options.notAfter > options.notBefore)) throw invalid('a certificate must end after it begins');
  if (isCa !== (options.spiffeId.path === '')) {
    throw invalid(isCa ? "an authority's SPIFFE ID has no path" : "a workload's SPIFFE ID has a path");
  }
  const publicKey = options.publicKey.export({ type: 'spki', format: 'der' });
  return signCertificate({
    issuer: issuer.subject,
    authority: issuer.keyIdentifier,
    key: issuer.key,
    subject: isCa ? authorityName(options.commonName ?? options.spiffeId.trustDomain) : sequence(),
    publicKey,
    serial: options.serial ?? randomBytes(16),
    notBefore: options.notBefore,
    notAfter: options.notAfter,
    extensions: isCa
      ? authorityExtensions(publicKey, options.spiffeId, options.pathLength ?? 0)
      : workloadExtensions(publicKey, options.spiffeId, options.dnsNames ?? []),
  });
}

/**
 * Has `issuer` vouch for another root: whoever trusts only `issuer` can verify what that root signs.
 * @param certificate the other root's, PEM; its name and key stay what they are
 * @returns PEM; it ends with the first of the two
 * @throws MeshError `HEDDLE_INVALID_ARGUMENT`
 */
export function crossCertificate(issuer: IssuerPair, certificate: string): string {
  const by = issuer instanceof Issuer ? issuer : new Issuer(issuer);
  const x509 = new X509Certificate(certificate);
  const fields = readCertificate(x509.raw);
  if (!fields.isCa) throw invalid("only an authority's certificate can be vouched for");
  requireGoodKey(x509.publicKey, 'the key to be certified');
  const identifier = fields.subjectKeyIdentifier ?? keyIdentifier(fields.publicKey);
  return signCertificate({
    issuer: by.subject,
    authority: by.keyIdentifier,
    key: by.key,
    subject: fields.subject,
    publicKey: fields.publicKey,
    serial: randomBytes(16),
    notBefore: fields.notBefore,
    notAfter: Math.min(fields.notAfter, by.notAfter),
    extensions: authorityExtensions(fields.publicKey, undefined, fields.pathLength, identifier),
  });
}

export interface RootOptions {
  readonly trustDomain: string;
  /** For people: its subject, cut to 64 characters. @default the trust domain */
  readonly commonName?: string;
  /** @default a new P-256 key */
  readonly key?: KeyObject;
  readonly lifetimeMs: number;
  /** Milliseconds since the epoch. */
  readonly wallNow: number;
  /** How far before `wallNow` it begins, for peers whose clocks are slow. @default 300 000 */
  readonly backdateMs?: number;
  /** Intermediates that it may have below it. @default unlimited */
  readonly pathLength?: number;
  /** @default 16 random bytes */
  readonly serial?: Uint8Array;
}

/** Makes the self-signed root of a trust domain. @throws MeshError `HEDDLE_INVALID_ARGUMENT` */
export async function createRoot(options: RootOptions): Promise<IssuerPair> {
  const id = SpiffeId.parse(`spiffe://${options.trustDomain}`);
  const key = options.key ?? (await newKey());
  requireGoodKey(key, 'the key of the root');
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const subject = authorityName(options.commonName ?? id.trustDomain);
  const certificate = signCertificate({
    issuer: subject,
    authority: keyIdentifier(publicKey),
    key,
    subject,
    publicKey,
    serial: options.serial ?? randomBytes(16),
    notBefore: options.wallNow - (options.backdateMs ?? 300_000),
    notAfter: options.wallNow + options.lifetimeMs,
    extensions: authorityExtensions(publicKey, id, options.pathLength),
  });
  return { certificate, key };
}

interface Facts {
  readonly issuer: DerNode;
  readonly authority: Buffer;
  readonly key: KeyObject;
  readonly subject: DerNode;
  readonly publicKey: Buffer;
  readonly serial: Uint8Array;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly extensions: readonly DerNode[];
}

function signCertificate(facts: Facts): string {
  const { algorithm, hash } = signatureOf(facts.key);
  const tbs = sequence(
    tagged(0, integer(2)),
    integer(positive(facts.serial)),
    algorithm,
    facts.issuer,
    sequence(time(facts.notBefore), time(facts.notAfter)),
    facts.subject,
    readDer(facts.publicKey, 'the public key'),
    tagged(
      3,
      sequence(
        ...facts.extensions,
        extension(OID.authorityKeyIdentifier, false, sequence(taggedBytes(0, facts.authority))),
      ),
    ),
  );
  const der = writeDer(sequence(tbs, algorithm, bits(sign(hash, writeDer(tbs), facts.key))));
  return toPem('CERTIFICATE', der);
}

function authorityName(name: string): DerNode {
  const part = (id: string, text: string) => setOf(sequence(oid(id), utf8(text)));
  // A common name has 64 characters at most (RFC 5280, upper bounds).
  return sequence(part(OID.organization, 'Heddle'), part(OID.commonName, name.slice(0, 64)));
}

function positive(serial: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(serial);
  if (copy.length === 0 || copy.length > 20) throw invalid('a serial number has 1 to 20 bytes');
  copy[0]! &= 0x7f;
  if (copy.every((byte) => byte === 0)) throw invalid('a serial number is greater than 0');
  return copy;
}
