/** Which protocol an attempt goes by: HTTP/2 where policy says so and the peer agrees or the call can have no other, else HTTP/1.1. */
import type { Attempt } from '../model/attempt.js';
import type { Destination } from '../model/destination.js';
import type { Outcome } from '../model/outcome.js';
import type { Transport } from '../ports/transport.js';
import type { OpeningParts } from './connection/opening.js';
import { Http2Transport } from './http2/transport.js';
import { connectorFor } from './undici/connect.js';
import { UndiciTransport } from './undici/transport.js';

export class HttpTransport implements Transport {
  readonly #http1: UndiciTransport;
  readonly #http2: Http2Transport;

  constructor({ contexts, clock }: OpeningParts) {
    this.#http1 = new UndiciTransport(connectorFor(contexts, clock), clock);
    this.#http2 = new Http2Transport({
      contexts,
      clock,
      http1: { send: (attempt) => this.#http1.send(attempt) },
    });
  }

  send(attempt: Attempt): Promise<Outcome> {
    const { call, endpoint } = attempt;
    const isHttp2 = call.onlyHttp2 || (endpoint.destination.connection.http2 === true && canBeHttp2(call));
    return isHttp2 ? this.#http2.send(attempt) : this.#http1.send(attempt);
  }

  retain(destinations: Iterable<Destination>): void {
    const kept = [...destinations];
    this.#http1.retain(kept);
    this.#http2.retain(kept);
  }

  async close(): Promise<void> {
    // Attempts that HTTP/2 hands over may still be on their way to HTTP/1.1.
    await this.#http2.close();
    await this.#http1.close();
  }

  /** Closes everything at once; what is in flight fails with `HEDDLE_CLOSED`. */
  async destroy(): Promise<void> {
    await Promise.all([this.#http2.destroy(), this.#http1.destroy()]);
  }
}

/** An upgrade, and a tunnel, are of HTTP/1.1. */
function canBeHttp2({ upgrade, method }: Attempt['call']): boolean {
  return upgrade === null && method !== 'CONNECT';
}
