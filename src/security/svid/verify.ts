import type { X509Certificate } from 'node:crypto';
import { isMeshError, MeshError } from '../../base/errors.js';
import { SpiffeId } from '../../model/spiffe-id.js';
import type { DenyList, TrustBundle } from '../../ports/identity.js';
import { deniedBecause } from '../bundle/denied.js';
import { type CertificateFields, readCertificate } from '../certificate/fields.js';
import { OID } from '../certificate/oids.js';
import { isFederated } from './domain.js';

/**
 * Is this certificate the X.509-SVID of somebody we expect? Pure. That its chain leads to a root of the trust bundle is the TLS
 * handshake's work, done before.
 * @source SPIFFE X509-SVID.md §2, §4, §5.2; Istio secure naming
 */

export interface PeerRules {
  /** SPIFFE IDs, exact; an empty list refuses everybody. `any`: whoever the trust bundle vouches for. */
  readonly expected: readonly string[] | 'any';
  /**
   * Trust domains whose IDs the trust bundle may vouch for: names of one mesh, so that a service account (`/ns/…/sa/…`) that is
   * expected in one of them may come with any other. @default all, and IDs are compared whole
   */
  readonly trustDomains?: readonly string[];
  /** The foreign trust domains in it are believed, too, and their IDs are compared whole. @default none */
  readonly bundle?: TrustBundle | undefined;
  /** Of the trust bundle: who is refused whatever the roots say. @default nobody */
  readonly denied?: DenyList | undefined;
}

export type PeerVerdict =
  | { readonly kind: 'trusted'; readonly id: SpiffeId }
  | {
      readonly kind: 'untrusted';
      readonly because: string;
      /** What the peer presented, as far as it could be read. */
      readonly id: SpiffeId | null;
    };

/** A certificate as Node hands it out, or only its DER. */
export type PresentedCertificate = X509Certificate | { readonly raw: Uint8Array };

/** Never throws: a certificate that cannot be read is an untrusted one. */
export function verifyPeer(certificate: PresentedCertificate, rules: PeerRules): PeerVerdict {
  let id: SpiffeId;
  try {
    const fields = readCertificate(certificate.raw);
    id = identityOf(fields);
    const because = svidFault(fields, id) ?? deniedBecause(rules.denied ?? rules.bundle?.denied, fields, id);
    if (because !== null) return { kind: 'untrusted', because, id };
  } catch (error) {
    const because = isMeshError(error) ? bare(error) : 'its certificate cannot be read';
    return { kind: 'untrusted', because, id: null };
  }
  const foreign = isFederated(rules.bundle, id.trustDomain);
  if (!foreign && rules.trustDomains !== undefined && !rules.trustDomains.includes(id.trustDomain)) {
    const because = `it presented ${id}, which is not of the trust domain ${rules.trustDomains.join(' or ')}`;
    return { kind: 'untrusted', because, id };
  }
  if (rules.expected === 'any') return { kind: 'trusted', id };
  const presented = id.toString();
  if (rules.expected.includes(presented) || (!foreign && hasFormerName(id, rules)))
    return { kind: 'trusted', id };
  const because =
    rules.expected.length === 0
      ? `it presented ${presented}, and policy expects no identity there, so none is accepted`
      : `it presented ${presented} and not ${listed(rules.expected)}`;
  return { kind: 'untrusted', because, id };
}

/** Is the peer expected by another name of its trust domain? @source Istio `pkg/spiffe/spiffe.go` ExpandWithTrustDomains */
function hasFormerName(id: SpiffeId, { expected, trustDomains = [] }: PeerRules): boolean {
  if (trustDomains.length < 2 || id.serviceAccount === undefined) return false;
  return trustDomains.some((name) => expected.includes(`spiffe://${name}${id.path}`));
}

/**
 * The SPIFFE ID in a certificate: its one URI name, read from the DER.
 * @throws MeshError `HEDDLE_PEER_UNTRUSTED` if it has none, more than one, or one that is not a SPIFFE ID
 */
export function spiffeIdOf(certificate: PresentedCertificate): SpiffeId {
  try {
    return identityOf(readCertificate(certificate.raw));
  } catch (error) {
    const because = isMeshError(error) ? bare(error) : 'the certificate cannot be read';
    throw new MeshError(`not an X.509-SVID: ${because}`, { code: 'HEDDLE_PEER_UNTRUSTED', cause: error });
  }
}

/**
 * What keeps a certificate from being the X.509-SVID of a workload; null if nothing does.
 * @param id its SPIFFE ID
 */
export function svidFault(fields: CertificateFields, id: SpiffeId): string | null {
  if (fields.isCa) return 'its certificate is that of an authority';
  if (id.path === '') return `its SPIFFE ID ${id} names a trust domain, not a workload`;
  const usage = fields.keyUsage;
  if (usage === undefined || !fields.keyUsageCritical) return 'its certificate has no critical key usage';
  if (!usage.digitalSignature) return 'the key of its certificate may not sign';
  if (usage.keyCertSign || usage.crlSign) return 'the key of its certificate may sign certificates';
  const purposes = fields.extendedKeyUsage;
  if (purposes !== undefined && !purposes.includes(OID.anyExtendedKeyUsage)) {
    if (!purposes.includes(OID.serverAuth) || !purposes.includes(OID.clientAuth)) {
      return 'its certificate is not for both servers and clients';
    }
  }
  return null;
}

function identityOf(fields: CertificateFields): SpiffeId {
  const [uri, more] = fields.uris;
  if (uri === undefined || more !== undefined) {
    throw new MeshError(`its certificate has ${fields.uris.length} URI names and not exactly one`, {
      code: 'HEDDLE_PEER_UNTRUSTED',
    });
  }
  return SpiffeId.parse(uri);
}

/** At most three: messages must stay readable where a service has hundreds of accounts. */
function listed(expected: readonly string[]): string {
  const shown = expected.slice(0, 3).join(' or ');
  return expected.length > 3 ? `${shown} or ${expected.length - 3} more` : shown;
}

function bare(error: MeshError): string {
  return error.message.slice(`[${error.code}] `.length);
}
