/**
 * How much time the caller has left, as it says in the request's head. It can only shorten what is served: a caller that lies
 * harms itself alone, so that the fields are taken from anyone.
 * @source Envoy `x-envoy-expected-rq-timeout-ms` (0 is infinite); gRPC PROTOCOL-HTTP2 `grpc-timeout`
 */
import { type HeaderFields, headerValue } from '../base/headers.js';

/** Milliseconds that are left; 0 is none. */
export const DEADLINE_FIELD = 'x-heddle-deadline-ms';
export const ENVOY_DEADLINE_FIELD = 'x-envoy-expected-rq-timeout-ms';

/** Milliseconds that are left, the smallest of what the fields say; Infinity if they say nothing that can be read. */
export function remainingMs(headers: HeaderFields): number {
  return Math.min(
    milliseconds(headerValue(headers, DEADLINE_FIELD), 0),
    milliseconds(headerValue(headers, ENVOY_DEADLINE_FIELD), Number.POSITIVE_INFINITY),
    grpcTimeoutMs(headerValue(headers, 'grpc-timeout')),
  );
}

function milliseconds(text: string | undefined, zero: number): number {
  if (text === undefined || !/^\d{1,12}$/.test(text)) return Number.POSITIVE_INFINITY;
  return text === '0' ? zero : Number(text);
}

const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

function grpcTimeoutMs(text: string | undefined): number {
  const match = text === undefined ? null : /^(\d{1,8})([HMSmun])$/.exec(text);
  return match === null ? Number.POSITIVE_INFINITY : Number(match[1]) * UNIT_MS[match[2]!]!;
}
