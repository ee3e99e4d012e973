/** What the mesh answers to protect the workload. */
import type { Refusal } from '../model/exchange.js';
import { REACHED } from '../traffic/concurrency/index.js';
import type { NoWait } from '../traffic/queue/index.js';
import type { Limited } from '../traffic/rate-limit/index.js';

/** @source Envoy `local_ratelimit`: body, details and `x-envoy-ratelimited`; draft-ietf-httpapi-ratelimit-headers-03 for the rest */
export function rateLimited({ limit, retryAfterMs }: Limited): Refusal {
  const seconds = String(Math.max(1, Math.ceil(retryAfterMs / 1_000)));
  return {
    status: 429,
    body: 'local_rate_limited',
    because: 'local_rate_limited',
    close: false,
    ...(limit.resourceExhausted === true && { grpcStatus: RESOURCE_EXHAUSTED }),
    headers: {
      'x-envoy-ratelimited': 'true',
      'x-ratelimit-limit': String(limit.burst),
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': seconds,
      'retry-after': seconds,
    },
  };
}

const RESOURCE_EXHAUSTED = 8;

/** @source Envoy: what a full circuit breaker of a cluster is answered with */
export const OVERFLOW: Refusal = {
  status: 503,
  body: 'upstream connect error or disconnect/reset before headers. reset reason: overflow',
  because: 'upstream_reset_before_response_started{overflow}',
  close: false,
};

/**
 * Why an exchange is not let in: there is no place and no queue; the queue is full; it would begin when its caller has given up; it has
 * waited for as long as anybody may.
 */
export type Overload = typeof REACHED | NoWait | 'queue_wait';

/** @source Envoy `adaptive_concurrency_filter.cc`: status, body and details; it sets no flag */
const refusedBy = (because: Overload): Refusal => ({
  status: 503,
  body: 'reached concurrency limit',
  because,
  close: false,
});

const OVERLOADED: Readonly<Record<Overload, Refusal>> = {
  [REACHED]: refusedBy(REACHED),
  queue_full: refusedBy('queue_full'),
  queue_deadline: refusedBy('queue_deadline'),
  queue_wait: refusedBy('queue_wait'),
};

export function overloaded(because: Overload): Refusal {
  return OVERLOADED[because];
}

/** @source Envoy `router.cc`: what a route timeout is answered with */
export const TIMED_OUT: Refusal = {
  status: 504,
  body: 'upstream request timeout',
  because: 'response_timeout',
  close: false,
};
