import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { isMeshError, MeshError } from '../../base/errors.js';
import { SpiffeId } from '../../model/spiffe-id.js';
import type { DenyList, Svid, TrustBundle } from '../../ports/identity.js';
import { trustBundle } from '../bundle/bundle.js';
import { readCertificate } from '../certificate/fields.js';
import { requireGoodKey } from '../certificate/keys.js';
import { splitPem } from '../certificate/pem.js';
import { chainFault } from './chain.js';
import { spiffeIdOf, svidFault } from './verify.js';

/** What an authority answered, or what was found in files. */
export interface IssuedSvid {
  /** PEM, leaf first. A root at its end, which Istio's authority sends, is left out. */
  readonly chain: readonly string[];
  /** PEM. */
  readonly roots: readonly string[];
  /** @default that of the leaf */
  readonly trustDomain?: string;
  /** Of the trust bundle. @default nobody */
  readonly denied?: DenyList | undefined;
  /** What the leaf must name. @default whatever it names */
  readonly spiffeId?: string;
}

/**
 * How far our clock may be behind that of the authority, beyond what it backdates: an SVID that begins later than this is refused. One
 * that begins soon is good to have: by peers whose clocks are right it is believed already.
 * @source Istio and SPIRE: clocks of one mesh are to agree within minutes
 */
const MAX_BEHIND_MS = 5 * 60_000;

/**
 * Turns an answer into an identity, if every part of it holds: the key is the leaf's, the leaf follows SPIFFE's rules, the
 * chain leads to the roots, and it is its time, or will be within five minutes. Nothing is used before it has passed.
 * @throws MeshError `HEDDLE_IDENTITY_UNAVAILABLE` naming what is wrong
 */
export function receiveSvid(
  issued: IssuedSvid,
  key: KeyObject,
  wallNow: number,
): { readonly svid: Svid; readonly bundle: TrustBundle } {
  try {
    const chain = issued.chain.flatMap((text) => splitPem('CERTIFICATE', text));
    const [leaf] = chain;
    if (leaf === undefined) throw refused('it has no certificate');
    const x509 = new X509Certificate(leaf);
    const fields = readCertificate(x509.raw);
    const id = spiffeIdOf(x509);
    const because = svidFault(fields, id);
    if (because !== null) throw refused(because);
    if (issued.spiffeId !== undefined && SpiffeId.parse(issued.spiffeId).toString() !== id.toString()) {
      throw refused(`it names ${id} and not ${issued.spiffeId}`);
    }
    if (!x509.checkPrivateKey(key)) throw refused('its certificate is for another key');
    requireGoodKey(key, 'the key');
    const bundle = trustBundle(issued.trustDomain ?? id.trustDomain, issued.roots, issued.denied);
    if (bundle.trustDomain !== id.trustDomain) {
      throw refused(`it names ${id}, but the roots are those of ${bundle.trustDomain}`);
    }
    const sent = withoutRoots(chain);
    const fault = chainFault(sent, bundle.roots, firstMoment(sent, wallNow));
    if (fault !== null) throw refused(fault);
    return {
      svid: { id, chain: sent, key, notBefore: fields.notBefore, notAfter: fields.notAfter },
      bundle,
    };
  } catch (error) {
    if (isMeshError(error, 'HEDDLE_IDENTITY_UNAVAILABLE')) throw error;
    throw refused(error instanceof Error ? error.message : 'it cannot be read', error);
  }
}

/**
 * A private key from PEM: PKCS#8, PKCS#1 or SEC 1.
 * @throws MeshError `HEDDLE_IDENTITY_UNAVAILABLE`; nothing of the text is in it
 */
export function readPrivateKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw refused('its private key cannot be read; expected an unencrypted key in PEM form');
  }
}

/** When all of `chain` has begun, if that is soon; no later than it must be. */
function firstMoment(chain: readonly string[], wallNow: number): number {
  const begins = chain.map((pem) => readCertificate(new X509Certificate(pem).raw).notBefore);
  const soon = begins.filter((at) => at <= wallNow + MAX_BEHIND_MS);
  return Math.max(wallNow, ...soon);
}

function withoutRoots(chain: readonly string[]): string[] {
  const selfSigned = (pem: string) => {
    const x509 = new X509Certificate(pem);
    return x509.ca && x509.checkIssued(x509);
  };
  return chain.filter((pem, index) => index === 0 || !selfSigned(pem));
}

function refused(because: string, cause?: unknown): MeshError {
  return new MeshError(`the SVID is refused: ${because}`, { code: 'HEDDLE_IDENTITY_UNAVAILABLE', cause });
}
