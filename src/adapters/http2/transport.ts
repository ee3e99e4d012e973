/**
 * The transport for HTTP/2, on `node:http2`, which tells what a retry has to know: which streams a peer has not looked at. Connections
 * are opened as those of HTTP/1.1 are: the same certificates, peer check and limits.
 */
import { errors } from 'undici';
import type { Attempt } from '../../model/attempt.js';
import type { Destination } from '../../model/destination.js';
import type { Outcome } from '../../model/outcome.js';
import type { Transport } from '../../ports/transport.js';
import { failureOf, stopped } from '../undici/failures.js';
import { ClusterSessions } from './cluster-sessions.js';
import { DestinationPool, type PoolParts } from './destination-pool.js';
import { StreamAttempt } from './stream-attempt.js';

export class Http2Transport implements Transport {
  readonly #parts: PoolParts;
  readonly #pools = new Map<string, DestinationPool>();
  /** Pools that finish what is in flight. */
  readonly #retired = new Map<DestinationPool, Promise<void>>();
  /** Of clusters whose connections policy bounds, by name and bound. */
  readonly #clusters = new Map<string, ClusterSessions>();
  #closed = false;

  constructor(parts: PoolParts) {
    this.#parts = parts;
  }

  send(attempt: Attempt): Promise<Outcome> {
    if (attempt.stopped !== null) return Promise.resolve(stopped(attempt.stopped, 'no'));
    if (this.#closed) return Promise.resolve(failureOf(new errors.ClientClosedError(), attempt, false));
    return new Promise((resolve) => {
      this.#pool(attempt.endpoint.destination).take(new StreamAttempt(attempt, resolve));
    });
  }

  retain(destinations: Iterable<Destination>): void {
    const kept = new Set<string>();
    for (const destination of destinations) kept.add(destination.key);
    for (const [key, pool] of this.#pools) {
      if (kept.has(key)) continue;
      this.#pools.delete(key);
      this.#retired.set(
        pool,
        pool.retire().finally(() => this.#retired.delete(pool)),
      );
    }
    for (const [key, sessions] of this.#clusters) if (sessions.isUnused) this.#clusters.delete(key);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.retain([]);
    await Promise.all(this.#retired.values());
  }

  /** Closes everything at once; what is in flight fails with `HEDDLE_CLOSED`. */
  async destroy(): Promise<void> {
    this.#closed = true;
    this.retain([]);
    for (const pool of [...this.#retired.keys()]) pool.destroy();
    await Promise.all(this.#retired.values());
  }

  #pool(destination: Destination): DestinationPool {
    let pool = this.#pools.get(destination.key);
    if (pool === undefined) {
      pool = new DestinationPool(this.#parts, destination, this.#cluster(destination));
      this.#pools.set(destination.key, pool);
    }
    return pool;
  }

  #cluster({ cluster, connection: { maxConnections } }: Destination): ClusterSessions | null {
    if (maxConnections === Number.POSITIVE_INFINITY) return null;
    const key = `${cluster} ${maxConnections}`;
    let sessions = this.#clusters.get(key);
    if (sessions === undefined) this.#clusters.set(key, (sessions = new ClusterSessions(maxConnections)));
    return sessions;
  }
}
