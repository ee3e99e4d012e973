/** Limits of one cluster in this process. Infinity (absent in JSON) is no limit, which is Istio's default for all. */
export interface LimitPolicy {
  /** Requests active at once, HTTP/1.1 too. */
  readonly maxRequests?: number;
  /** Requests that wait for a connection. */
  readonly maxPendingRequests?: number;
  /** Retries outstanding at once; a retry budget replaces it. */
  readonly maxRetries?: number;
}
