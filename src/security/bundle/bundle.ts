import { createHash, X509Certificate } from 'node:crypto';
import { MeshError } from '../../base/errors.js';
import { SpiffeId } from '../../model/spiffe-id.js';
import type { DenyList, TrustBundle } from '../../ports/identity.js';
import { readCertificate } from '../certificate/fields.js';
import { fromPem, splitPem } from '../certificate/pem.js';
import { sameDenied } from './denied.js';

/** Trust bundles as values: the roots of one trust domain, checked once, at the door. */

/** Most roots of one bundle. Two overlap during a rotation; more than a few is a mistake. */
export const MAX_ROOTS = 64;

/** Most entries of one deny list: certificates live shortly, and entries no longer than they. */
export const MAX_DENIED = 10_000;

/**
 * A bundle of `roots`; doubles are left out, the order is kept. Each root may be a text with several PEM blocks.
 * @throws MeshError `HEDDLE_INVALID_ARGUMENT` if one is no authority's certificate, or there are none or too many
 */
export function trustBundle(
  trustDomain: string,
  roots: readonly string[],
  denied?: DenyList | undefined,
): TrustBundle {
  const id = SpiffeId.parse(`spiffe://${trustDomain}`);
  const byFingerprint = new Map<string, string>();
  for (const pem of roots.flatMap((text) => splitPem('CERTIFICATE', text))) {
    requireAuthority(pem);
    byFingerprint.set(fingerprint(pem), pem);
    if (byFingerprint.size > MAX_ROOTS) throw invalid(`a trust bundle has at most ${MAX_ROOTS} roots`);
  }
  if (byFingerprint.size === 0)
    throw invalid(`the trust bundle of ${id.trustDomain} has no root certificate`);
  const bundle = { trustDomain: id.trustDomain, roots: [...byFingerprint.values()] };
  const length = denied === undefined ? 0 : denied.serials.length + denied.ids.length + denied.keys.length;
  if (length > MAX_DENIED) throw invalid(`a deny list has at most ${MAX_DENIED} entries`);
  return denied === undefined || length === 0 ? bundle : { ...bundle, denied };
}

/** All roots as one PEM text. */
export function formatBundle(bundle: TrustBundle): string {
  return bundle.roots.join('');
}

/**
 * The roots of both: what is trusted while a root is being replaced. Bundles of different trust domains are never merged:
 * each domain could then speak for the other.
 * @throws MeshError `HEDDLE_INVALID_ARGUMENT` for different trust domains, or too many roots
 */
export function mergeBundles(one: TrustBundle, other: TrustBundle): TrustBundle {
  if (one.trustDomain !== other.trustDomain) {
    throw invalid(`bundles of ${one.trustDomain} and ${other.trustDomain} cannot be merged`);
  }
  const both = (name: keyof DenyList) => [
    ...new Set([...(one.denied?.[name] ?? []), ...(other.denied?.[name] ?? [])]),
  ];
  const denied = { serials: both('serials'), ids: both('ids'), keys: both('keys') };
  return trustBundle(one.trustDomain, [...one.roots, ...other.roots], denied);
}

/** Do both trust the same roots for the same trust domain, and deny the same? Order does not matter. */
export function sameBundle(one: TrustBundle, other: TrustBundle): boolean {
  if (one.trustDomain !== other.trustDomain || one.roots.length !== other.roots.length) return false;
  if (!sameDenied(one.denied, other.denied)) return false;
  if (!sameFederated(one, other)) return false;
  const known = new Set(one.roots.map(fingerprint));
  return other.roots.every((root) => known.has(fingerprint(root)));
}

function sameFederated({ federated: ours = [] }: TrustBundle, { federated = [] }: TrustBundle): boolean {
  if (ours.length !== federated.length) return false;
  return ours.every((one) => federated.some((other) => sameBundle(one, other)));
}

/**
 * SHA-256 of a certificate's DER, lower-case hex: the pin that a join token carries.
 * @throws MeshError `HEDDLE_INVALID_ARGUMENT` if `pem` is not exactly one certificate
 */
export function fingerprint(pem: string): string {
  return createHash('sha256').update(fromPem('CERTIFICATE', pem)).digest('hex');
}

/** The root that `pin` names, or undefined. */
export function findPinned(roots: readonly string[], pin: string): string | undefined {
  return roots.find((root) => fingerprint(root) === pin);
}

function requireAuthority(pem: string): void {
  const der = fromPem('CERTIFICATE', pem);
  const fields = readCertificate(der);
  if (!fields.isCa) throw invalid("a root of the trust bundle is not an authority's certificate");
  try {
    new X509Certificate(der);
  } catch (cause) {
    throw new MeshError('a root of the trust bundle cannot be read', {
      code: 'HEDDLE_INVALID_ARGUMENT',
      cause,
    });
  }
}

function invalid(because: string): MeshError {
  return new MeshError(because, { code: 'HEDDLE_INVALID_ARGUMENT' });
}
