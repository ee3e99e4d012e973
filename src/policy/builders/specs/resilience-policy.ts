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
  /** Takes the place of the DestinationRule's `simple`; its `consistentHash` and `PASSTHROUGH` stay. */
  readonly loadBalancer?: ResiliencePolicyLoadBalancer;
  /**
   * A process works with a part of a long list of endpoints, and with more of it the more it has to do; not
   * with `consistentHash`.
   */
  readonly subsetting?: ResiliencePolicySubsetting;
  /** Joins with the DestinationRule's, which has the consecutive counters; without one, those are off. */
  readonly outlierDetection?: ResiliencePolicyOutlierDetection;
  /** Each process asks each endpoint of the host; exactly one of `http`, `tcp`, `grpc`. */
  readonly healthCheck?: ResiliencePolicyHealthCheck;
  /** Of a call, whatever its route says; of an exchange, the longest that it may take. */
  readonly deadline?: string;
  /** A limit on what is under way at once that follows latency (gradient). */
  readonly concurrency?: ResiliencePolicyConcurrency;
  /** Of exchanges that wait for a place of `concurrency`; left out: with its defaults. */
  readonly queue?: ResiliencePolicyQueue;
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
  /**
   * In which the share of calls let through grows to all of them, after a probe that succeeded. Default: 0s.
   */
  readonly rampDuration?: string;
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

export interface ResiliencePolicyLoadBalancer {
  /**
   * Of two endpoints by lot the one with less latency for what is in flight; a latency that grows is believed
   * at once, one that falls slowly.
   */
  readonly peakEwma?: ResiliencePolicyLoadBalancerPeakEwma;
}

export interface ResiliencePolicyLoadBalancerPeakEwma {
  /** After which a latency that was seen counts for a third (1/e). Default: 10s. */
  readonly decay?: string;
}

export interface ResiliencePolicySubsetting {
  /** False: every process works with all endpoints. Default: true. */
  readonly enabled?: boolean;
  /** The least that a process works with, in each locality that takes calls. Default: 50. */
  readonly minEndpoints?: number;
  /** Lists that are not longer are worked with whole; left out: twice `minEndpoints`. */
  readonly threshold?: number;
}

export interface ResiliencePolicyOutlierDetection {
  /** At each sweep, out go endpoints whose rate of success is far below that of the others. */
  readonly successRate?: ResiliencePolicyOutlierDetectionSuccessRate;
  /** At each sweep, out go endpoints with too large a share of failures. */
  readonly failurePercentage?: ResiliencePolicyOutlierDetectionFailurePercentage;
  /** Between sweeps; left out: the DestinationRule's, else 10s. */
  readonly interval?: string;
  /** The first ejection's; left out: the DestinationRule's, else 30s. */
  readonly baseEjectionTime?: string;
  /** No ejection is longer, unless the base is. Default: 300s. */
  readonly maxEjectionTime?: string;
  /** Of the endpoints; left out: the DestinationRule's, else 10. */
  readonly maxEjectionPercent?: number;
}

export interface ResiliencePolicyOutlierDetectionSuccessRate {
  /** With enough requests; with fewer nothing is compared. Default: 5. */
  readonly minimumHosts?: number;
  /** On an endpoint between two sweeps that make it count. Default: 100. */
  readonly requestVolume?: number;
  /** So many standard deviations below the mean. Default: 1.9. */
  readonly stdevFactor?: number;
  /** Of such endpoints that are taken out, by lot. Default: 100. */
  readonly enforcingPercent?: number;
}

export interface ResiliencePolicyOutlierDetectionFailurePercentage {
  /** The share of failures, in percent, from which on. Default: 85. */
  readonly threshold?: number;
  /** With enough requests; with fewer nobody is taken out. Default: 5. */
  readonly minimumHosts?: number;
  /** On an endpoint between two sweeps that make it count. Default: 50. */
  readonly requestVolume?: number;
  /** Of such endpoints that are taken out, by lot. Default: 100. */
  readonly enforcingPercent?: number;
}

export interface ResiliencePolicyHealthCheck {
  /** A request, on a connection as calls have it. */
  readonly http?: ResiliencePolicyHealthCheckHttp;
  /** A connection is enough. */
  readonly tcp?: Readonly<Record<string, never>>;
  /** `grpc.health.v1.Health/Check` answers SERVING. */
  readonly grpc?: ResiliencePolicyHealthCheckGrpc;
  /** Between two checks of an endpoint. Default: 10s. */
  readonly interval?: string;
  /** An answer that takes longer is a failure. Default: 1s. */
  readonly timeout?: string;
  /** Failures in a row that take an endpoint out. Default: 3. */
  readonly unhealthyThreshold?: number;
  /** Successes in a row that take it back; the very first check needs one. Default: 2. */
  readonly healthyThreshold?: number;
  /** Between checks while nobody has called the host. Default: 60s. */
  readonly noTrafficInterval?: string;
  /** Between checks of an endpoint that is out; left out: `interval`. */
  readonly unhealthyInterval?: string;
  /** Of each interval, by which it is longer by lot. Default: 10. */
  readonly jitterPercent?: number;
  /** Of the endpoint that is asked; left out: the one that takes the calls. */
  readonly port?: number;
}

export interface ResiliencePolicyHealthCheckHttp {
  /** With query. */
  readonly path: string;
  /** Without a body. Default: GET. */
  readonly method?: 'GET' | 'HEAD' | 'OPTIONS' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'TRACE';
  /** Of an endpoint that is well; left out: 200. */
  readonly expectedStatuses?: readonly ResiliencePolicyHealthCheckHttpExpectedStatus[];
  /** Of the request; `host` is what it is sent to by name. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ResiliencePolicyHealthCheckHttpExpectedStatus {
  /** The first status. */
  readonly start: number;
  /** The status after the last one; left out: `start` alone. */
  readonly end?: number;
}

export interface ResiliencePolicyHealthCheckGrpc {
  /** That is asked about; left out: the server as a whole. */
  readonly service?: string;
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

export interface ResiliencePolicyQueue {
  /** At once; 0: what finds no place is refused. Default: 1000. */
  readonly maxLength?: number;
  /**
   * The longest wait; a queue in which all waits are longer than `standingWait` for so long is a standing
   * one. Default: 100ms.
   */
  readonly maxWait?: string;
  /**
   * The longest wait in a standing queue, where the newest is next; such a queue is one until it is empty.
   * Default: 20ms.
   */
  readonly standingWait?: string;
  /**
   * Work begins in turns of the event loop that have not taken longer yet; what else arrives waits. Default:
   * 10ms.
   */
  readonly maxLoopDelay?: string;
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
