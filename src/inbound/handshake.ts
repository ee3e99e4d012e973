/**
 * The TLS side of a port we serve: mutual always, mesh identity only, certificates swapped under way.
 */
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from 'node:tls';
import { isMeshError } from '../base/errors.js';
import type { Peer } from '../model/exchange.js';
import { verifyPeer } from '../security/svid/verify.js';
import { plainAddress } from './connection.js';

/** What a server needs of this workload's identity; `TlsContexts` is one. */
export interface InboundTls {
  /** Key, chain and roots as they are now. @throws MeshError `HEDDLE_IDENTITY_UNAVAILABLE` */
  serverOptions(): SecureContextOptions;
  /** Calls `listener` when they have changed. */
  onServerChange(listener: () => void): () => void;
  /** For whom the roots speak: a peer of another trust domain is not vouched for by them. */
  trustDomains(): readonly string[];
}

/** What is offered to clients, best first. HTTP/2 joins here. */
const ALPN = ['http/1.1'];

export interface TlsServerOptions {
  readonly tls: InboundTls;
  readonly handshakeTimeoutMs: number;
  readonly warn: (line: string) => void;
}

/** A TLS server that does not listen: it is handed its connections. `stop` ends its following of the identity. */
export function createTlsServer(options: TlsServerOptions): { server: Server; stop: () => void } {
  const { tls, warn } = options;
  const context = (): SecureContextOptions => ({ ...tls.serverOptions(), minVersion: 'TLSv1.2' });
  const server = createServer({
    ...firstContext(context),
    requestCert: true,
    rejectUnauthorized: true,
    ALPNProtocols: ALPN,
    handshakeTimeout: options.handshakeTimeoutMs,
  });
  const stop = tls.onServerChange(() => {
    try {
      // A new context has new ticket keys: nobody resumes a session that was verified against old roots.
      server.setSecureContext(context());
    } catch (error) {
      warn(`the new certificate cannot be used, the one before stays: ${String(error)}`);
    }
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

/** Who the peer has proved to be. Its chain was verified in the handshake. */
export function peerOf(
  socket: TLSSocket,
  trustDomains: readonly string[],
  wallNow: number,
): Peer | Untrusted {
  const certificate = socket.getPeerX509Certificate();
  if (!socket.authorized || certificate === undefined) {
    return { reason: 'NO_CERTIFICATE', because: 'it presented no certificate' };
  }
  // A resumed session brings the certificate back without looking at its dates.
  if (Date.parse(certificate.validTo) < wallNow) {
    return { reason: 'CERT_HAS_EXPIRED', because: `its certificate ended at ${certificate.validTo}` };
  }
  const verdict = verifyPeer(certificate, { expected: 'any', trustDomains });
  if (verdict.kind === 'untrusted') return { reason: 'NOT_AN_SVID', because: verdict.because };
  const sni = typeof socket.servername === 'string' && socket.servername !== '' ? socket.servername : null;
  return { id: verdict.id, address: plainAddress(socket.remoteAddress), sni };
}
