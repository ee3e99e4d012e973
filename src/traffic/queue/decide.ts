/** How long may an exchange wait, and should it wait at all? Pure. */
import type { QueuePolicy } from './policy.js';

/**
 * A wait is at least as long as so many exchanges take to begin. A limit below that empties the queue while work is done, and leaves
 * the process idle until somebody else asks. @source RFC 8289 §4.4, whose target is never less than a packet takes either
 */
const LEAST_STARTS = 4;

export interface QueueFacts {
  readonly now: number;
  /** Is it a standing queue already? */
  readonly standing: boolean;
  /** When the queue was last empty, or somebody was served who had not waited for long. */
  readonly calmAt: number;
  /** Milliseconds from one start to the next while somebody waits; 0: not known. */
  readonly intervalMs: number;
}

/** Have all waited for so long that it is no burst? A standing queue is one until it is empty. */
export function isStanding({ maxWaitMs }: QueuePolicy, facts: QueueFacts): boolean {
  return facts.standing || facts.now - facts.calmAt > atLeast(maxWaitMs, facts.intervalMs);
}

/** Is a wait short enough to say that the queue is well? */
export function isCalm({ standingWaitMs }: QueuePolicy, waitedMs: number, intervalMs: number): boolean {
  return waitedMs <= atLeast(standingWaitMs, intervalMs);
}

/** Milliseconds that who comes now may wait. */
export function longestWaitMs(policy: QueuePolicy, facts: QueueFacts): number {
  const { maxWaitMs, standingWaitMs } = policy;
  return atLeast(isStanding(policy, facts) ? standingWaitMs : maxWaitMs, facts.intervalMs);
}

/**
 * Would it begin in time? In a standing queue the newest is next.
 * @param ahead how many are served before it where the oldest is next
 */
export function wouldBeLate(
  policy: QueuePolicy,
  facts: QueueFacts & { readonly ahead: number; readonly deadlineAt: number },
): boolean {
  const starts = isStanding(policy, facts) ? 1 : facts.ahead + 1;
  return facts.now + starts * facts.intervalMs >= facts.deadlineAt;
}

function atLeast(waitMs: number, intervalMs: number): number {
  return Math.max(waitMs, LEAST_STARTS * intervalMs);
}
