import { X509Certificate } from 'node:crypto';
import { type CertificateFields, readCertificate } from '../certificate/fields.js';

/**
 * Does a chain lead to a trusted root? For certificates that reach us outside of a TLS handshake, where OpenSSL answers this:
 * the authority's answer to a request, and files. Pure: time and roots are handed in.
 * @source RFC 5280 §6.1, without policies and without name constraints (a critical one is refused)
 */

/** Intermediates between leaf and root, at most. */
const MAX_INTERMEDIATES = 8;

interface Link {
  readonly x509: X509Certificate;
  readonly fields: CertificateFields;
}

/**
 * Why `chain` (PEM, leaf first) must not be trusted at `wallNow`; null if it leads to one of `roots`.
 * @throws MeshError `HEDDLE_INVALID_ARGUMENT` if a certificate cannot be read
 */
export function chainFault(
  chain: readonly string[],
  roots: readonly string[],
  wallNow: number,
): string | null {
  return pathFault(chain, roots, wallNow);
}

/**
 * As {@link chainFault}, for certificates as PEM or DER.
 * @param wallNow null: of whoever was let in already, dates are not looked at again
 */
export function pathFault(
  chain: readonly (string | Uint8Array)[],
  roots: readonly string[],
  wallNow: number | null,
): string | null {
  if (chain.length === 0) return 'the chain is empty';
  if (chain.length > MAX_INTERMEDIATES + 1)
    return `the chain has more than ${MAX_INTERMEDIATES} intermediates`;
  const [leaf, ...intermediates] = chain.map(link) as [Link, ...Link[]];
  const trusted = roots.map(link);
  let current = leaf;
  for (let below = 0; ; below += 1) {
    const because = spanFault(current.fields, wallNow) ?? unknownFault(current.fields);
    if (because !== null) return because;
    const root = trusted.find((one) => one.x509.raw.equals(current.x509.raw) || issued(one, current));
    if (root !== undefined) {
      return root.x509.raw.equals(current.x509.raw) ? null : authorityFault(root.fields, below, wallNow);
    }
    const next = intermediates[below];
    if (next === undefined) return 'the chain does not lead to a trusted root';
    if (!issued(next, current)) return 'a certificate of the chain was not signed by the next one';
    const fault = authorityFault(next.fields, below, wallNow);
    if (fault !== null) return fault;
    current = next;
  }
}

function link(certificate: string | Uint8Array): Link {
  const x509 = new X509Certificate(certificate);
  return { x509, fields: readCertificate(x509.raw) };
}

function issued(issuer: Link, subject: Link): boolean {
  return subject.x509.checkIssued(issuer.x509) && subject.x509.verify(issuer.x509.publicKey);
}

function authorityFault(fields: CertificateFields, below: number, wallNow: number | null): string | null {
  if (!fields.isCa || fields.keyUsage?.keyCertSign === false)
    return 'an issuing certificate is not an authority';
  if (fields.pathLength !== undefined && below > fields.pathLength) {
    return 'the chain has more intermediates than an authority allows';
  }
  return spanFault(fields, wallNow) ?? unknownFault(fields);
}

function spanFault(fields: CertificateFields, wallNow: number | null): string | null {
  if (wallNow === null) return null;
  const at = (ms: number) => new Date(ms).toISOString();
  if (wallNow < fields.notBefore) {
    return `a certificate is not valid before ${at(fields.notBefore)}, and it is ${at(wallNow)} here; check the clocks`;
  }
  return wallNow > fields.notAfter ? `a certificate expired at ${at(fields.notAfter)}` : null;
}

function unknownFault(fields: CertificateFields): string | null {
  const [first] = fields.unknownCritical;
  return first === undefined
    ? null
    : `a certificate has the critical extension ${first}, which is not understood`;
}
