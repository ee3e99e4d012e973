/**
 * How a call of gRPC ended, as its caller sees it: mostly after the response's head, which says nothing but that there is one.
 * @source grpc doc/PROTOCOL-HTTP2.md; Envoy `source/common/grpc/status.cc`
 */
import { headerValue } from '../base/headers.js';
import type { Attempt } from './attempt.js';
import type { Call } from './call.js';
import { grpcOfHttp, grpcStatusOf } from './grpc.js';
import type { Failed, Outcome, Responded } from './outcome.js';
import type { BodyEnd } from './response-body.js';

/** By gRPC status code, OK first. */
const HTTP_OF_GRPC: readonly number[] = [
  200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401,
];

/** The status of a response; one of gRPC among its fields counts as its HTTP equivalent. */
export function httpEquivalent({ status, headers }: Responded): number {
  if (headers['grpc-status'] === undefined) return status;
  return HTTP_OF_GRPC[Number(headerValue(headers, 'grpc-status'))] ?? 500;
}

/** Is this only the beginning of a peer's answer, whose status comes with its trailers? */
export function awaitsTrailers(call: Call, outcome: Outcome): outcome is Responded {
  return (
    call.grpc &&
    outcome.kind === 'response' &&
    outcome.local === undefined &&
    outcome.status === 200 &&
    outcome.headers['grpc-status'] === undefined
  );
}

/**
 * What an answer came to that began well, in the words of those who judge answers by their head.
 * @returns null if it says nothing of the peer: somebody gave it up
 */
export function concludedBy(head: Responded, end: BodyEnd, attempt: Attempt): Outcome | null {
  const { call } = attempt;
  if (end === 'complete') return { ...head, headers: head.body.trailers ?? head.headers };
  if (end === 'dropped' || call.cancelledBy !== undefined || attempt.stopped !== null) return null;
  return BROKEN_OFF;
}

const BROKEN_OFF: Failed = Object.freeze({
  kind: 'failed',
  reset: 'connection-termination',
  code: 'HEDDLE_CONNECTION_LOST',
  flag: 'UC',
  sent: 'maybe',
  because: 'connection-termination',
});

const CANCELLED = 1;
const UNKNOWN = 2;
const DEADLINE_EXCEEDED = 4;

/** The gRPC status that the caller sees, or would have seen through a sidecar; for a call that is over, its body included. */
export function statusOfEnded(call: Call, outcome: Outcome): number {
  if (call.cancelledBy !== undefined)
    return call.cancelledBy.kind === 'deadline' ? DEADLINE_EXCEEDED : CANCELLED;
  switch (outcome.kind) {
    case 'response': {
      const { headers, body, status } = outcome;
      const said = body.trailers?.['grpc-status'] ?? headers['grpc-status'];
      if (said !== undefined) return grpcStatusOf(said) ?? UNKNOWN;
      if (status !== 200) return grpcOfHttp(status);
      if (body.ending === 'dropped') return CANCELLED;
      return body.ending === 'failed' ? UNAVAILABLE : UNKNOWN;
    }
    case 'rejected':
      return grpcOfHttp(outcome.status);
    case 'failed':
      if (outcome.reset === 'timeout' || outcome.reset === 'per-try-timeout') return DEADLINE_EXCEEDED;
      return outcome.code === 'HEDDLE_INVALID_ARGUMENT' ? INTERNAL : UNAVAILABLE;
    case 'cancelled':
      return CANCELLED;
  }
}

const INTERNAL = 13;
const UNAVAILABLE = 14;
