/**
 * The TLS side of a port we serve: mutual always, mesh identity only, certificates swapped under way.
 */
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from 'node:tls';
import type { Peer } from '../model/exchange.js';
import { verifyPeer } from '../security/svid/verify.js';
import { plainAddress } from './connection.js';

/** What a server needs of this workload's identity. */
export interface InboundTls {
  /** Key, chain and roots as they are now. */
  serverOptions(): SecureContextOptions;
  /** Calls `listener` when they have changed. */
  onServerChange(listener: () => void): () => void;
  /** Whose roots these are: a peer of another trust domain is not vouched for by them. */
  trustDomain(): string;
}

/** What is offered to clients, best first. HTTP/2 joins here. */
const ALPN = ['http/1.1'];

export function createTlsServer(tls: InboundTls, handshakeTimeoutMs: number) {
  const context = (): SecureContextOptions => ({ ...tls.serverOptions(), minVersion: 'TLSv1.2' });
  const server: Server = createServer({
    ...context(),
    requestCert: true,
    rejectUnauthorized: true,
    ALPNProtocols: ALPN,
    handshakeTimeout: handshakeTimeoutMs,
  });
  // A new context has new ticket keys: nobody resumes a session that was verified against old roots.
  const stop = tls.onServerChange(() => server.setSecureContext(context()));
  return { server, stop };
}

/** Why a peer whose handshake succeeded is turned away. */
export interface Untrusted {
  /** From a closed list. */
  readonly reason: 'NO_CERTIFICATE' | 'CERT_HAS_EXPIRED' | 'NOT_AN_SVID';
  /** For a person. */
  readonly because: string;
}

/** Who the peer has proved to be. Its chain was verified in the handshake. */
export function peerOf(socket: TLSSocket, trustDomain: string, wallNow: number): Peer | Untrusted {
  const certificate = socket.getPeerX509Certificate();
  if (!socket.authorized || certificate === undefined) {
    return { reason: 'NO_CERTIFICATE', because: 'it presented no certificate' };
  }
  // A resumed session brings the certificate back without looking at its dates.
  if (Date.parse(certificate.validTo) < wallNow) {
    return { reason: 'CERT_HAS_EXPIRED', because: `its certificate ended at ${certificate.validTo}` };
  }
  const verdict = verifyPeer(certificate, { expected: 'any', trustDomains: [trustDomain] });
  if (verdict.kind === 'untrusted') return { reason: 'NOT_AN_SVID', because: verdict.because };
  const sni = typeof socket.servername === 'string' && socket.servername !== '' ? socket.servername : null;
  return { id: verdict.id, address: plainAddress(socket.remoteAddress), sni };
}
