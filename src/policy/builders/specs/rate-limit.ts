// Made from the schemas of policy by `node scripts/docs.mjs --write`; a change here would be lost.

/** What a RateLimit says. */
export interface RateLimitSpec {
  /** Whose calls out are limited; short or full name, may begin with `*.`; either this or `selector`. */
  readonly host?: string;
  /** Whose exchanges are limited: workloads in its own namespace; of all in `istio-system`. */
  readonly selector?: RateLimitSelector;
  /** `.`, `*`, `~` or names of namespaces. */
  readonly exportTo?: readonly string[];
  /** Each has to let a request through; each process counts for itself. */
  readonly limits: readonly RateLimitLimit[];
}

export interface RateLimitSelector {
  /** All of them on the workload. */
  readonly matchLabels?: Readonly<Record<string, string>>;
}

export interface RateLimitLimit {
  /** For metrics and explanations; left out: its place, as `limit-0`. */
  readonly name?: string;
  /** Which requests it counts; left out: all. */
  readonly match?: RateLimitLimitMatch;
  /**
   * `principal`, `remoteIp` or `header:NAME`: each value has a bucket of its own; left out: one bucket for
   * all.
   */
  readonly by?: readonly string[];
  /** How many in `per`. */
  readonly requests: number;
  /** The time in which the bucket fills up. */
  readonly per: string;
  /** Size of the bucket; left out: `requests`. */
  readonly burst?: number;
  /**
   * Calls of gRPC that come in over it are answered with RESOURCE_EXHAUSTED, which nobody retries by default;
   * left out: UNAVAILABLE.
   */
  readonly rateLimitedAsResourceExhausted?: boolean;
}

export interface RateLimitLimitMatch {
  /** Exact, `prefix*`, `*suffix` or `*`. */
  readonly paths?: readonly string[];
  /** E.g. GET. */
  readonly methods?: readonly string[];
  /** By name, exact or prefix; `{}` asks whether it is there. */
  readonly headers?: Readonly<Record<string, RateLimitLimitMatchHeader>>;
  /** Who calls, as in an AuthorizationPolicy; on the way in only. */
  readonly principals?: readonly string[];
}

export interface RateLimitLimitMatchHeader {
  readonly exact?: string;
  readonly prefix?: string;
}
