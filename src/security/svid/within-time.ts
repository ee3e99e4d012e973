import type { Clock } from '../../base/clock.js';
import { MeshError } from '../../base/errors.js';
import { withTimeLimit } from '../../base/time-limit.js';

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
export function withinTime<T>(limits: TimeLimits, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { clock, timeoutMs, signal } = limits;
  const error = () =>
    new MeshError(`the authority did not answer within ${timeoutMs} ms`, {
      code: 'HEDDLE_DEADLINE_EXCEEDED',
    });
  return withTimeLimit({ clock, limitMs: timeoutMs, signal, error }, (stop) =>
    Promise.race([work(stop), aborted(stop)]),
  );
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const ended = () => reject(signal.reason);
    if (signal.aborted) ended();
    signal.addEventListener('abort', ended, { once: true });
  });
}
