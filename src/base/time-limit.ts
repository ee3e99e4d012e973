import type { Clock } from './clock.js';

export interface TimeLimit {
  readonly clock: Clock;
  readonly limitMs: number;
  /** Ends the work early, with its own reason. */
  readonly signal?: AbortSignal | undefined;
  /** The reason that the work sees when its time is over. */
  readonly error: () => Error;
}

/** Runs `work` with a signal that aborts when its time is over or `limit.signal` aborts. */
export async function withTimeLimit<T>(
  limit: TimeLimit,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { signal } = limit;
  const stop = new AbortController();
  const onAbort = () => stop.abort(signal?.reason);
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  const timer = limit.clock.after(limit.limitMs, () => stop.abort(limit.error()));
  try {
    return await work(stop.signal);
  } finally {
    timer.cancel();
    signal?.removeEventListener('abort', onAbort);
  }
}
