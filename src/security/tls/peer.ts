import { X509Certificate } from 'node:crypto';
import { checkServerIdentity, type PeerCertificate, type TLSSocket } from 'node:tls';
import { MeshError } from '../../base/errors.js';
import type { TlsSettings } from '../../model/destination.js';
import type { SpiffeId } from '../../model/spiffe-id.js';
import type { TrustBundle } from '../../ports/identity.js';
import { readCertificate } from '../certificate/fields.js';
import { domainFault } from '../svid/domain.js';
import { type PresentedCertificate, verifyPeer } from '../svid/verify.js';
import { clientChain } from './client-chains.js';

export type { PresentedCertificate };

/**
 * Who is at the other end of a TLS connection? Asked after OpenSSL has verified the chain.
 */

/** Why the server's certificate is not one that `settings` expect; undefined if it is. `host` is what we connected to. */
export function serverFault(
  settings: TlsSettings,
  host: string,
  certificate: PresentedCertificate,
  trustDomains: readonly string[],
  bundle?: TrustBundle,
): Error | undefined {
  if (settings.mode === 'mesh') {
    const verdict = verifyPeer(certificate, { expected: settings.subjectAltNames, trustDomains, bundle });
    return verdict.kind === 'trusted' ? undefined : untrusted(`the server at ${host}: ${verdict.because}`);
  }
  if (settings.insecureSkipVerify === true) return undefined;
  const expected = settings.subjectAltNames;
  if (expected.length === 0) return hostFault(settings.sni === '' ? host : settings.sni, certificate);
  for (const name of expected) {
    if (name.includes('://') ? holdsUri(certificate, name) : hostFault(name, certificate) === undefined) {
      return undefined;
    }
  }
  return untrusted(`the server at ${host} has none of the names ${expected.slice(0, 3).join(', ')}`);
}

/**
 * The identity of a client that connected to us. The chain was verified in the handshake (`requestCert`, `rejectUnauthorized`).
 * @throws MeshError `HEDDLE_PEER_UNTRUSTED`
 */
export function clientIdOf(
  socket: TLSSocket,
  trustDomains: readonly string[],
  { bundle, wallNow }: { readonly bundle: TrustBundle; readonly wallNow: number },
): SpiffeId {
  if (!socket.authorized) throw untrusted('the client has shown no certificate of the trust bundle');
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) throw untrusted('the client has shown no certificate');
  // A resumed session brings the certificate back without looking at its dates.
  if (Date.parse(certificate.validTo) < wallNow)
    throw untrusted(`the certificate of the client ended at ${certificate.validTo}`);
  const verdict = verifyPeer(certificate, { expected: 'any', trustDomains, bundle });
  if (verdict.kind === 'untrusted') throw untrusted(`the client: ${verdict.because}`);
  const because = domainFault(clientChain(socket, certificate), verdict.id, bundle);
  if (because !== null) throw untrusted(`the client: ${because}`);
  return verdict.id;
}

export function untrusted(because: string, cause?: unknown): MeshError {
  return new MeshError(because, { code: 'HEDDLE_PEER_UNTRUSTED', flag: 'UF', cause });
}

/** By RFC 6125, wildcards and addresses included: Node's own check, on the form of certificate it was written for. */
function hostFault(host: string, certificate: PresentedCertificate): Error | undefined {
  try {
    const x509 = new X509Certificate(certificate.raw);
    const fault = checkServerIdentity(host, x509.toLegacyObject() as PeerCertificate);
    return fault === undefined ? undefined : untrusted(`the server's certificate is not for ${host}`, fault);
  } catch (cause) {
    return untrusted(`the server's certificate for ${host} cannot be read`, cause);
  }
}

function holdsUri(certificate: PresentedCertificate, uri: string): boolean {
  try {
    return readCertificate(certificate.raw).uris.includes(uri);
  } catch {
    return false;
  }
}
