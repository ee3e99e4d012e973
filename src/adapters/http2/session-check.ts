/**
 * Finds sessions that have ended themselves without a word. When a peer breaks the protocol, Node 20 tells it so (GOAWAY) and reads
 * nothing more, not even the end of the connection, but for most breaches tells nobody here: calls would wait for ever. A session
 * that lives writes settings when it is asked to; one that ended itself keeps them. From Node 22 on sessions tell by themselves.
 */
import type { ClientHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../base/clock.js';

/** As Node has it, though its types do not: bytes that the system has not taken yet. */
type Handled = Socket & { readonly _handle?: { readonly writeQueueSize?: number } | null };

/** Between two looks. A breach is found after two of them at the most. */
const CHECK_MS = 1_000;
/** Node ends a session with ten. A peer that acknowledges none is not asked for ever. */
const MOST_UNACKNOWLEDGED = 8;

export class SessionCheck {
  readonly #clock: Clock;
  readonly #session: ClientHttp2Session;
  readonly #socket: Handled;
  readonly #dead: () => void;
  /** What had been read when it was last asked to write. */
  #read: number;
  /** What had been written before it was asked; null: it has written since. */
  #written: number | null = null;
  /** How often it was asked without the peer having acknowledged. */
  #unacknowledged = 0;
  #timer: Timer | null = null;

  /** @returns null where sessions tell by themselves. @param dead told once, at most */
  static of(
    clock: Clock,
    session: ClientHttp2Session,
    socket: Socket,
    dead: () => void,
  ): SessionCheck | null {
    return process.versions.node.startsWith('20.') ? new SessionCheck(clock, session, socket, dead) : null;
  }

  private constructor(clock: Clock, session: ClientHttp2Session, socket: Socket, dead: () => void) {
    this.#clock = clock;
    this.#session = session;
    this.#socket = socket;
    this.#dead = dead;
    this.#read = socket.bytesRead;
    session.on('localSettings', () => {
      this.#unacknowledged = 0;
    });
    this.#wait();
  }

  end(): void {
    this.#timer?.cancel();
  }

  #wait(): void {
    this.#timer = this.#clock.after(CHECK_MS, () => this.#look());
  }

  #look(): void {
    if (this.#session.destroyed) return;
    if (this.#written !== null && this.#isSilent(this.#written)) {
      this.#dead();
      return;
    }
    this.#written = null;
    const { bytesRead } = this.#socket;
    // A breach is something that was read.
    if (bytesRead !== this.#read && this.#unacknowledged < MOST_UNACKNOWLEDGED) {
      this.#unacknowledged += 1;
      this.#read = bytesRead;
      this.#written = this.#socket.bytesWritten;
      this.#session.settings({});
    }
    this.#wait();
  }

  /** Nothing was written, though the system would have taken it. */
  #isSilent(before: number): boolean {
    const { bytesWritten, _handle } = this.#socket;
    return bytesWritten === before && _handle?.writeQueueSize === 0;
  }
}
