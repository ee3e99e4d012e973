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
  /** Longest wait before the first retry, milliseconds; the cap on any wait is ten times this. @default 25 */
  readonly backoffMs: number;
  /** Avoid the endpoints that were tried already. @default true */
  readonly ignorePreviousHosts: boolean;
  /** The operator wrote `retries` for this route, and so accepts repeats of methods that are not idempotent. */
  readonly explicit: boolean;
}

/** How many retries a cluster bears, as a share of what is active. */
export interface RetryBudgetPolicy {
  /** @default 20 (Envoy) */
  readonly budgetPercent: number;
  /** Retries that are always allowed at once. @default 3 (Envoy) */
  readonly minRetryConcurrency: number;
}
