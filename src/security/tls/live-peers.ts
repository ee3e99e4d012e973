import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../base/clock.js';
import type { TrustBundle } from '../../ports/identity.js';
import { type KeptPeer, stillTrusted, WITHDRAWN_GRACE_MS } from './still-trusted.js';

/**
 * The connections of ours that live, and who is at their other ends. When a root leaves the bundle, those it vouched for are given
 * a moment to finish what is under way, and are closed.
 */

export class LivePeers {
  readonly #clock: Clock;
  readonly #peers = new Map<TLSSocket, { readonly peer: KeptPeer; readonly key: string }>();
  /** Told the keys of the destinations on whose connections nothing new may be sent. */
  readonly #listeners = new Set<(keys: ReadonlySet<string>) => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#peers.size;
  }

  /** @param key the destination's */
  add(socket: TLSSocket, peer: KeptPeer, key: string): void {
    this.#peers.set(socket, { peer, key });
    socket.once('close', () => this.#peers.delete(socket));
  }

  onWithdrawn(listener: (keys: ReadonlySet<string>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Looks at all of them again: `bundle` holds from now on. */
  check(bundle: TrustBundle): void {
    const withdrawn: TLSSocket[] = [];
    const keys = new Set<string>();
    for (const [socket, { peer, key }] of this.#peers) {
      if (stillTrusted(peer, bundle)) continue;
      withdrawn.push(socket);
      keys.add(key);
    }
    if (withdrawn.length === 0) return;
    this.#clock.after(WITHDRAWN_GRACE_MS, () => {
      for (const socket of withdrawn) socket.destroy();
    });
    for (const listener of [...this.#listeners]) listener(keys);
  }

  /** Follows them no more. */
  clear(): void {
    this.#peers.clear();
    this.#listeners.clear();
  }
}
