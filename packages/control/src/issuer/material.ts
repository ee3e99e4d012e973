/**
 * Authorities that an operator brings, as PEM. They are checked before they are believed:
 * key strengths, whose key it is, that the chain leads to its root, and that the trust domain is ours.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { MeshError } from 'heddle/ports';
import {
  chainFault,
  fingerprint,
  Issuer,
  type IssuerPair,
  keyFault,
  readCertificate,
  splitPem,
} from 'heddle/security';
import type { FirstParts, IntermediateState } from './ca-state.js';

export function rootFacts(certificate: string): FirstParts['root'] {
  return { fingerprint: fingerprint(certificate), certificate, keyId: keyIdOf(certificate) };
}

export interface IntermediateParts {
  readonly certificate: string;
  readonly root: string;
  /** Between the two. @default none */
  readonly above?: readonly string[];
}

export function intermediateFacts(
  { certificate, root, above = [] }: IntermediateParts,
  now: number,
): IntermediateState {
  const { notAfter } = readCertificate(new X509Certificate(certificate).raw);
  return {
    ...{ fingerprint: fingerprint(certificate), certificate, keyId: keyIdOf(certificate) },
    ...{ root: fingerprint(root), above, since: now, notAfter },
  };
}

/** What an operator brought. */
export interface Brought {
  /** PEM. */
  readonly root: string;
  /** null: the root's key is somewhere else. */
  readonly rootPair: IssuerPair | null;
  /** null: the root's key is here, and makes its own. */
  readonly intermediate: { readonly pair: IssuerPair; readonly above: readonly string[] } | null;
  /** PEM, other roots' word for this one. */
  readonly vouchers: readonly string[];
}

/**
 * Reads PEM with one private key (none if it is `key`), its certificate first among the certificates, then those above it up to a self-signed root, which may
 * be missing if it is one of `known`. A certificate that vouches for the root may follow.
 * @param known roots that are in the bundle, PEM
 * @throws MeshError `HEDDLE_INVALID_ARGUMENT` naming what is wrong
 */
export function readBrought(
  pem: string,
  options: {
    readonly trustDomain: string;
    readonly known: readonly string[];
    readonly wallNow: number;
    /** That a certificate was requested for: its certificate comes without one. @default none */
    readonly key?: IssuerPair['key'] | undefined;
  },
): Brought {
  const [first, ...others] = splitPem('CERTIFICATE', pem);
  if (first === undefined) throw invalid('there is no certificate in it');
  if (others.length > 8) throw invalid('there are more than 9 certificates in it');
  const key = readKey(pem, options.key, first);
  for (const one of [first, ...others]) requireAuthority(one, options.trustDomain);
  const pair = new Issuer({ certificate: first, key });
  if (isSelfSigned(first)) {
    const fault = chainFault([first], [first], options.wallNow);
    if (fault !== null) throw invalid(fault);
    const { pathLength } = readCertificate(new X509Certificate(first).raw);
    if (pathLength === 0) throw invalid('the root allows no intermediate below it');
    return { root: first, rootPair: pair, intermediate: null, vouchers: vouchersOf(others, first) };
  }
  const roots = [...others.filter(isSelfSigned), ...options.known];
  const between = others.filter((one) => !isSelfSigned(one));
  for (const root of roots) {
    const above = between.filter((one) => !isVoucher(one, root));
    if (chainFault([first, ...above], [root], options.wallNow) !== null) continue;
    return { root, rootPair: null, intermediate: { pair, above }, vouchers: vouchersOf(between, root) };
  }
  throw invalid(
    'its chain does not lead to a root in it, nor to one in the bundle; add the root certificate',
  );
}

/** The vouchers among `certificates`: for the same key and name, by somebody else. */
function vouchersOf(certificates: readonly string[], root: string): string[] {
  return certificates.filter((one) => isVoucher(one, root));
}

function isVoucher(certificate: string, root: string): boolean {
  const [one, other] = [new X509Certificate(certificate), new X509Certificate(root)];
  return one.subject === other.subject && one.publicKey.equals(other.publicKey) && !isSelfSigned(certificate);
}

export function isSelfSigned(certificate: string): boolean {
  const x509 = new X509Certificate(certificate);
  return x509.checkIssued(x509) && x509.verify(x509.publicKey);
}

function readKey(
  pem: string,
  waiting: IssuerPair['key'] | undefined,
  certificate: string,
): IssuerPair['key'] {
  const blocks = pem.match(/-----BEGIN [A-Z ]*PRIVATE KEY-----/g) ?? [];
  if (blocks.length === 0 && waiting !== undefined) {
    if (new X509Certificate(certificate).checkPrivateKey(waiting)) return waiting;
    throw invalid(
      'it comes without a private key, and is not for the key that was requested for (`heddle ca request`)',
    );
  }
  if (blocks.length !== 1) throw invalid('it does not hold exactly one private key, unencrypted');
  try {
    return createPrivateKey(pem);
  } catch {
    throw invalid('its private key cannot be read; expected an unencrypted one in PEM form');
  }
}

function requireAuthority(certificate: string, trustDomain: string): void {
  const x509 = new X509Certificate(certificate);
  const fields = readCertificate(x509.raw);
  if (!fields.isCa || fields.keyUsage?.keyCertSign === false)
    throw invalid(`${x509.subject} is not an authority's certificate`);
  const weak = keyFault(x509.publicKey);
  if (weak !== null) throw invalid(`the key of ${x509.subject}: ${weak}`);
  if (fields.subjectKeyIdentifier === undefined)
    throw invalid(`${x509.subject} has no key identifier, without which it could not be denied one day`);
  const named = fields.uris.filter((uri) => uri.startsWith('spiffe://'));
  if (named.some((uri) => uri !== `spiffe://${trustDomain}`))
    throw invalid(`${x509.subject} is of another trust domain than ${trustDomain} (${named.join(', ')})`);
}

function keyIdOf(certificate: string): string {
  const { subjectKeyIdentifier } = readCertificate(new X509Certificate(certificate).raw);
  if (subjectKeyIdentifier === undefined) throw invalid('an authority has no key identifier');
  return subjectKeyIdentifier.toString('hex');
}

function invalid(because: string): MeshError {
  return new MeshError(`the authority is refused: ${because}`, { code: 'HEDDLE_INVALID_ARGUMENT' });
}
