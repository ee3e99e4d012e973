/**
 * Deadlines: when a call and an attempt end, and how the time left is told from process to process. Pure. Instants are monotonic
 * milliseconds, Infinity for none.
 * @source Envoy `router.cc` finalTimeout; gRPC PROTOCOL-HTTP2
 */
import { type HeaderFields, headerValue } from '../../base/headers.js';

export { isGrpc } from '../../model/grpc.js';

export interface DeadlineFacts {
  readonly now: number;
  /** Of the route; null for none. */
  readonly routeTimeoutMs: number | null;
  /** The longest that policy lets any call to the host take; undefined for no limit. */
  readonly hostDeadlineMs?: number | undefined;
  /** What the caller itself asked for; null for nothing. */
  readonly callerTimeoutMs: number | null;
  /** Deadline of the exchange that is being served; Infinity for none. */
  readonly exchangeDeadlineAt: number;
}

/** The earliest of all that apply. */
export function decideDeadline(facts: DeadlineFacts): number {
  const { now, routeTimeoutMs, hostDeadlineMs, callerTimeoutMs, exchangeDeadlineAt } = facts;
  let at = exchangeDeadlineAt;
  // Istio writes "no timeout" as 0.
  if (routeTimeoutMs !== null && routeTimeoutMs > 0) at = Math.min(at, now + routeTimeoutMs);
  if (hostDeadlineMs !== undefined) at = Math.min(at, now + hostDeadlineMs);
  if (callerTimeoutMs !== null) at = Math.min(at, now + callerTimeoutMs);
  return at;
}

/**
 * When the attempt that begins now ends; Infinity if the call's own deadline comes first, so that its expiry is the call's and not
 * a reason for one more retry.
 */
export function decideAttemptDeadline(
  now: number,
  perTryTimeoutMs: number | null,
  callDeadlineAt: number,
): number {
  if (perTryTimeoutMs === null || perTryTimeoutMs <= 0) return Number.POSITIVE_INFINITY;
  const at = now + perTryTimeoutMs;
  return at < callDeadlineAt ? at : Number.POSITIVE_INFINITY;
}

/**
 * What the peer is told: value of `x-envoy-expected-rq-timeout-ms` and `x-heddle-deadline-ms`, or undefined without a deadline. Never
 * 0, which would mean no limit.
 */
export function expectedTimeout(
  now: number,
  attemptDeadlineAt: number,
  callDeadlineAt: number,
): string | undefined {
  const at = Math.min(attemptDeadlineAt, callDeadlineAt);
  return at === Number.POSITIVE_INFINITY ? undefined : String(Math.max(1, Math.floor(at - now)));
}

/** Value of `grpc-timeout` for the time left, at most eight digits; undefined without a deadline. */
export function grpcTimeout(leftMs: number): string | undefined {
  if (leftMs === Number.POSITIVE_INFINITY) return undefined;
  const ms = Math.max(1, Math.floor(leftMs));
  if (ms < 1e8) return `${ms}m`;
  const seconds = Math.floor(ms / 1_000);
  return seconds < 1e8 ? `${seconds}S` : `${Math.min(99_999_999, Math.floor(seconds / 3_600))}H`;
}

/** Name of the header by which Heddle tells how many milliseconds are left. */
export const DEADLINE_HEADER = 'x-heddle-deadline-ms';

/**
 * How long whoever called is going to wait, milliseconds: the least that `x-heddle-deadline-ms`, `x-envoy-expected-rq-timeout-ms` and
 * `grpc-timeout` say; undefined if none says anything that can be read. 0 is a call that is over already, except in Envoy's
 * header, where it means no limit.
 */
export function incomingTimeoutMs(headers: HeaderFields): number | undefined {
  const own = wholeMs(headerValue(headers, DEADLINE_HEADER));
  const envoy = wholeMs(headerValue(headers, 'x-envoy-expected-rq-timeout-ms'));
  const least = Math.min(
    own ?? Number.POSITIVE_INFINITY,
    envoy === undefined || envoy === 0 ? Number.POSITIVE_INFINITY : envoy,
    parseGrpcTimeout(headerValue(headers, 'grpc-timeout')) ?? Number.POSITIVE_INFINITY,
  );
  return least === Number.POSITIVE_INFINITY ? undefined : least;
}

/** Fifteen digits are the most that a number holds exactly. */
function wholeMs(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/**
 * A `grpc-timeout` in milliseconds; undefined if it is not one.
 * @example parseGrpcTimeout('2S'); // => 2000
 */
export function parseGrpcTimeout(text: string | undefined): number | undefined {
  const parts = text === undefined ? null : /^(\d{1,8})([HMSmun])$/.exec(text);
  return parts === null ? undefined : Number(parts[1]) * MS_OF_UNIT[parts[2] as keyof typeof MS_OF_UNIT];
}

const MS_OF_UNIT = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 } as const;
