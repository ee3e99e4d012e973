/**
 * Which of Envoy's `retry-on` words applies to an outcome. Pure.
 * @source Envoy `retry_state_impl.cc` wouldRetryFromHeaders, wouldRetryFromReset
 */
import { headerValue } from '../../base/headers.js';
import type { Failed, Outcome, Responded } from '../../model/outcome.js';
import type { RetryPolicy } from './policy.js';

/**
 * The first word of `policy.on` by which the outcome may be tried again, undefined if there is none. What we refused, what the
 * mesh itself answered and what the caller gave up is never tried again, nor is a call whose time is over. Asked of every call,
 * so it makes nothing.
 */
export function matchingCondition(policy: RetryPolicy, outcome: Outcome): string | undefined {
  const { on } = policy;
  if (outcome.kind === 'response') {
    if (outcome.local !== undefined) return undefined;
    // The server's word that it limits us: no other condition is consulted then.
    if (outcome.headers['x-envoy-ratelimited'] !== undefined)
      return on.includes('envoy-ratelimited') ? 'envoy-ratelimited' : undefined;
    for (let i = 0; i < on.length; i += 1) if (matchesResponse(on[i]!, policy, outcome)) return on[i];
    return undefined;
  }
  if (outcome.kind !== 'failed' || outcome.reset === 'timeout') return undefined;
  for (let i = 0; i < on.length; i += 1) if (matchesReset(on[i]!, outcome)) return on[i];
  return undefined;
}

function matchesResponse(word: string, policy: RetryPolicy, { status, headers }: Responded): boolean {
  switch (word) {
    case '5xx':
      return status >= 500 && status <= 599;
    case 'gateway-error':
      return status === 502 || status === 503 || status === 504;
    case 'retriable-4xx':
      return status === 409;
    case 'retriable-status-codes':
      return policy.statusCodes.includes(status);
    case 'retriable-headers':
      return policy.headerNames?.some((name) => headers[name] !== undefined) ?? false;
    case 'connect-failure':
    case 'refused-stream':
    case 'reset':
    case 'reset-before-request':
      return false;
    default: {
      // A gRPC status that came in trailers is not looked at: the response had begun by then.
      const grpcStatus = GRPC_STATUS_OF_WORD[word];
      return grpcStatus !== undefined && headerValue(headers, 'grpc-status') === grpcStatus;
    }
  }
}

const GRPC_STATUS_OF_WORD: Readonly<Record<string, string | undefined>> = Object.assign(Object.create(null), {
  cancelled: '1',
  'deadline-exceeded': '4',
  'resource-exhausted': '8',
  internal: '13',
  unavailable: '14',
});

function matchesReset(word: string, { reset, sent }: Failed): boolean {
  switch (word) {
    case '5xx':
    case 'gateway-error':
    case 'reset':
      return true;
    case 'reset-before-request':
      return sent === 'no';
    case 'connect-failure':
      return reset === 'connection-failure' || reset === 'connection-timeout';
    case 'refused-stream':
      return reset === 'refused-stream';
    default:
      return false;
  }
}
