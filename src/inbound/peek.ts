/**
 * What a new connection is told apart by: its first bytes, which are given back before anybody else reads.
 * @source RFC 8446 §5.1 (a handshake record begins with 0x16); RFC 9113 §3.4 (the preface of HTTP/2)
 */
import type { Socket } from 'node:net';
import type { Clock } from '../base/clock.js';
import { TLS_HANDSHAKE } from '../security/mtls/decide.js';

/** `silent`: nothing came in time. `ended`: nothing will come any more. */
export type FirstBytes = 'tls' | 'http2' | 'other' | 'silent' | 'ended';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** @returns `more` while it may still be the preface of HTTP/2 */
export function sortBytes(bytes: Buffer): 'tls' | 'http2' | 'other' | 'more' {
  if (bytes[0] === TLS_HANDSHAKE) return 'tls';
  const length = Math.min(bytes.length, PREFACE.length);
  if (bytes.compare(PREFACE, 0, length, 0, length) !== 0) return 'other';
  return length === PREFACE.length ? 'http2' : 'more';
}

export interface PeekOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Told once, unless the socket closes before; the socket stands still, with all that it has read in it. */
  readonly done: (first: FirstBytes) => void;
}

/** @param socket nobody has read from it */
export function peek(socket: Socket, { clock, timeoutMs, done }: PeekOptions): void {
  let bytes: Buffer | null = null;
  let open = true;
  const settle = (first: FirstBytes) => {
    open = false;
    timer.cancel();
    socket.removeListener('data', onData);
    socket.removeListener('end', onEnd);
    socket.removeListener('close', onClose);
    socket.pause();
    // Of a socket that has ended nothing can be read again; nobody would have been answered.
    if (bytes !== null && first !== 'ended') socket.unshift(bytes);
    done(first);
  };
  const onData = (chunk: Buffer) => {
    bytes = bytes === null ? chunk : Buffer.concat([bytes, chunk]);
    const sorted = sortBytes(bytes);
    if (sorted !== 'more') settle(sorted);
  };
  const onEnd = () => settle('ended');
  const onClose = () => {
    open = false;
    timer.cancel();
  };
  // A process that was busy for long tells of timers before it tells of bytes that have been there for as long: those come first.
  const timer = clock.after(timeoutMs, () => setImmediate(() => open && settle('silent')));
  socket.on('data', onData);
  socket.once('end', onEnd);
  socket.once('close', onClose);
}
