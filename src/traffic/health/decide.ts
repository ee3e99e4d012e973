/**
 * Active health checks' decisions: what an answer says of an endpoint, and when to ask again. Pure.
 * @source Envoy `health_checkers/common/health_checker_base_impl.cc`, `health_checkers/http/health_checker_impl.cc`
 */
import type { Random } from '../../base/random.js';
import type { HealthCheckPolicy, StatusRange } from './policy.js';

/**
 * What one check found. `unknown`: nothing about the endpoint, as when we had no certificate to show. `told`: it said so itself, in
 * the answer to a call.
 */
export type CheckResult =
  | 'passed'
  | 'unexpected-status'
  | 'not-serving'
  | 'told'
  | 'timeout'
  | 'unreachable'
  | 'unknown';

/** An answer that says no is believed at once; silence and broken connections only once they are repeated, as in Envoy. */
export function isNetworkFailure(result: CheckResult): boolean {
  return result === 'timeout' || result === 'unreachable';
}

/** On a response to a call: take me out until I pass a check. @source Envoy `router.cc` */
export const IMMEDIATE_FAIL_HEADER = 'x-envoy-immediate-health-check-fail';

/** @param status of a response that came whole */
export function resultOfStatus(status: number, expected: readonly StatusRange[]): CheckResult {
  for (const { start, end } of expected) if (status >= start && status < end) return 'passed';
  return 'unexpected-status';
}

/** What the wait until the next check goes by. */
export interface NextCheckFacts {
  /** Did the last check fail? */
  readonly failed: boolean;
  /** Was the cluster ever called? */
  readonly used: boolean;
}

/** Milliseconds until the endpoint is asked again, from the end of a check on; at least 1. */
export function nextCheckMs(
  policy: HealthCheckPolicy,
  { failed, used }: NextCheckFacts,
  random: Random,
): number {
  const { intervalMs, unhealthyIntervalMs, noTrafficIntervalMs, jitterPercent } = policy;
  const waitMs = used ? (failed ? unhealthyIntervalMs : intervalMs) : noTrafficIntervalMs;
  const jitterMs = jitterPercent === 0 ? 0 : Math.floor((random.next() * jitterPercent * waitMs) / 100);
  return Math.max(1, waitMs + jitterMs);
}
