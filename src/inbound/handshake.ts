/**
 * The TLS side of a port we serve: mutual always, mesh identity only, certificates swapped under way.
 */
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from 'node:tls';
import { isMeshError } from '../base/errors.js';
import type { Peer } from '../model/exchange.js';
import type { TrustBundle } from '../ports/identity.js';
import { domainFault } from '../security/svid/domain.js';
import { verifyPeer } from '../security/svid/verify.js';
import { ClientChains, clientChain } from '../security/tls/client-chains.js';
import { type KeptPeer, keepPeer } from '../security/tls/still-trusted.js';
import { plainAddress } from './connection.js';

/** What a server needs of this workload's identity; `TlsContexts` is one. */
export interface InboundTls {
  /** Key, chain and roots as they are now. @throws MeshError `HEDDLE_IDENTITY_UNAVAILABLE` */
  serverOptions(): SecureContextOptions;
  /** Calls `listener` when they have changed. */
  onServerChange(listener: () => void): () => void;
  /** Whom we trust now; another object after each change. @throws MeshError `HEDDLE_IDENTITY_UNAVAILABLE` */
  bundle(): TrustBundle;
  /** For whom the roots speak: a peer of another trust domain is not vouched for by them. */
  trustDomains(): readonly string[];
}

/** What is offered to clients, best first. A protocol that is not HTTP has no name to be agreed on. */
export const ALPN = { http1: ['http/1.1'], http2: ['h2', 'http/1.1'], tcp: null } as const;

export interface TlsServerOptions {
  readonly tls: InboundTls;
  /** null: nothing is negotiated. */
  readonly alpn: readonly string[] | null;
  readonly handshakeTimeoutMs: number;
  readonly warn: (line: string) => void;
  /** Our identity, or whom we trust, is another now. */
  readonly changed: () => void;
}

/** A TLS server that does not listen: it is handed its connections. `stop` ends its following of the identity. */
export function createTlsServer(options: TlsServerOptions): { server: Server; stop: () => void } {
  const { tls, warn } = options;
  const context = (): SecureContextOptions => ({ ...tls.serverOptions(), minVersion: 'TLSv1.2' });
  const server = createServer({
    ...firstContext(context),
    requestCert: true,
    rejectUnauthorized: true,
    ...(options.alpn === null ? {} : { ALPNProtocols: [...options.alpn] }),
    handshakeTimeout: options.handshakeTimeoutMs,
  });
  // A new context has new ticket keys: nobody resumes a session that was verified against old roots, or whose chain is forgotten.
  const renew = () => {
    try {
      server.setSecureContext(context());
    } catch (error) {
      warn(`the new certificate cannot be used, the one before stays: ${String(error)}`);
    }
  };
  new ClientChains({ forgotten: renew }).follow(server);
  const stop = tls.onServerChange(() => {
    renew();
    options.changed();
  });
  return { server, stop };
}

/**
 * A workload that started from its last good policy has no certificate until the config service is back. It listens all the same:
 * handshakes fail for want of a certificate, and succeed as soon as there is one.
 */
function firstContext(context: () => SecureContextOptions): SecureContextOptions {
  try {
    return context();
  } catch (error) {
    if (isMeshError(error, 'HEDDLE_IDENTITY_UNAVAILABLE')) return {};
    throw error;
  }
}

/** Why a peer whose handshake succeeded is turned away. */
export interface Untrusted {
  /** From a closed list. */
  readonly reason: 'NO_CERTIFICATE' | 'CERT_HAS_EXPIRED' | 'NOT_AN_SVID';
  /** For a person. */
  readonly because: string;
}

/** Who a peer has proved to be, and what it is looked at again by when trust changes. */
export interface Identified {
  readonly peer: Peer;
  readonly kept: KeptPeer;
}

export interface IdentityFacts {
  readonly tls: InboundTls;
  /** What the chain was verified by. */
  readonly bundle: TrustBundle;
  readonly wallNow: number;
}

/** Who the peer has proved to be. Its chain was verified in the handshake. */
export function identityOf(
  socket: TLSSocket,
  { tls, bundle, wallNow }: IdentityFacts,
): Identified | Untrusted {
  const certificate = socket.getPeerX509Certificate();
  if (!socket.authorized || certificate === undefined) {
    return { reason: 'NO_CERTIFICATE', because: 'it presented no certificate' };
  }
  // A resumed session brings the certificate back without looking at its dates.
  if (Date.parse(certificate.validTo) < wallNow) {
    return { reason: 'CERT_HAS_EXPIRED', because: `its certificate ended at ${certificate.validTo}` };
  }
  const trustDomains = tls.trustDomains();
  const { denied } = tls.bundle();
  const verdict = verifyPeer(certificate, { expected: 'any', trustDomains, denied, bundle });
  if (verdict.kind === 'untrusted') return { reason: 'NOT_AN_SVID', because: verdict.because };
  const kept = keepPeer(clientChain(socket, certificate), verdict.id, bundle);
  const because = domainFault(kept.chain, kept.id, bundle);
  if (because !== null) return { reason: 'NOT_AN_SVID', because };
  const sni = typeof socket.servername === 'string' && socket.servername !== '' ? socket.servername : null;
  const peer = { id: verdict.id, address: plainAddress(socket.remoteAddress), sni };
  return { peer, kept };
}
