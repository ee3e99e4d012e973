/** The connections of one destination, and the attempts that wait for them. */
import type { Socket } from 'node:net';
import { errors } from 'undici';
import type { Attempt } from '../../model/attempt.js';
import type { Destination } from '../../model/destination.js';
import type { Outcome } from '../../model/outcome.js';
import type { OpeningParts } from '../connection/opening.js';
import type { Queue } from './carrier.js';
import type { ClusterSessions, Member } from './cluster-sessions.js';
import { Connection, type ConnectionOwner } from './connection.js';
import { connectionFailure } from './failures.js';
import type { StreamAttempt } from './stream-attempt.js';

/** Who serves destinations that turn out to speak HTTP/1.1. */
export interface Http1Fallback {
  send(attempt: Attempt): Promise<Outcome>;
}

export interface PoolParts extends OpeningParts {
  readonly http1: Http1Fallback;
}

/** A peer that closes every connection before it has looked at a request would have it go round for ever. */
const MOST_MOVES = 5;

export class DestinationPool implements ConnectionOwner, Queue, Member {
  readonly #parts: PoolParts;
  readonly #destination: Destination;
  readonly #cluster: ClusterSessions | null;
  /** Those that take streams, the oldest first. */
  readonly #ready: Connection[] = [];
  readonly #opening = new Set<Connection>();
  readonly #all = new Set<Connection>();
  readonly #waiting = new Set<StreamAttempt>();
  /** Streams that a connection is likely to carry. */
  #expected: number;
  #speaksHttp1 = false;
  #retired: (() => void) | null = null;

  /** @param cluster null: policy does not bound its connections */
  constructor(parts: PoolParts, destination: Destination, cluster: ClusterSessions | null) {
    this.#parts = parts;
    this.#destination = destination;
    this.#cluster = cluster;
    cluster?.join(this);
    const { maxConcurrentStreams, maxRequestsPerConnection } = destination.connection;
    this.#expected = Math.min(
      maxConcurrentStreams ?? Number.MAX_SAFE_INTEGER,
      maxRequestsPerConnection || Number.MAX_SAFE_INTEGER,
    );
  }

  take(one: StreamAttempt): void {
    // A call that can have no other asks the peer each time: it may have been replaced by one that speaks HTTP/2.
    if (this.#speaksHttp1 && !one.attempt.call.onlyHttp2) {
      one.handOver(this.#overHttp1);
      return;
    }
    // Who came before goes first.
    if (this.#waiting.size === 0 && this.#begin(one)) return;
    this.#waiting.add(one);
    one.wait(this);
    this.grow();
  }

  forget(one: StreamAttempt): void {
    this.#waiting.delete(one);
    this.#leaveIfRetired();
  }

  /** Takes nothing new, finishes what is in flight. Resolves when that is done. */
  retire(): Promise<void> {
    return new Promise((resolve) => {
      this.#retired = resolve;
      this.#cluster?.retire(this);
      this.#leaveIfRetired();
    });
  }

  /** Ends everything at once. */
  destroy(): void {
    const error = new errors.ClientDestroyedError();
    this.#failWaiting(error);
    for (const connection of [...this.#all]) connection.destroy(error);
  }

  // -- its cluster's side --

  get live(): number {
    return this.#ready.length + this.#opening.size;
  }

  get connections(): number {
    return this.#all.size;
  }

  /**
   * As many more connections as those who wait are likely to fill. None while a peer takes no streams at all: it would take none on
   * another.
   */
  grow(): void {
    while (
      this.#waiting.size > this.#opening.size * this.#expected &&
      !this.#ready.some(({ limit }) => limit === 0) &&
      this.#cluster?.mayOpen(this) !== false
    )
      if (!this.#open()) return;
  }

  giveBack(): void {
    (this.#ready.find(({ isIdle }) => isIdle) ?? this.#ready.at(-1))?.leave();
  }

  // -- the connections' side --

  ready(connection: Connection): void {
    this.#speaksHttp1 = false;
    this.#opening.delete(connection);
    this.#ready.push(connection);
    this.#expected = Math.max(1, connection.limit);
    this.room();
  }

  room(): void {
    for (const one of this.#waiting) {
      if (!this.#ready.some((connection) => connection.hasRoom)) break;
      // Off the list first: what cannot be sent may have its caller ask for more at once.
      this.#waiting.delete(one);
      if (!this.#begin(one)) this.#putBack(one);
    }
    this.grow();
    this.#leaveIfRetired();
  }

  leaves(connection: Connection): void {
    const index = this.#ready.indexOf(connection);
    if (index >= 0) this.#ready.splice(index, 1);
  }

  refused(one: StreamAttempt, cause: Error): void {
    one.moves += 1;
    if (!one.leave() || one.moves > MOST_MOVES) one.refuse(cause);
    else this.take(one);
  }

  resend(one: StreamAttempt): void {
    one.leave();
    this.take(one);
  }

  failed(connection: Connection, error: Error): void {
    this.#opening.delete(connection);
    this.#all.delete(connection);
    // Those that are left may still take them.
    if (this.live === 0) this.#failWaiting(error);
    this.#cluster?.freed();
    this.#leaveIfRetired();
  }

  speaksHttp1(connection: Connection, socket: Socket): void {
    this.#speaksHttp1 = true;
    this.#opening.delete(connection);
    this.#all.delete(connection);
    // HTTP/1.1 opens its own: that costs one connection, once.
    socket.destroy();
    for (const one of this.#waiting) {
      this.#waiting.delete(one);
      if (one.attempt.call.onlyHttp2) one.settle(connectionFailure(withoutHttp2(), one.attempt, false));
      else one.handOver(this.#overHttp1);
    }
    this.#cluster?.freed();
    this.#leaveIfRetired();
  }

  gone(connection: Connection): void {
    this.#all.delete(connection);
    if (this.#waiting.size > 0) this.grow();
    this.#cluster?.freed();
    this.#leaveIfRetired();
  }

  readonly #overHttp1 = (attempt: Attempt) => this.#parts.http1.send(attempt);

  #begin(one: StreamAttempt): boolean {
    for (const connection of this.#ready) if (connection.hasRoom && connection.take(one)) return true;
    return false;
  }

  #open(): boolean {
    try {
      const connection = new Connection(this.#parts, this.#destination, this);
      this.#all.add(connection);
      this.#opening.add(connection);
      return true;
    } catch (error) {
      if (this.live === 0) this.#failWaiting(error as Error);
      return false;
    }
  }

  /** In front of those who came later. */
  #putBack(one: StreamAttempt): void {
    const later = [...this.#waiting];
    this.#waiting.clear();
    for (const waiting of [one, ...later]) this.#waiting.add(waiting);
    one.wait(this);
  }

  #failWaiting(error: Error): void {
    for (const one of this.#waiting) {
      this.#waiting.delete(one);
      one.settle(connectionFailure(error, one.attempt, false));
    }
  }

  #leaveIfRetired(): void {
    if (this.#retired === null || this.#waiting.size > 0) return;
    for (const connection of [...this.#ready]) connection.leave();
    // Nobody waits for it any more.
    for (const connection of [...this.#opening]) connection.destroy(new errors.ClientClosedError());
    if (this.#all.size > 0) return;
    this.#cluster?.leave(this);
    this.#retired();
  }
}

function withoutHttp2(): Error {
  return new Error(
    'the peer takes HTTP/1.1 only, and this call can go by HTTP/2 alone: have its server take HTTP/2 (ALPN h2)',
  );
}
