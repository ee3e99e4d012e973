// Made from the schemas of policy by `node scripts/docs.mjs --write`; a change here would be lost.

/** What a ResiliencePolicy says. */
export interface ResiliencePolicySpec {
  /** For calls out, as a DestinationRule's; either this or `selector`. */
  readonly host?: string;
  /** For exchanges: of workloads in its own namespace; of all in `istio-system`. */
  readonly selector?: ResiliencePolicySelector;
  /** `.`, `*`, `~` or names of namespaces. */
  readonly exportTo?: readonly string[];
  /** A circuit for the host, by error rate. */
  readonly breaker?: ResiliencePolicyBreaker;
  /** Wins over the DestinationRule's. */
  readonly retryBudget?: ResiliencePolicyRetryBudget;
  /** One more attempt on another endpoint where the first is slow; the first good response wins. */
  readonly hedging?: ResiliencePolicyHedging;
  /** Of a call, whatever its route says; of an exchange, the longest that it may take. */
  readonly deadline?: string;
  /** A limit on what is under way at once that follows latency (gradient). */
  readonly concurrency?: ResiliencePolicyConcurrency;
  /** Which exchanges are shed first; the first that matches decides. */
  readonly priorities?: readonly ResiliencePolicyPriority[];
}

export interface ResiliencePolicySelector {
  /** All of them on the workload. */
  readonly matchLabels?: Readonly<Record<string, string>>;
}

export interface ResiliencePolicyBreaker {
  /** Opossum: from this share of failures on the circuit opens. Default: 50. */
  readonly errorThresholdPercent?: number;
  /** Attempts in the window below which the circuit stays closed. Default: 10. */
  readonly volumeThreshold?: number;
  /** In which failures are counted. Default: 10s. */
  readonly window?: string;
  /** Until one attempt may probe. Default: 5s. */
  readonly openDuration?: string;
}

export interface ResiliencePolicyRetryBudget {
  /** Of active requests that may be retries. Default: 20. */
  readonly percent?: number;
  /** Retries that are always allowed at once. Default: 3. */
  readonly minRetryConcurrency?: number;
}

export interface ResiliencePolicyHedging {
  /** At once, the first one included. */
  readonly maxAttempts: number;
  /** Without a response, before each further attempt. */
  readonly delay: string;
  /** Left out: those that may be repeated. */
  readonly methods?: readonly string[];
}

export interface ResiliencePolicyConcurrency {
  /** Never less, and the limit while latency without load is measured. Default: 3. */
  readonly minLimit?: number;
  /** Never more at once. Default: 1000. */
  readonly maxLimit?: number;
  /** After the first measurement; left out: `minLimit`. */
  readonly initialLimit?: number;
  /** Between changes of the limit. Default: 100ms. */
  readonly sampleWindow?: string;
  /** Of latency that is compared. Default: 50. */
  readonly percentile?: number;
  /** Between measurements of latency without load. Default: 60s. */
  readonly minRttInterval?: string;
  /** Requests of such a measurement. Default: 50. */
  readonly minRttRequests?: number;
  /** Of that interval, so that processes do not measure together. Default: 15. */
  readonly jitterPercent?: number;
  /** Of latency that is let pass as noise. Default: 25. */
  readonly bufferPercent?: number;
}

export interface ResiliencePolicyPriority {
  /** For explanations. */
  readonly name: string;
  /** `exempt` is never shed, `sheddable` first. */
  readonly priority: 'exempt' | 'critical' | 'default' | 'sheddable';
  /** As in a RateLimit; left out: all. */
  readonly match?: ResiliencePolicyPriorityMatch;
}

export interface ResiliencePolicyPriorityMatch {
  readonly paths?: readonly string[];
  readonly methods?: readonly string[];
  readonly headers?: Readonly<Record<string, ResiliencePolicyPriorityMatchHeader>>;
  readonly principals?: readonly string[];
}

export interface ResiliencePolicyPriorityMatchHeader {
  readonly exact?: string;
  readonly prefix?: string;
}
