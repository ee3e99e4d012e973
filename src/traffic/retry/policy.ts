/**
 * Which attempts may follow a first failure.
 * @source Istio VirtualService.http.retries; Envoy `retry_state_impl.cc`
 */
export interface RetryPolicy {
  /** Retries at most: `maxAttempts = 1 + attempts`. 0 switches retries off. */
  readonly attempts: number;
  readonly perTryTimeoutMs: number | null;
  /** Envoy's words, e.g. `connect-failure`, `5xx`. */
  readonly on: readonly string[];
  /** Response codes that may be retried when `on` holds `retriable-status-codes`. */
  readonly statusCodes: readonly number[];
  /** Response header fields, in lower case, one of which is enough when `on` holds `retriable-headers`. @default none */
  readonly headerNames?: readonly string[];
  /** Longest wait before the first retry, milliseconds; the cap on any wait is ten times this. @default 25 */
  readonly backoffMs: number;
  /** Avoid the endpoints that were tried already. @default true */
  readonly ignorePreviousHosts: boolean;
  /** The operator wrote `retries` for this route, and so accepts repeats of methods that are not idempotent. */
  readonly explicit: boolean;
  /** Leave the localities that were tried, once in two retries. @default the closest are tried again */
  readonly remoteLocalities?: true;
}

/** How many retries a cluster bears, as a share of what is active. */
export interface RetryBudgetPolicy {
  /** @default 20 (Envoy) */
  readonly budgetPercent: number;
  /** Retries that are always allowed at once. @default 3 (Envoy) */
  readonly minRetryConcurrency: number;
}

/** Istio's `retries` in plain words: durations in milliseconds, nothing filled in. */
export interface RetryInput {
  readonly attempts?: number | undefined;
  readonly perTryTimeoutMs?: number | undefined;
  /** Words and status codes, separated by commas. */
  readonly retryOn?: string | undefined;
  readonly retryIgnorePreviousHosts?: boolean | undefined;
  readonly backoffMs?: number | undefined;
  readonly retryRemoteLocalities?: boolean | undefined;
}

/**
 * What Istio does where nobody wrote `retries`. The list holds `retriable-status-codes` but no codes: a plain 503 is not
 * retried, whatever older documents say.
 * @source Istio `pilot/pkg/networking/core/route/retry/retry.go` defaultRetryPolicy
 */
export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  attempts: 2,
  perTryTimeoutMs: null,
  on: ['connect-failure', 'refused-stream', 'unavailable', 'cancelled', 'retriable-status-codes'],
  statusCodes: [],
  backoffMs: 25,
  ignorePreviousHosts: true,
  explicit: false,
};

/** The policy for a route; null: `attempts` of 0 or less switches retries off. Absent input is {@link DEFAULT_RETRY_POLICY}. */
export function retryPolicyFrom(input: RetryInput | undefined): RetryPolicy | null {
  if (input === undefined) return DEFAULT_RETRY_POLICY;
  if ((input.attempts ?? 0) <= 0) return null;
  const { on, statusCodes } = retryConditions(input.retryOn);
  return {
    attempts: input.attempts!,
    perTryTimeoutMs: input.perTryTimeoutMs ?? null,
    on,
    statusCodes,
    backoffMs: input.backoffMs ?? DEFAULT_RETRY_POLICY.backoffMs,
    ignorePreviousHosts: input.retryIgnorePreviousHosts ?? true,
    explicit: true,
    ...(input.retryRemoteLocalities === true && { remoteLocalities: true as const }),
  };
}

/** Status codes among the words switch on `retriable-status-codes`. */
function retryConditions(retryOn: string | undefined): Pick<RetryPolicy, 'on' | 'statusCodes'> {
  if (retryOn === undefined || retryOn === '') return DEFAULT_RETRY_POLICY;
  const words = retryOn.split(',').map((word) => word.trim());
  const statusCodes = words.filter((word) => /^\d+$/.test(word)).map(Number);
  const on = words.filter((word) => word !== '' && !/^\d+$/.test(word));
  if (statusCodes.length > 0 && !on.includes('retriable-status-codes')) on.push('retriable-status-codes');
  return { on, statusCodes };
}

/** @source Envoy `cluster.proto` RetryBudget: 20 %, 3 at once */
export function retryBudgetFrom(input: {
  readonly percent?: number | undefined;
  readonly minRetryConcurrency?: number | undefined;
}): RetryBudgetPolicy {
  return { budgetPercent: input.percent ?? 20, minRetryConcurrency: input.minRetryConcurrency ?? 3 };
}
