/** Waiting on a call's behalf, and what becomes of a call that was given up meanwhile. */
import type { Clock } from '../base/clock.js';
import type { Sent } from '../base/errors.js';
import type { Call } from './call.js';
import type { Cancelled, Failed } from './outcome.js';

/**
 * Waits `delayMs`, or until the call is given up. Needs no AbortSignal: the call's own hook ends the wait. One wait a call at
 * a time.
 * @returns whether the call goes on
 */
export function waitForCall(clock: Clock, call: Call, delayMs: number): Promise<boolean> {
  if (call.cancelledBy !== undefined) return Promise.resolve(false);
  return new Promise((resolve) => {
    const fire = () => {
      call.onCancel = null;
      resolve(true);
    };
    // No socket is open meanwhile: without this timer a process that only waits for the call would end before it.
    const timer = clock.after(delayMs, fire, 'holds');
    call.onCancel = () => {
      call.onCancel = null;
      timer.cancel();
      resolve(false);
    };
  });
}

/**
 * The outcome of a call that was given up while no attempt was under way.
 * @param sent may an earlier attempt have reached a peer?
 */
export function givenUp(call: Call, sent: Sent): Cancelled | Failed {
  const by = call.cancelledBy;
  if (by?.kind === 'signal') return { kind: 'cancelled', cause: by.reason };
  return {
    kind: 'failed',
    reset: 'timeout',
    code: 'HEDDLE_DEADLINE_EXCEEDED',
    flag: 'UT',
    sent,
    because: 'response_timeout',
    cause: by?.reason,
  };
}
