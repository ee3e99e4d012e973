/**
 * What a caller asks for in Envoy's request headers about the time of one call. Pure, but that the headers are taken off: they are for us,
 * not for the peer. What cannot be read is taken off, too, and asks for nothing.
 * @source Envoy `router.cc` finalTimeout, finalHedgingParams; `absl::SimpleAtoi` for numbers
 */
import { type HeaderFields, headerValue } from '../../base/headers.js';

const TIMEOUT = 'x-envoy-upstream-rq-timeout-ms';
const PER_TRY = 'x-envoy-upstream-rq-per-try-timeout-ms';
const ALTERNATIVE = 'x-envoy-upstream-rq-timeout-alt-response';
const HEDGE = 'x-envoy-hedge-on-per-try-timeout';

export interface AskedTimes {
  /** In the stead of the route's timeout, 0 for none; undefined: the route's. */
  readonly timeoutMs: number | undefined;
  /** In the stead of the retry policy's, 0 for none; undefined: the policy's. */
  readonly perTryTimeoutMs: number | undefined;
  /** A call whose time is over is answered 204 instead of failing. */
  readonly noContent: boolean;
  /** When an attempt takes longer than the per-try timeout the next begins beside it, instead of in its stead. */
  readonly hedge: boolean;
}

/** Asked of every call, so it makes nothing. */
export function asksForTimes(headers: HeaderFields): boolean {
  return (
    headers[TIMEOUT] !== undefined ||
    headers[PER_TRY] !== undefined ||
    headers[ALTERNATIVE] !== undefined ||
    headers[HEDGE] !== undefined
  );
}

export function askedTimes(headers: HeaderFields): AskedTimes {
  return {
    timeoutMs: wholeMs(take(headers, TIMEOUT)),
    perTryTimeoutMs: wholeMs(take(headers, PER_TRY)),
    // Whatever it says.
    noContent: take(headers, ALTERNATIVE) !== undefined,
    hedge: take(headers, HEDGE) === 'true',
  };
}

function take(headers: HeaderFields, name: string): string | undefined {
  const text = headerValue(headers, name);
  if (text !== undefined) delete headers[name];
  return text;
}

/** Fifteen digits are the most that a number holds exactly. */
function wholeMs(text: string | undefined): number | undefined {
  return text !== undefined && /^\s*\+?\d{1,15}\s*$/.test(text) ? Number(text) : undefined;
}
