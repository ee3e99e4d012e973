/**
 * Exchanges that wait for a place: how many, for how long, and who is next.
 *
 * A queue that is short now and then only evens out bursts: its oldest is next, and may wait for `maxWaitMs`. One in which everybody has
 * waited longer than `standingWaitMs` for so long is a standing queue, which makes all late and none faster: until it is empty the newest
 * is next, because its caller still waits, and none waits longer than `standingWaitMs`.
 * @source B. Maurer, "Fail at Scale" (adaptive LIFO, controlled delay), ACM Queue 2015; K. Nichols and V. Jacobson, "Controlling Queue
 * Delay", ACM Queue 2012
 */
export interface QueuePolicy {
  /** Exchanges that wait at once; 0: none does. @default 1000 */
  readonly maxLength: number;
  /** The longest wait, milliseconds, and how long waits may be longer than `standingWaitMs` before the queue is a standing one. @default 100 */
  readonly maxWaitMs: number;
  /** The longest wait in a standing queue, milliseconds; all may wait for so long. @default 20 */
  readonly standingWaitMs: number;
  /** Work begins in turns of the event loop that have not taken longer yet, milliseconds; what else arrives waits. @default 10 */
  readonly maxLoopDelayMs: number;
}

/** Fills in what a ResiliencePolicy leaves open. Durations in milliseconds. */
export function queuePolicyFrom(
  input: {
    readonly [Field in keyof QueuePolicy]?: QueuePolicy[Field] | undefined;
  },
): QueuePolicy {
  const maxWaitMs = input.maxWaitMs ?? 100;
  return {
    maxLength: input.maxLength ?? 1_000,
    maxWaitMs,
    standingWaitMs: input.standingWaitMs ?? Math.min(20, maxWaitMs),
    maxLoopDelayMs: input.maxLoopDelayMs ?? 10,
  };
}

/** For `explain`. */
export function describeQueue({ maxLength, maxWaitMs, standingWaitMs, maxLoopDelayMs }: QueuePolicy): string {
  const when = `what finds no place, or a turn of the event loop that has taken ${maxLoopDelayMs} ms,`;
  if (maxLength === 0) return `queue: none; ${when} is refused`;
  return `queue: ${when} waits, up to ${maxLength} for ${maxWaitMs} ms; in a standing queue for ${standingWaitMs} ms, the newest next`;
}
