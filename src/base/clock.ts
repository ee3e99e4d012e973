/**
 * Time as an argument. Monotonic time measures; wall time is for certificates and logs only.
 * Nothing outside `base/` asks the platform for the time, so every decision can be tested in virtual time.
 */

/** A pending timer. Cancelling twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since an arbitrary start; never goes backwards. For measuring, deadlines and windows. */
  now(): number;
  /** Milliseconds since the Unix epoch. For certificates and logs only: it may jump. */
  wallNow(): number;
  /**
   * Runs `fire` once after `delayMs`, or after some 25 days if that is sooner. The timer does not keep the process alive, unless `holds` says that somebody waits for it
   * who would otherwise never hear.
   */
  after(delayMs: number, fire: () => void, holds?: 'holds'): Timer;
}

/** Some 25 days: the platform makes a millisecond of anything longer. */
export const LONGEST_TIMER_MS = 2_147_483_647;

// `performance` is a getter of the global object: asked once here, not with every call.
const { performance } = globalThis;

class SystemTimer implements Timer {
  readonly #handle: NodeJS.Timeout;
  constructor(delayMs: number, fire: () => void, holds: 'holds' | undefined) {
    this.#handle = setTimeout(fire, Math.min(delayMs, LONGEST_TIMER_MS));
    if (holds === undefined) this.#handle.unref();
  }
  cancel(): void {
    clearTimeout(this.#handle);
  }
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  after: (delayMs, fire, holds) => new SystemTimer(delayMs, fire, holds),
};

/**
 * Waits `delayMs`, or rejects with the signal's own reason as soon as it aborts.
 * @throws the reason of `signal`
 */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
