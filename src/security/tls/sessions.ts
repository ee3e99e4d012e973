/**
 * TLS sessions to resume, one a destination: a resumed handshake needs no signature and fewer bytes. Held strongly: undici's own
 * cache is weak and forgets them at the first collection. Bounded; what was used longest ago goes first.
 */

/** A session and whose it is. */
export interface TlsSession {
  readonly ticket: Buffer;
  /**
   * DER of the certificate that the server showed in the full handshake. Kept here because Node's client cannot tell it on a
   * resumed connection; whoever can resume is who showed it.
   */
  readonly certificate: Buffer;
  /** DER, that certificate first, then those that came with it; for the same reason. */
  readonly chain: readonly Uint8Array[];
  /** End of that certificate, milliseconds since the epoch: a resumed handshake looks at no dates. */
  readonly notAfter: number;
}

/** @default 512 destinations, about 3 KiB each */
const MAX_SESSIONS = 512;

export class TlsSessions {
  readonly #limit: number;
  readonly #sessions = new Map<string, TlsSession>();
  #generation = 0;

  constructor(limit: number = MAX_SESSIONS) {
    this.#limit = limit;
  }

  /**
   * Grows whenever all sessions are dropped. A connection remembers the generation it was opened in, and what it hears later is
   * kept only if that is still the present one.
   */
  get generation(): number {
    return this.#generation;
  }

  get size(): number {
    return this.#sessions.size;
  }

  get(key: string): TlsSession | undefined {
    const session = this.#sessions.get(key);
    if (session === undefined) return undefined;
    this.#sessions.delete(key);
    this.#sessions.set(key, session);
    return session;
  }

  put(key: string, session: TlsSession, generation: number): void {
    if (generation !== this.#generation) return;
    this.#sessions.delete(key);
    this.#sessions.set(key, session);
    if (this.#sessions.size > this.#limit) {
      const [oldest] = this.#sessions.keys();
      this.#sessions.delete(oldest!);
    }
  }

  /** After a refused peer. */
  drop(key: string): void {
    this.#sessions.delete(key);
  }

  /** A session must not outlive the identity and the roots that it was made with. */
  clear(): void {
    this.#sessions.clear();
    this.#generation += 1;
  }
}
