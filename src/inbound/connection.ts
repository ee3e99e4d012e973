/**
 * One connection that exchanges arrive on: who is at its other end, found out once, and what is under way on it.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../base/clock.js';
import type { Peer } from '../model/exchange.js';

/** One exchange, as its connection sees it. */
export interface Serving {
  /** The connection is gone. */
  gone(): void;
  /** No other exchange may follow on this connection: say so in the head if it is not out yet. */
  beLast(): void;
}

/** Longer than callers take to hear that an endpoint has left. */
const LINGER_MS = 300;

export class Connection {
  /** The TLS socket, or the plain one. */
  readonly stream: Socket;
  readonly peer: Peer;
  readonly secure: boolean;
  /** It speaks HTTP/2. */
  readonly isHttp2: boolean;
  /** Set by whoever has a way of its own to tell the peer that it is to go, and closes the connection then. */
  onDrain: (() => void) | null = null;
  readonly localAddress: string;
  readonly localPort: number;
  /** Few at a time. No `Set`: see `OpenCount` in `drain.ts`. */
  readonly #serving: Serving[] = [];
  #draining = false;

  constructor(stream: Socket, peer: Peer, secure: boolean, isHttp2 = false) {
    this.stream = stream;
    this.peer = peer;
    this.secure = secure;
    this.isHttp2 = isHttp2;
    this.localAddress = plainAddress(stream.localAddress);
    this.localPort = stream.localPort ?? 0;
    // One listener a connection, not one an exchange: a pipelined response that never got the socket hears of its end nowhere else.
    stream.once('close', () => {
      for (const serving of [...this.#serving]) serving.gone();
    });
  }

  begin(serving: Serving): void {
    this.#serving.push(serving);
    if (this.#draining) serving.beLast();
  }

  end(serving: Serving): void {
    const at = this.#serving.lastIndexOf(serving);
    if (at < 0) return;
    const last = this.#serving.pop()!;
    if (last !== serving) this.#serving[at] = last;
    if (this.#draining && this.#serving.length === 0 && this.onDrain === null) this.stream.destroySoon();
  }

  /**
   * Closes as soon as nothing is under way. An unused connection is kept for a moment: a request may be on its way already, and nobody
   * could tell its sender that it was not carried out. Callers who know that we leave close it before that.
   */
  drain(clock: Clock): void {
    if (this.#draining) return;
    this.#draining = true;
    for (const serving of this.#serving) serving.beLast();
    if (this.onDrain !== null) this.onDrain();
    if (this.onDrain !== null || this.#serving.length > 0) return;
    const close = () => this.#serving.length === 0 && this.stream.destroySoon();
    const timer = clock.after(LINGER_MS, close, 'holds');
    this.stream.once('close', () => timer.cancel());
  }
}

/** The address of a socket; an IPv4 address that a dual-stack socket shows as IPv6 is the IPv4 address. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return '';
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}
