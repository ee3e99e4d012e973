/**
 * How an outcome is written in spans and metrics: one status, one low-cardinality word for what went wrong. Pure.
 * @source OpenTelemetry `error.type`; the statuses are those that Envoy would have answered with
 */
import type { Exchange } from '../model/exchange.js';
import type { Outcome } from '../model/outcome.js';

/** The status that the caller saw, or would have seen through a sidecar; 0: nobody waited for one. */
export function statusOf(outcome: Outcome): number {
  switch (outcome.kind) {
    case 'response':
    case 'rejected':
      return outcome.status;
    case 'failed':
      return outcome.reset === 'timeout' || outcome.reset === 'per-try-timeout'
        ? 504
        : outcome.reset === 'protocol-error'
          ? 502
          : 503;
    case 'cancelled':
      return 0;
  }
}

/** Of a request that we made; undefined for one that went well. */
export function errorTypeOf(outcome: Outcome): string | undefined {
  switch (outcome.kind) {
    case 'response':
      return outcome.status >= 400 ? String(outcome.status) : undefined;
    case 'rejected':
      return outcome.because;
    case 'failed':
      return outcome.reset;
    case 'cancelled':
      return 'cancelled';
  }
}

/** The sentence for people; undefined where the status says all. */
export function reasonOf(outcome: Outcome): string | undefined {
  return outcome.kind === 'rejected' || outcome.kind === 'failed' ? outcome.because : undefined;
}

/**
 * Response code details of a call: `via_upstream` if the peer answered, else why the mesh did; null where there is no answer.
 * @source Envoy `source/common/stream_info/utility.h` ResponseCodeDetailValues
 */
export function callDetails(outcome: Outcome): string | null {
  switch (outcome.kind) {
    case 'response':
      if (outcome.local === undefined) return 'via_upstream';
      return outcome.local === 'policy' ? 'direct_response' : 'fault_filter_abort';
    case 'rejected':
    case 'failed':
      return outcome.because;
    case 'cancelled':
      return null;
  }
}

/** The same of an exchange: `via_upstream` if its handler answered. */
export function exchangeDetails(exchange: Exchange): string | null {
  if (exchange.refusal !== null) return exchange.refusal.because;
  if (exchange.flags.has('DC')) return 'downstream_remote_disconnect';
  return exchange.status === 0 ? null : 'via_upstream';
}
