import { createHash } from 'node:crypto';
import type { Server, TLSSocket } from 'node:tls';
import { chainOf, type LinkedCertificate } from './still-trusted.js';

/**
 * What stands between the certificates of our clients and their roots. A server of Node is told of it once, and from Node 24 on Node
 * itself asks first, before `secureConnection`: afterwards there is the leaf alone, and of a resumed session there was never more.
 * Whoever wants to know under which root a client stands has to look earlier, and to remember.
 */

/** Then all is forgotten, and so are the tickets: some forty thousand clients below a few authorities. */
const MOST_BYTES = 8 * 1024 * 1024;
/** A hash, its place in the map, a pointer. */
const BYTES_A_LEAF = 200;

/** Whose sockets these are: set as soon as there is a socket, read when its handshake is over. */
const OWNERS = new WeakMap<TLSSocket, ClientChains>();

export interface ClientChainsOptions {
  /**
   * Gives the server a new context, and with it new ticket keys: chains are forgotten now, and no session may be resumed whose chain
   * nobody knows. Must not throw.
   */
  readonly forgotten: () => void;
  /** Cap on what is remembered. @default 8 MiB */
  readonly mostBytes?: number;
}

export class ClientChains {
  readonly #options: ClientChainsOptions;
  /** What came with the handshake, before anybody has looked whether it is good. */
  readonly #shown = new WeakMap<TLSSocket, readonly Uint8Array[]>();
  /** What stood above a leaf, by its hash. Of trusted ones only, so that strangers cannot fill it. */
  readonly #above = new Map<string, readonly Uint8Array[]>();
  /** Few authorities stand above many leaves: each is kept once. */
  readonly #shared = new Map<string, readonly Uint8Array[]>();
  #bytes = 0;

  constructor(options: ClientChainsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#above.size;
  }

  /** Follows the handshakes of `server`, from the next connection on. */
  follow(server: Server): void {
    // The one documented event that names a socket before its handshake is over. The line is a secret, and nobody looks at it.
    server.on('keylog', (_line: Buffer, socket: TLSSocket) => {
      if (OWNERS.has(socket)) return;
      OWNERS.set(socket, this);
      socket.prependOnceListener('secure', () => {
        const certificate = socket.getPeerX509Certificate();
        if (certificate !== undefined) this.#shown.set(socket, chainOf(certificate));
      });
    });
  }

  /** DER, leaf first, of a client that is authorized. */
  of(socket: TLSSocket, leaf: Uint8Array): readonly Uint8Array[] {
    const chain = this.#shown.get(socket) ?? [leaf];
    const key = hash(leaf);
    if (chain.length > 1) this.#remember(key, chain.slice(1));
    else if (socket.isSessionReused()) return [leaf, ...(this.#above.get(key) ?? [])];
    return chain;
  }

  #remember(key: string, above: readonly Uint8Array[]): void {
    const name = above.map(hash).join();
    let shared = this.#shared.get(name);
    const more = shared === undefined ? above.reduce((sum, { length }) => sum + length, name.length) : 0;
    const bytes = this.#bytes + more + (this.#above.has(key) ? 0 : BYTES_A_LEAF);
    if (bytes > (this.#options.mostBytes ?? MOST_BYTES)) {
      this.#above.clear();
      this.#shared.clear();
      this.#bytes = 0;
      this.#options.forgotten();
      return;
    }
    this.#bytes = bytes;
    // Copies: what Node hands out may be a view of something larger.
    if (shared === undefined)
      this.#shared.set(name, (shared = above.map((certificate) => Uint8Array.from(certificate))));
    this.#above.set(key, shared);
  }
}

/**
 * The chain of an authorized client, DER, leaf first. Without {@link ClientChains} that follow its server it is what Node has left.
 * @param certificate the first object that `socket` gave out
 */
export function clientChain(socket: TLSSocket, certificate: LinkedCertificate): readonly Uint8Array[] {
  return OWNERS.get(socket)?.of(socket, certificate.raw) ?? chainOf(certificate);
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64');
}
