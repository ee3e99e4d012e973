/**
 * The connections of one cluster, where policy bounds them: over all its endpoints never more than `maxConnections`, but one for each
 * endpoint in any case. So many attempts are on the wire at once; who comes then waits, and goes in turn. An attempt that needs a
 * connection to another endpoint has an idle one closed for it.
 * @source Envoy counts connections by cluster, too, but opens one to an endpoint that has none whatever the others have, so that its
 * bound is exceeded by as many as there are endpoints
 */
import type { Duplex } from 'node:stream';
import { type buildConnector, errors } from 'undici';
import type { PooledClient } from './pooled-client.js';

type Callback = buildConnector.Callback;

/** Somebody who waits for a connection to be opened. */
interface Opener {
  readonly open: () => void;
  readonly refuse: (error: Error) => void;
}

/** The place of one attempt: first in the queue, then on the wire. */
export class Place {
  readonly #gate: ClusterConnections;
  /** Sends it. */
  readonly go: () => void;
  /** Written by the connections of its cluster. */
  onWire = false;

  constructor(gate: ClusterConnections, go: () => void) {
    this.#gate = gate;
    this.go = go;
  }

  /** `go` is called at once, or later, or never if the place is left before. */
  ask(): void {
    this.#gate.enter(this);
  }

  /** The connection is not one for requests any more, and nobody's to close. */
  keep(socket: Duplex): void {
    this.#gate.keep(socket);
  }

  /** It is over, or was given up. */
  leave(): void {
    this.#gate.leave(this);
  }
}

export class ClusterConnections {
  /** As policy says. */
  #most = Number.POSITIVE_INFINITY;
  /** Keys of the destinations there are. */
  readonly #destinations = new Set<string>();
  /** Places on the wire: counted, since a set that changes with every call keeps what it forgot until old garbage is collected. */
  #onWire = 0;
  readonly #waiting = new Set<Place>();
  /** Connections there are, and who uses them; null: they were upgraded. */
  readonly #open = new Map<Duplex, PooledClient | null>();
  #opening = 0;
  readonly #openers: Opener[] = [];
  #turning = false;

  /** A destination of the cluster, and what policy says now. */
  know(destination: string, most: number): void {
    this.#destinations.add(destination);
    this.#most = most;
  }

  forget(destination: string): void {
    this.#destinations.delete(destination);
  }

  get isUnused(): boolean {
    return (
      this.#destinations.size + this.#onWire + this.#waiting.size + this.#open.size + this.#opening === 0
    );
  }

  place(go: () => void): Place {
    return new Place(this, go);
  }

  enter(place: Place): void {
    if (this.#waiting.size > 0 || this.#onWire >= this.#limit) {
      this.#waiting.add(place);
      return;
    }
    this.#send(place);
  }

  leave(place: Place): void {
    if (this.#waiting.size > 0 && this.#waiting.delete(place)) return;
    if (!place.onWire) return;
    place.onWire = false;
    this.#onWire -= 1;
    if (this.#waiting.size > 0 || this.#openers.length > 0) this.#turnSoon();
  }

  /** A connector that keeps to the bound. @param client whose connections it opens */
  connector(connect: buildConnector.connector, client: () => PooledClient): buildConnector.connector {
    return (to, opened) => {
      this.#openers.push({
        open: () => {
          this.#opening += 1;
          connect(to, (...[error, socket]: Parameters<Callback>) => {
            this.#opening -= 1;
            if (socket === null) this.#turnSoon();
            else this.#hold(socket, client());
            opened(...([error, socket] as Parameters<Callback>));
          });
        },
        refuse: (error) => opened(error, null),
      });
      this.#letOpen();
    };
  }

  /** Nobody comes any more: those who wait may do so with the pools of their destinations. */
  goAll(): void {
    for (const place of this.#waiting) {
      this.#waiting.delete(place);
      this.#send(place);
    }
  }

  /** Opens no connection any more. */
  close(): void {
    this.goAll();
    for (const opener of this.#openers.splice(0)) opener.refuse(new errors.ClientDestroyedError());
  }

  #send(place: Place): void {
    place.onWire = true;
    this.#onWire += 1;
    place.go();
  }

  get #limit(): number {
    return Math.max(this.#most, this.#destinations.size);
  }

  keep(socket: Duplex): void {
    if (this.#open.has(socket)) this.#open.set(socket, null);
  }

  #hold(socket: Duplex, client: PooledClient): void {
    this.#open.set(socket, client);
    socket.once('close', () => {
      this.#open.delete(socket);
      this.#letOpen();
    });
  }

  #letOpen(): void {
    while (this.#openers.length > 0 && this.#open.size + this.#opening < this.#limit)
      this.#openers.shift()!.open();
    let closing = 0;
    for (const socket of this.#open.keys()) if (socket.destroyed) closing += 1;
    for (const [socket, client] of this.#open) {
      if (closing >= this.#openers.length) return;
      if (socket.destroyed || client === null || client.stats.size > 0) continue;
      socket.destroy();
      closing += 1;
    }
  }

  /** Not at once: a connection can be used again two turns of the event loop after its last response, and one that idles is the better one. */
  #turnSoon(): void {
    if (this.#turning) return;
    this.#turning = true;
    setImmediate(() =>
      setImmediate(() => {
        this.#turning = false;
        this.#turn();
      }),
    );
  }

  #turn(): void {
    this.#letOpen();
    for (const place of this.#waiting) {
      if (this.#onWire >= this.#limit) return;
      this.#waiting.delete(place);
      this.#send(place);
    }
  }
}
