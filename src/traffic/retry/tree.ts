/**
 * What the layers of a tree of calls tell each other about retries, so that only one of them retries: down with the request, up with the
 * response, in one header. Pure. Whoever makes it up can only make us retry less.
 *
 * | header | on a request | on a response |
 * | --- | --- | --- |
 * | `x-envoy-attempt-count: 2`, or more | this is a retry: do not retry what you call for it | |
 * | `x-heddle-retries: spent` | it belongs to a retry further up: the same | retries were made below, or were forbidden: do not retry this |
 * | `x-heddle-retries: on-timeout` | if you are late I shall ask again: begin no retry that would still run then | |
 */
import { type HeaderFields, headerValue } from '../../base/headers.js';
import type { Outcome } from '../../model/outcome.js';
import type { RetryStop } from './decide.js';

export const RETRIES_HEADER = 'x-heddle-retries';
export const SPENT = 'spent';
export const ON_TIMEOUT = 'on-timeout';
export const ATTEMPT_HEADER = 'x-envoy-attempt-count';

/** Does the request belong to a retry, of its caller or further up? */
export function isRepeated(headers: HeaderFields): boolean {
  if (headers[RETRIES_HEADER] === SPENT) return true;
  const count = headers[ATTEMPT_HEADER];
  return typeof count === 'string' && count !== '1' && /^\d{1,9}$/.test(count) && Number(count) > 1;
}

/** Does its caller, or one further up, ask again when it is late? */
export function isRepeatedWhenLate(headers: HeaderFields): boolean {
  return headers[RETRIES_HEADER] === ON_TIMEOUT;
}

/** Does the answer say that retries were spent on it already? */
export function isSpent(outcome: Outcome): boolean {
  return (
    outcome.kind === 'response' &&
    outcome.headers[RETRIES_HEADER] !== undefined &&
    headerValue(outcome.headers, RETRIES_HEADER) === SPENT &&
    isFailure(outcome.status, headerValue(outcome.headers, 'grpc-status'))
  );
}

/** A response on which retries may have been spent: a 5xx, or a gRPC status other than OK. */
export function isFailure(status: number, grpcStatus: string | undefined): boolean {
  return status >= 500 || (grpcStatus !== undefined && grpcStatus !== '0');
}

/** Has this layer had its say on retries, so that the one above must not have another? */
export function spends(because: RetryStop): boolean {
  return (
    because === 'limit' ||
    because === 'retry-overflow' ||
    because === 'repeated-above' ||
    because === 'spent-below' ||
    because === 'pushback'
  );
}
