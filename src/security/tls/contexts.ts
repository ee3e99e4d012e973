import { createSecureContext, type SecureContext, type Server, type TLSSocket } from 'node:tls';
import { type Clock, systemClock } from '../../base/clock.js';
import { isMeshError, MeshError } from '../../base/errors.js';
import type { TlsSettings } from '../../model/destination.js';
import type { SpiffeId } from '../../model/spiffe-id.js';
import type { IdentitySource, TrustBundle } from '../../ports/identity.js';
import { ClientChains } from './client-chains.js';
import { FileContexts } from './file-contexts.js';
import { ClientHandshake } from './handshake.js';
import { LivePeers } from './live-peers.js';
import { clientIdOf } from './peer.js';
import { TlsSessions } from './sessions.js';

/** What a TLS server of the mesh is made with, and what `server.setSecureContext` is given when it changes. */
export interface MeshServerOptions extends OurIdentity {
  readonly requestCert: true;
  readonly rejectUnauthorized: true;
}

interface OurIdentity {
  readonly key: string;
  readonly cert: string;
  readonly ca: string[];
  readonly minVersion: 'TLSv1.2';
}

export interface TlsContextsOptions {
  /** Further trust domains for which the trust bundle may speak. @default none but its own */
  readonly trustDomainAliases?: readonly string[];
  /** Folder of the credentials that policy names. @default none: such a destination cannot be called */
  readonly credentialsDir?: string | null;
  /** Whose wall time ends sessions with certificates. @default the machine's, which OpenSSL asks as well */
  readonly clock?: Clock;
  /** Takes a line about files that cannot be used any more. @default nobody is told */
  readonly warn?: (line: string) => void;
}

/**
 * The TLS contexts of one workload: made once, used by every connection, replaced when our SVID or the roots change.
 * Connections that exist go on with what they were made with.
 */
export class TlsContexts {
  /** To be resumed; empty after every change of our SVID or of the roots. */
  readonly sessions = new TlsSessions();
  /** Connections of ours under mutual TLS; closed when whoever is at the other end is not trusted any more. */
  readonly peers: LivePeers;
  readonly #identity: IdentitySource | null;
  #aliases: readonly string[];
  readonly #clock: Clock;
  readonly #files: FileContexts;
  readonly #listeners = new Set<(options: MeshServerOptions) => void>();
  readonly #unsubscribe: readonly (() => void)[];
  #mesh: SecureContext | null = null;
  #server: MeshServerOptions | null = null;

  /** @param identity null for a process without one: then only the modes `simple` and `mutual` can be had */
  constructor(identity: IdentitySource | null, options: TlsContextsOptions = {}) {
    this.#identity = identity;
    this.#aliases = options.trustDomainAliases ?? [];
    this.#clock = options.clock ?? systemClock;
    this.#files = new FileContexts({
      clock: this.#clock,
      credentialsDir: options.credentialsDir ?? null,
      warn: options.warn ?? (() => {}),
    });
    this.peers = new LivePeers(this.#clock);
    const changed = () => this.#changed();
    this.#unsubscribe =
      identity === null
        ? []
        : [
            identity.svid.subscribe(changed),
            identity.bundle.subscribe(changed),
            identity.bundle.subscribe((bundle) => this.peers.check(bundle)),
          ];
  }

  /** From the next handshake on; connections that exist go on. */
  setTrustDomainAliases(aliases: readonly string[]): void {
    this.#aliases = aliases;
  }

  /** Trust domains whose SPIFFE IDs are believed. */
  trustDomains(): readonly string[] {
    return [this.#required().bundle.current().trustDomain, ...this.#aliases];
  }

  /** Whom we trust now; another object after each change. @throws MeshError `HEDDLE_IDENTITY_UNAVAILABLE` */
  bundle(): TrustBundle {
    return this.#required().bundle.current();
  }

  /**
   * The context for a connection to a destination. It does not check who the server is: {@link handshake} does.
   * @throws MeshError `HEDDLE_IDENTITY_UNAVAILABLE` for mode `mesh` without identity; `HEDDLE_INVALID_SETTING` for files that
   * cannot be used
   */
  clientContext(settings: TlsSettings): SecureContext {
    if (settings.mode !== 'mesh') return this.#files.contextOf(settings).context;
    this.#mesh ??= createSecureContext(this.#ours());
    return this.#mesh;
  }

  /** For `tls.createServer`, `https.createServer`, `http2.createSecureServer` and `server.setSecureContext`. */
  serverOptions(): MeshServerOptions {
    this.#server ??= { ...this.#ours(), requestCert: true, rejectUnauthorized: true };
    return this.#server;
  }

  /** Calls `listener` with each later state of {@link serverOptions}, until the returned function is called. */
  onServerChange(listener: (options: MeshServerOptions) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Everything about one connection of ours: options for `tls.connect`, session to resume, and the check of who answered.
   * @param host what we connect to
   * @param key under which sessions are kept: the destination's
   * @throws as {@link clientContext}
   */
  handshake(settings: TlsSettings, host: string, key: string): ClientHandshake {
    const files = settings.mode === 'mesh' ? null : this.#files.contextOf(settings);
    return new ClientHandshake({
      settings,
      host,
      // Sessions of different settings must not meet: they were verified against other roots.
      key: files === null ? key : `${key} ${settings.mode} ${settings.sni} ${files.key}`,
      context: files?.context ?? this.clientContext(settings),
      sessions: this.sessions,
      trustDomains: settings.mode === 'mesh' ? this.trustDomains() : [],
      wallNow: this.#clock.wallNow(),
      trust:
        settings.mode === 'mesh'
          ? {
              bundle: this.bundle(),
              now: () => this.bundle(),
              keep: (socket, peer) => this.peers.add(socket, peer, key),
            }
          : null,
    });
  }

  /**
   * Lets {@link confirmClient} know the whole chains of the clients of `server`, from the next connection on. Needed where there is
   * more than one trust domain and leaves stand below intermediates: without it such clients are refused.
   */
  followClients(server: Server): void {
    new ClientChains({ forgotten: () => server.setSecureContext(this.serverOptions()) }).follow(server);
  }

  /** The identity of a client of ours. @throws MeshError `HEDDLE_PEER_UNTRUSTED` */
  confirmClient(socket: TLSSocket): SpiffeId {
    return clientIdOf(socket, this.trustDomains(), {
      bundle: this.bundle(),
      wallNow: this.#clock.wallNow(),
    });
  }

  /** Forgets everything and follows the identity no more. */
  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#listeners.clear();
    this.#files.clear();
    this.#mesh = null;
    this.#server = null;
    this.sessions.clear();
    this.peers.clear();
  }

  #changed(): void {
    this.#mesh = null;
    this.#server = null;
    this.sessions.clear();
    if (this.#listeners.size === 0) return;
    let options: MeshServerOptions;
    try {
      options = this.serverOptions();
    } catch (error) {
      // A source may tell of its roots before it has its first SVID; that comes as a change of its own.
      if (isMeshError(error, 'HEDDLE_IDENTITY_UNAVAILABLE')) return;
      throw error;
    }
    for (const listener of [...this.#listeners]) listener(options);
  }

  #ours(): OurIdentity {
    const identity = this.#required();
    const svid = identity.svid.current();
    return {
      key: svid.key.export({ type: 'pkcs8', format: 'pem' }).toString(),
      cert: svid.chain.join(''),
      ca: allRoots(identity.bundle.current()),
      minVersion: 'TLSv1.2',
    };
  }

  #required(): IdentitySource {
    if (this.#identity !== null) return this.#identity;
    throw new MeshError('this workload has no SVID, and policy asks for mutual TLS; join with an identity', {
      code: 'HEDDLE_IDENTITY_UNAVAILABLE',
    });
  }
}

/** One pool for OpenSSL; whose roots vouch for whom is looked at after it (see `svid/domain.ts`). */
function allRoots({ roots, federated = [] }: TrustBundle): string[] {
  return [...roots, ...federated.flatMap((foreign) => foreign.roots)];
}
