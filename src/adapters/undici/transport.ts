/**
 * The transport for HTTP/1.1. A pool for each destination; our own connector, so that certificates and the peer check are the mesh's.
 */
import { Pool } from 'undici';
import type { Clock } from '../../base/clock.js';
import type { Attempt } from '../../model/attempt.js';
import type { Destination } from '../../model/destination.js';
import type { Outcome } from '../../model/outcome.js';
import type { Transport } from '../../ports/transport.js';
import { AttemptHandler } from './attempt-handler.js';
import { ClusterConnections } from './cluster-connections.js';
import type { Connector } from './connect.js';
import { stopped } from './failures.js';
import { PooledClient } from './pooled-client.js';
import { isWatched, unwatched } from './unwatched.js';

/** Without a hint from the server we assume that it keeps idle connections no longer than Node's own default of 5 s. */
const ASSUMED_SERVER_IDLE_MS = 4_000;
/** A connection is given up this long before the server said it would close it, so that no request meets the closing. */
const SERVER_IDLE_MARGIN_MS = 1_000;

/** For undici's own messages: our connector knows where to go. A Unix socket has no origin. */
function originOf({ endpoint }: Destination): string {
  return endpoint.address.startsWith('unix:') ? 'http://localhost' : `http://${endpoint.key}`;
}

const NEVER = Number.POSITIVE_INFINITY;
/** Of a response's head, as over HTTP/2; undici's own bound is 16 KiB. @source Envoy's 60 KiB */
const MAX_HEAD_BYTES = 65_536;

interface LivePool {
  readonly pool: Pool;
  /** When another takes its place; monotonic milliseconds. */
  readonly until: number;
  readonly bounded: ClusterConnections | null;
}

export class UndiciTransport implements Transport {
  readonly #connect: Connector;
  readonly #clock: Clock;
  readonly #pools = new Map<string, LivePool>();
  /** Pools that finish what is in flight. */
  readonly #retired = new Map<Pool, Promise<void>>();
  /** Of clusters with a bound, by name. */
  readonly #bounded = new Map<string, ClusterConnections>();
  #closed = false;

  constructor(connect: Connector, clock: Clock) {
    this.#connect = connect;
    this.#clock = clock;
  }

  send(attempt: Attempt): Promise<Outcome> {
    return new Promise((resolve) => {
      if (attempt.stopped !== null) return resolve(stopped(attempt.stopped, 'no'));
      this.#dispatch(new AttemptHandler(attempt, resolve, this.#again));
    });
  }

  readonly #again = (handler: AttemptHandler): boolean => {
    if (!handler.attempt.mayGoAgain(this.#clock.now())) return false;
    this.#write(handler);
    return true;
  };

  #dispatch(handler: AttemptHandler): void {
    const { destination } = handler.attempt.endpoint;
    if (destination.connection.maxConnections === NEVER || this.#closed) {
      this.#write(handler);
      return;
    }
    // Its pool has to be counted before it asks for a place.
    this.#pool(destination);
    handler.place = this.#boundedOf(destination).place(() => this.#write(handler));
    handler.place.ask();
  }

  #write(handler: AttemptHandler): void {
    if (this.#closed) {
      handler.settle(CLOSED);
      return;
    }
    try {
      const pool = this.#pool(handler.attempt.endpoint.destination);
      if (isWatched()) unwatched(() => pool.dispatch(handler, handler));
      else pool.dispatch(handler, handler);
    } catch (error) {
      handler.onResponseError(null, error as Error);
    }
  }

  retain(destinations: Iterable<Destination>): void {
    const kept = new Set<string>();
    for (const destination of destinations) kept.add(destination.key);
    for (const [key, pool] of this.#pools) {
      if (kept.has(key)) continue;
      this.#pools.delete(key);
      this.#retire(pool.pool);
      pool.bounded?.forget(key);
    }
    for (const [cluster, bounded] of this.#bounded) if (bounded.isUnused) this.#bounded.delete(cluster);
  }

  async close(): Promise<void> {
    for (const bounded of this.#bounded.values()) bounded.goAll();
    this.#closed = true;
    this.retain([]);
    await Promise.all(this.#retired.values());
  }

  /** Closes everything at once; what is in flight fails with `HEDDLE_CLOSED`. */
  async destroy(): Promise<void> {
    this.#closed = true;
    for (const bounded of this.#bounded.values()) bounded.close();
    this.retain([]);
    await Promise.all([...this.#retired.keys()].map((pool) => pool.destroy()));
  }

  /** Connections of a pool are no older than it: where their life is bounded, the pool's is, and another takes its place. */
  #pool(destination: Destination): Pool {
    const present = this.#pools.get(destination.key);
    if (present !== undefined && (present.until === NEVER || this.#clock.now() < present.until))
      return present.pool;
    if (present !== undefined) this.#retire(present.pool);
    const bounded = destination.connection.maxConnections === NEVER ? null : this.#boundedOf(destination);
    const pool = this.#open(destination, bounded);
    const lifeMs = destination.connection.maxConnectionDurationMs;
    const until = lifeMs === undefined ? NEVER : this.#clock.now() + lifeMs;
    this.#pools.set(destination.key, { pool, until, bounded });
    return pool;
  }

  #boundedOf({ cluster, key, connection }: Destination): ClusterConnections {
    let bounded = this.#bounded.get(cluster);
    if (bounded === undefined) this.#bounded.set(cluster, (bounded = new ClusterConnections()));
    bounded.know(key, connection.maxConnections);
    return bounded;
  }

  #open(destination: Destination, bounded: ClusterConnections | null): Pool {
    const { connection } = destination;
    return new Pool(originOf(destination), {
      factory: PooledClient.factory(bounded),
      connect: this.#connect(destination),
      connections: Number.isFinite(connection.maxConnections) ? connection.maxConnections : null,
      // 0: no keep-alive.
      pipelining: connection.maxRequestsPerConnection === 1 ? 0 : 1,
      // Deadlines are the mesh's own, so undici's timers are switched off.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: MAX_HEAD_BYTES,
      keepAliveTimeout: Math.max(1, Math.min(connection.idleTimeoutMs, ASSUMED_SERVER_IDLE_MS)),
      keepAliveMaxTimeout: Math.max(1, connection.idleTimeoutMs),
      keepAliveTimeoutThreshold: SERVER_IDLE_MARGIN_MS,
      // undici closes the connection after one request more than it is told.
      ...(connection.maxRequestsPerConnection > 1
        ? { maxRequestsPerClient: connection.maxRequestsPerConnection - 1 }
        : {}),
    });
  }

  /** Takes nothing new, finishes what is in flight. */
  #retire(pool: Pool): void {
    const closing = pool.close().catch(() => pool.destroy());
    this.#retired.set(pool, closing);
    void closing.finally(() => this.#retired.delete(pool));
  }
}

/** An attempt that comes after the close: a retry whose wait is over only now. */
const CLOSED: Outcome = {
  kind: 'failed',
  reset: 'local-reset',
  code: 'HEDDLE_CLOSED',
  flag: 'LR',
  sent: 'no',
  because: 'closed',
};
