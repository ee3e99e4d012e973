import type { Clock } from '../../base/clock.js';
import { MeshError } from '../../base/errors.js';

export interface TimeLimits {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Ends it earlier, with its own reason. */
  readonly signal: AbortSignal;
}

/**
 * Runs `work` with a signal that aborts when the time is over, and waits no longer than that even if the signal is not heeded.
 * @throws MeshError `HEDDLE_DEADLINE_EXCEEDED`, the reason of `signal`, or what `work` throws
 */
export async function withinTime<T>(
  limits: TimeLimits,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { clock, timeoutMs, signal } = limits;
  const abort = new AbortController();
  const stop = () => abort.abort(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  const timer = clock.after(timeoutMs, () => {
    const message = `the authority did not answer within ${timeoutMs} ms`;
    abort.abort(new MeshError(message, { code: 'HEDDLE_DEADLINE_EXCEEDED' }));
  });
  try {
    return await Promise.race([
      work(abort.signal),
      new Promise<never>((_resolve, reject) => {
        const ended = () => reject(abort.signal.reason);
        if (abort.signal.aborted) ended();
        abort.signal.addEventListener('abort', ended, { once: true });
      }),
    ]);
  } finally {
    timer.cancel();
    signal.removeEventListener('abort', stop);
  }
}
