/**
 * What a caller asks for in Envoy's request headers, for one call. Pure, but that the headers are taken off: they are for us, not for the peer.
 * What cannot be read is taken off, too, and asks for nothing.
 * @source Envoy `retry_state_impl.cc` (constructor, parseRetryOn, parseRetryGrpcOn); `absl::SimpleAtoi` for numbers
 */
import { type HeaderFields, headerValue } from '../../base/headers.js';
import { DEFAULT_RETRY_POLICY, type RetryPolicy } from './policy.js';

const RETRY_ON = 'x-envoy-retry-on';
const RETRY_GRPC_ON = 'x-envoy-retry-grpc-on';
const MAX_RETRIES = 'x-envoy-max-retries';
const STATUS_CODES = 'x-envoy-retriable-status-codes';
const HEADER_NAMES = 'x-envoy-retriable-header-names';

const HTTP_WORDS: ReadonlySet<string> = new Set([
  '5xx',
  'gateway-error',
  'reset',
  'reset-before-request',
  'connect-failure',
  'refused-stream',
  'retriable-4xx',
  'retriable-status-codes',
  'retriable-headers',
  'envoy-ratelimited',
  'http3-post-connect-failure',
]);
const GRPC_WORDS: ReadonlySet<string> = new Set([
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
]);

/** Asked of every call, so it makes nothing. */
export function asksForRetries(headers: HeaderFields): boolean {
  return (
    headers[RETRY_ON] !== undefined ||
    headers[RETRY_GRPC_ON] !== undefined ||
    headers[MAX_RETRIES] !== undefined ||
    headers[STATUS_CODES] !== undefined ||
    headers[HEADER_NAMES] !== undefined
  );
}

/**
 * The policy of the call: the route's conditions and those asked for, together; a number of retries asked for holds in the route's stead.
 * A caller that names conditions says by it that this very call may be repeated.
 * @param route null: no retries
 */
export function askedRetries(headers: HeaderFields, route: RetryPolicy | null): RetryPolicy | null {
  const words = [
    ...listed(take(headers, RETRY_ON), HTTP_WORDS),
    ...listed(take(headers, RETRY_GRPC_ON), GRPC_WORDS),
  ];
  const most = wholeNumber(take(headers, MAX_RETRIES), 4_294_967_295);
  const codes = partsOf(take(headers, STATUS_CODES)).flatMap(
    (part) => wholeNumber(part, 4_294_967_295) ?? [],
  );
  const names = partsOf(take(headers, HEADER_NAMES)).map((name) => name.toLowerCase());
  if (route === null && words.length === 0) return null;
  const base = route ?? NOTHING;
  const headerNames = [...(base.headerNames ?? []), ...names];
  return {
    ...base,
    on: [...new Set([...base.on, ...words])],
    statusCodes: [...base.statusCodes, ...codes],
    ...(headerNames.length > 0 && { headerNames }),
    attempts: most ?? base.attempts,
    explicit: base.explicit || words.length > 0,
  };
}

/** Where the route has no retries one is enough, unless more are asked for. @source Envoy `RetryPolicy.num_retries` */
const NOTHING: RetryPolicy = { ...DEFAULT_RETRY_POLICY, attempts: 1, on: [], explicit: false };

/** As many words as a header can sensibly hold; what comes after is not read. */
const LONGEST = 1_024;

function take(headers: HeaderFields, name: string): string | undefined {
  const text = headerValue(headers, name);
  if (text === undefined) return undefined;
  delete headers[name];
  return text.slice(0, LONGEST);
}

function partsOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function listed(text: string | undefined, known: ReadonlySet<string>): string[] {
  return partsOf(text).filter((word) => known.has(word));
}

function wholeNumber(text: string | undefined, most: number): number | undefined {
  if (text === undefined || !/^\s*\+?\d{1,10}\s*$/.test(text)) return undefined;
  const value = Number(text);
  return value <= most ? value : undefined;
}
