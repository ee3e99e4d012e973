/** Limits of one cluster in this process. Infinity (absent in JSON) is no limit, which is Istio's default for all. */
export interface LimitPolicy {
  /** Requests active at once, HTTP/1.1 too. */
  readonly maxRequests?: number;
  /** Requests that wait for a connection. */
  readonly maxPendingRequests?: number;
  /** Retries outstanding at once; a retry budget replaces it. */
  readonly maxRetries?: number;
}

/** Istio's `connectionPool.http` numbers; 0 is the same as absent there. */
export function limitPolicyFrom(input: {
  readonly http1MaxPendingRequests?: number | undefined;
  readonly http2MaxRequests?: number | undefined;
  readonly maxRetries?: number | undefined;
}): LimitPolicy {
  return {
    ...(input.http2MaxRequests && { maxRequests: input.http2MaxRequests }),
    ...(input.http1MaxPendingRequests && { maxPendingRequests: input.http1MaxPendingRequests }),
    ...(input.maxRetries && { maxRetries: input.maxRetries }),
  };
}
