/**
 * Outlier detection's decisions: what an outcome says about the endpoint, and when it goes and comes back. Pure.
 * @source Envoy `outlier_detection_impl.cc`, `router.cc`, `source/common/grpc/status.cc`
 */
import { httpEquivalent } from '../../model/grpc-end.js';
import type { Outcome, Reset } from '../../model/outcome.js';
import type { OutlierPolicy } from './policy.js';

/** An outcome that says nothing about the endpoint: refused by us, given up by the caller, or answered by the mesh itself. */
export const NO_VERDICT = 0;

/**
 * Outcome as an HTTP status: the response's own (a gRPC status in its headers counts as its HTTP equivalent), 504 for a
 * timeout, 503 for anything else that broke; {@link NO_VERDICT} if the endpoint is not to be charged.
 */
export function statusOf(outcome: Outcome): number {
  if (outcome.kind === 'response') {
    if (outcome.local !== undefined) return NO_VERDICT;
    return httpEquivalent(outcome);
  }
  return outcome.kind === 'failed' ? STATUS_OF_RESET[outcome.reset] : NO_VERDICT;
}

/**
 * The status as the policy counts it. Where it says which statuses are errors, any of them is one (as 500) and no other is; failures
 * without a response stay what they are.
 * @source Envoy `HttpProtocolOptions.outlier_detection.error_matcher`
 */
export function countedStatus(outcome: Outcome, errorCodes: readonly number[] | undefined): number {
  const status = statusOf(outcome);
  if (errorCodes === undefined || outcome.kind !== 'response' || status === NO_VERDICT) return status;
  return errorCodes.includes(outcome.status) ? 500 : 200;
}

const STATUS_OF_RESET: Readonly<Record<Reset, number>> = {
  'connection-failure': 503,
  'connection-timeout': 503,
  'connection-termination': 503,
  'remote-reset': 503,
  'refused-stream': 503,
  'protocol-error': 503,
  'per-try-timeout': 504,
  timeout: 504,
  // We broke it off ourselves: the endpoint is not to blame.
  'local-reset': NO_VERDICT,
};

export function isGatewayError(status: number): boolean {
  return status === 502 || status === 503 || status === 504;
}

/**
 * May one more of the cluster's endpoints be ejected? By exact shares, and no exception for the first: with 10 % a cluster of fewer
 * than ten endpoints never ejects, in Envoy as here. Raise `maxEjectionPercent` for small clusters.
 * @example mayEject(0, 3, 33); // => false
 * @example mayEject(0, 3, 50); // => true
 */
export function mayEject(ejected: number, endpoints: number, maxEjectionPercent: number): boolean {
  return (100 * (ejected + 1)) / endpoints <= Math.min(100, maxEjectionPercent);
}

/** Longest ejection, milliseconds, where the policy does not say: Envoy's `max_ejection_time`. */
const LONGEST_MS = 300_000;

function longestMs(policy: OutlierPolicy): number {
  return Math.max(policy.maxEjectionTimeMs ?? LONGEST_MS, policy.baseEjectionTimeMs);
}

/** How long the ejection lasts; it ends with the first sweep after that. `multiplier` is 1 for the first. */
export function ejectionMs(policy: OutlierPolicy, multiplier: number): number {
  return Math.min(policy.baseEjectionTimeMs * multiplier, longestMs(policy));
}

/** The multiplier after one more ejection. It stops growing where a longer time would be cut off anyway. */
export function nextMultiplier(policy: OutlierPolicy, multiplier: number): number {
  const base = policy.baseEjectionTimeMs;
  return multiplier * base < longestMs(policy) + base ? multiplier + 1 : multiplier;
}
