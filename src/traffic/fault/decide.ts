/**
 * Whether a call gets a fault on purpose. The delay is drawn first, then the abort, each on its own.
 * @source Envoy `fault_filter.cc`; Istio `route.go` TranslateFault
 */
import type { Random } from '../../base/random.js';
import type { FaultPolicy } from './policy.js';

/** What happens to this call. */
export interface FaultVerdict {
  /** Wait this long before anything else. */
  readonly delayMs: number | null;
  /** Answer with this HTTP status. */
  readonly abortStatus: number | null;
  /** Answer with this gRPC status, an upper-case name. */
  readonly grpcStatus: string | null;
}

/** null: the call goes on untouched. */
export function decideFault(policy: FaultPolicy, random: Random): FaultVerdict | null {
  const { delay, abort } = policy;
  const delayed = delay !== undefined && fires(delay.percent, random);
  // An abort that says neither status does nothing (Istio warns of it).
  const hasStatus = abort !== undefined && (abort.httpStatus !== undefined || abort.grpcStatus !== undefined);
  const aborted = hasStatus && fires(abort.percent, random);
  if (!delayed && !aborted) return null;
  return {
    delayMs: delayed ? delay.fixedDelayMs : null,
    abortStatus: aborted ? (abort.httpStatus ?? null) : null,
    grpcStatus: aborted ? (abort.grpcStatus ?? null) : null,
  };
}

const MILLION = 1_000_000;

/** Percentages count in steps of 0.0001 (Envoy's denominator of a million); what lies between two steps is cut off (Istio). */
function fires(percent: number, random: Random): boolean {
  return Math.floor(random.next() * MILLION) < Math.trunc(percent * 10_000);
}
