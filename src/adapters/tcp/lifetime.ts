/** How long a connection may live, and how long it may be silent. */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '../../base/clock.js';
import { type ConnectionSettings, NEVER_MS } from '../../model/destination.js';

/** How often silence is looked for while it is allowed to last. */
const LOOKS = 4;

export interface Lifetime {
  readonly stream: Duplex;
  /** Counts the stream's bytes. */
  readonly carrier: Socket;
  readonly settings: ConnectionSettings;
  readonly clock: Clock;
  /** Ends the connection. */
  readonly expire: (because: string) => void;
}

/**
 * Ends a connection that lives longer than policy says, or was silent for so long: at most a quarter of that time late, never early. No
 * timer of the socket's is used: they belong to the socket's owner.
 */
export function boundLifetime({ stream, carrier, settings, clock, expire }: Lifetime): void {
  const { maxConnectionDurationMs, idleTimeoutMs, tcpIdleTimeoutMs = idleTimeoutMs } = settings;
  const timers: (() => void)[] = [];
  if (maxConnectionDurationMs !== undefined) {
    const because = `it is open for ${maxConnectionDurationMs} ms, policy's maxConnectionDuration`;
    const timer = clock.after(Math.min(maxConnectionDurationMs, NEVER_MS), () => expire(because));
    timers.push(() => timer.cancel());
  }
  if (tcpIdleTimeoutMs < NEVER_MS)
    timers.push(
      watchSilence(carrier, tcpIdleTimeoutMs, clock, () =>
        expire(`it was silent for ${tcpIdleTimeoutMs} ms, policy's idleTimeout`),
      ),
    );
  stream.once('close', () => {
    for (const cancel of timers) cancel();
  });
}

/** @returns stops it */
function watchSilence(carrier: Socket, idleMs: number, clock: Clock, onSilence: () => void): () => void {
  let timer: Timer;
  let seen = bytesOf(carrier);
  let since = clock.now();
  const look = () => {
    const moved = bytesOf(carrier);
    if (moved !== seen) {
      seen = moved;
      since = clock.now();
    } else if (clock.now() - since >= idleMs) return onSilence();
    wait();
  };
  const wait = () => {
    timer = clock.after(Math.max(1, idleMs / LOOKS), look);
  };
  wait();
  return () => timer.cancel();
}

function bytesOf({ bytesRead, bytesWritten }: Socket): number {
  return bytesRead + bytesWritten;
}
