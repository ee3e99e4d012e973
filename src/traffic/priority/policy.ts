/**
 * Which requests are let in last when a workload has too much to do: each priority may use a share of the concurrency limit, so that
 * the lower one is refused first.
 */
import type { RequestMatch } from '../../model/request-match.js';

/** `exempt` is neither counted nor refused. */
export type Priority = 'exempt' | 'critical' | 'default' | 'sheddable';

export const PRIORITIES: readonly Priority[] = ['exempt', 'critical', 'default', 'sheddable'];

/** Share of the limit up to which requests of a priority are let in. A choice of this library. */
export const SHARE_RATIO: Readonly<Record<Exclude<Priority, 'exempt'>, number>> = {
  critical: 1,
  default: 0.9,
  sheddable: 0.7,
};

export interface PriorityRule {
  readonly name: string;
  readonly priority: Priority;
  /** Absent: every request. */
  readonly match?: RequestMatch;
}

/** For `explain`. */
export function describePriorities(rules: readonly PriorityRule[]): string[] {
  return rules.map(({ name, priority }) => {
    if (priority === 'exempt') return `priority '${name}': never refused`;
    return `priority '${name}': ${priority}, let in up to ${Math.round(SHARE_RATIO[priority] * 100)} % of the concurrency limit`;
  });
}
