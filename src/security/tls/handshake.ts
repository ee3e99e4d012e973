import type { PeerCertificate, SecureContext, TLSSocket } from 'node:tls';
import type { TlsSettings } from '../../model/destination.js';
import type { TrustBundle } from '../../ports/identity.js';
import { readCertificate } from '../certificate/fields.js';
import { domainFault } from '../svid/domain.js';
import { spiffeIdOf } from '../svid/verify.js';
import { type PresentedCertificate, serverFault, untrusted } from './peer.js';
import type { TlsSessions } from './sessions.js';
import { chainOf, type KeptPeer, type LinkedCertificate, trustFault } from './still-trusted.js';

/** What `tls.connect` is given. */
export interface HandshakeOptions {
  readonly secureContext: SecureContext;
  readonly rejectUnauthorized: boolean;
  readonly checkServerIdentity: (host: string, certificate: PeerCertificate) => Error | undefined;
  /** Absent: none is sent. */
  readonly servername?: string;
  /** A session to resume. */
  readonly session?: Buffer;
}

export interface HandshakeFacts {
  readonly settings: TlsSettings;
  /** What we connect to, for names and messages. */
  readonly host: string;
  /** Under which the session is kept: of one destination and one set of TLS settings. */
  readonly key: string;
  readonly context: SecureContext;
  readonly sessions: TlsSessions;
  readonly trustDomains: readonly string[];
  /** Milliseconds since the epoch. */
  readonly wallNow: number;
  /** Who vouches for the peer, where the mesh does. @default nobody is kept */
  readonly trust?: PeerTrust | null;
}

export interface PeerTrust {
  /** What the context was made with. */
  readonly bundle: TrustBundle;
  /** What is trusted now. */
  readonly now: () => TrustBundle;
  /** Takes a connection that may be used, and who is at its other end. */
  readonly keep: (socket: TLSSocket, peer: KeptPeer) => void;
}

/**
 * One TLS connection of ours, from its options to the proof of who answered. In a full handshake Node asks
 * `checkServerIdentity`; on a resumed session it asks nobody, and its client has no certificate to show, so the one that came
 * with the session is checked against the policy of now.
 * @example
 * const handshake = contexts.handshake(settings, host, destination.key);
 * const socket = tls.connect({ host, port, ALPNProtocols, ...handshake.options });
 * handshake.follow(socket);
 * socket.once('secureConnect', () => {
 *   const fault = handshake.confirm(socket);
 *   if (fault !== undefined) socket.destroy(fault);
 * });
 */
export class ClientHandshake {
  readonly options: HandshakeOptions;
  readonly #facts: HandshakeFacts;
  readonly #generation: number;
  readonly #verified: boolean;
  /** DER of the server's certificate, once it is known. */
  #shown: Buffer | undefined;
  /** DER of all that it showed. */
  #chain: readonly Uint8Array[] = [];

  constructor(facts: HandshakeFacts) {
    this.#facts = facts;
    this.#generation = facts.sessions.generation;
    const { settings } = facts;
    const verified = settings.mode === 'mesh' || settings.insecureSkipVerify !== true;
    // Unverified peers leave no session behind, and take none: it would pass for a verified one.
    this.#verified = verified;
    const kept = verified ? facts.sessions.get(facts.key) : undefined;
    const session = kept !== undefined && kept.notAfter > facts.wallNow ? kept : undefined;
    this.#shown = session?.certificate;
    this.#chain = session?.chain ?? [];
    this.options = {
      secureContext: facts.context,
      rejectUnauthorized: verified,
      checkServerIdentity: (_host, certificate) => {
        this.#shown = certificate.raw;
        if (facts.trust) this.#chain = chainOf(certificate as LinkedCertificate);
        return this.#fault(certificate);
      },
      ...(settings.sni === '' ? {} : { servername: settings.sni }),
      ...(session === undefined ? {} : { session: session.ticket }),
    };
  }

  /** Keeps the sessions that the server offers, for the next connection. */
  follow(socket: TLSSocket): void {
    if (!this.#verified) return;
    socket.on('session', (ticket: Buffer) => {
      const certificate = this.#shown;
      if (certificate === undefined) return;
      const notAfter = endOf(certificate);
      if (notAfter === undefined) return;
      const session = { ticket, certificate, chain: this.#chain, notAfter };
      this.#facts.sessions.put(this.#facts.key, session, this.#generation);
    });
  }

  /**
   * Call it on `secureConnect`, before a byte is sent.
   * @returns MeshError `HEDDLE_PEER_UNTRUSTED` if the connection must be closed; undefined if it may be used
   */
  confirm(socket: TLSSocket): Error | undefined {
    if (!this.#verified) return undefined;
    const { host, sessions, key } = this.#facts;
    let fault: Error | undefined;
    if (!socket.authorized) {
      const because = `the certificate of the server at ${host} leads to no trusted root`;
      fault = untrusted(because, socket.authorizationError);
    } else if (this.#shown === undefined) {
      fault = untrusted(`the server at ${host} has shown no certificate`);
    } else if (socket.isSessionReused()) {
      fault = this.#fault({ raw: this.#shown });
    }
    fault ??= this.#keep(socket);
    if (fault !== undefined) sessions.drop(key);
    return fault;
  }

  /** Roots may have left while the handshake was under way. */
  #keep(socket: TLSSocket): Error | undefined {
    const { trust, host } = this.#facts;
    if (!trust || this.#shown === undefined) return undefined;
    const peer = { id: spiffeIdOf({ raw: this.#shown }), chain: this.#chain, bundle: trust.bundle };
    const because = domainFault(peer.chain, peer.id, peer.bundle) ?? trustFault(peer, trust.now());
    if (because !== null) return untrusted(`the server at ${host}: ${because}`);
    trust.keep(socket, peer);
    return undefined;
  }

  #fault(certificate: PresentedCertificate): Error | undefined {
    const { settings, host, trustDomains, trust } = this.#facts;
    return serverFault(settings, host, certificate, trustDomains, trust?.bundle);
  }
}

/** undefined for a certificate that OpenSSL reads and we do not, as an old public server may have one. */
function endOf(certificate: Buffer): number | undefined {
  try {
    return readCertificate(certificate).notAfter;
  } catch {
    return undefined;
  }
}
