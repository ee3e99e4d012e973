// Made from the schemas of policy by `node scripts/docs.mjs --write`; a change here would be lost.

/** What a DestinationRule says. */
export interface DestinationRuleSpec {
  /** The most specific rule, of the caller's namespace, then the service's, then the root's. */
  readonly host: string;
  /** How endpoints are picked, connections kept and guarded. */
  readonly trafficPolicy?: DestinationRuleTrafficPolicy;
  /** Endpoints with all of these labels; routes name them. */
  readonly subsets?: readonly DestinationRuleSubset[];
  /** `.`, `*` or names of namespaces: whose calls it is for. Default: *. */
  readonly exportTo?: readonly string[];
  /** Which callers it is for, in its own namespace. */
  readonly workloadSelector?: DestinationRuleWorkloadSelector;
}

export interface DestinationRuleTrafficPolicy {
  /** Which endpoint takes a call. */
  readonly loadBalancer?: DestinationRuleTrafficPolicyLoadBalancer;
  /** Limits of calls and connections. */
  readonly connectionPool?: DestinationRuleTrafficPolicyConnectionPool;
  /** Takes endpoints out of picking, each process for itself. */
  readonly outlierDetection?: DestinationRuleTrafficPolicyOutlierDetection;
  /** Of connections to endpoints. */
  readonly tls?: DestinationRuleTrafficPolicyTls;
  /** Replaces the blocks above, as a whole, for one port. */
  readonly portLevelSettings?: readonly DestinationRuleTrafficPolicyPortLevelSetting[];
  /**
   * For connections of `mesh.connect`: the endpoints are proxies, which are asked for the target; HTTP calls
   * do not go through it (HDL0006).
   */
  readonly tunnel?: DestinationRuleTrafficPolicyTunnel;
  /** Tells the endpoint who calls. */
  readonly proxyProtocol?: DestinationRuleTrafficPolicyProxyProtocol;
  /** A limit on retries, beside what is active. */
  readonly retryBudget?: DestinationRuleTrafficPolicyRetryBudget;
}

export interface DestinationRuleTrafficPolicyLoadBalancer {
  /**
   * Partly: LEAST_REQUEST (two choices), ROUND_ROBIN, RANDOM; PASSTHROUGH goes to the host that the caller
   * names. Default: LEAST_REQUEST.
   */
  readonly simple?: 'UNSPECIFIED' | 'LEAST_CONN' | 'LEAST_REQUEST' | 'RANDOM' | 'ROUND_ROBIN' | 'PASSTHROUGH';
  /** Sticky calls: ring or Maglev; at random where nothing is named to hash. */
  readonly consistentHash?: DestinationRuleTrafficPolicyLoadBalancerConsistentHash;
  /** Refused: servers report no load; LEAST_REQUEST counts what is in flight. */
  readonly backendUtilization?: DestinationRuleTrafficPolicyLoadBalancerBackendUtilization;
  /** How localities share the calls. */
  readonly localityLbSetting?: DestinationRuleTrafficPolicyLoadBalancerLocalityLbSetting;
  /**
   * Partly: calls stay in the region, evenly over its zones (told as HDL0006): how callers are spread over
   * zones is not known.
   */
  readonly zoneAwareLbSetting?: DestinationRuleTrafficPolicyLoadBalancerZoneAwareLbSetting;
  /** Slow start. */
  readonly warmup?: DestinationRuleTrafficPolicyLoadBalancerWarmup;
  /** Partly: deprecated, told as HDL0006: write `warmup.duration`. */
  readonly warmupDurationSecs?: string;
}

export interface DestinationRuleTrafficPolicyLoadBalancerConsistentHash {
  /** Its value is hashed. */
  readonly httpHeaderName?: string;
  /** A cookie. */
  readonly httpCookie?: DestinationRuleTrafficPolicyLoadBalancerConsistentHashHttpCookie;
  /** Of the exchange being served. */
  readonly useSourceIp?: boolean;
  /** Its value is hashed. */
  readonly httpQueryParameterName?: string;
  /** The default. */
  readonly ringHash?: DestinationRuleTrafficPolicyLoadBalancerConsistentHashRingHash;
  /** In place of a ring. */
  readonly maglev?: DestinationRuleTrafficPolicyLoadBalancerConsistentHashMaglev;
  /** Deprecated. */
  readonly minimumRingSize?: number;
}

export interface DestinationRuleTrafficPolicyLoadBalancerConsistentHashHttpCookie {
  /** Its value is hashed. */
  readonly name?: string;
  /** Of the cookie that is made. */
  readonly path?: string;
  /** With it a caller without the cookie is given one; without it none is made. */
  readonly ttl?: string;
  /** Of the cookie that is made. */
  readonly attributes?: readonly DestinationRuleTrafficPolicyLoadBalancerConsistentHashHttpCookieAttribute[];
}

export interface DestinationRuleTrafficPolicyLoadBalancerConsistentHashHttpCookieAttribute {
  readonly name?: string;
  readonly value?: string;
}

export interface DestinationRuleTrafficPolicyLoadBalancerConsistentHashRingHash {
  /** Points on the ring. Default: 1024. */
  readonly minimumRingSize?: number;
}

export interface DestinationRuleTrafficPolicyLoadBalancerConsistentHashMaglev {
  /** A prime. Default: 65537. */
  readonly tableSize?: number;
}

export interface DestinationRuleTrafficPolicyLoadBalancerBackendUtilization {
  readonly errorUtilizationPenaltyPercent?: number;
  readonly metricNamesForComputingUtilization?: readonly string[];
  readonly weightExpirationPeriod?: string;
  readonly weightStabilizationPeriod?: string;
  readonly weightUpdatePeriod?: string;
}

export interface DestinationRuleTrafficPolicyLoadBalancerLocalityLbSetting {
  /** Shares of the calls of a locality among others. */
  readonly distribute?: readonly DestinationRuleTrafficPolicyLoadBalancerLocalityLbSettingDistribute[];
  /** Where calls go when the own region is short of healthy endpoints; needs outlierDetection. */
  readonly failover?: readonly DestinationRuleTrafficPolicyLoadBalancerLocalityLbSettingFailover[];
  /** Labels, the first that differs decides how far an endpoint is away. */
  readonly failoverPriority?: readonly string[];
  /** Prefers the nearest locality; needs outlierDetection. Default: true. */
  readonly enabled?: boolean;
}

export interface DestinationRuleTrafficPolicyLoadBalancerLocalityLbSettingDistribute {
  /** `region/zone/sub-zone`, with `*` at the end. */
  readonly from?: string;
  /** By locality, in percent; together 100. */
  readonly to?: Readonly<Record<string, number>>;
}

export interface DestinationRuleTrafficPolicyLoadBalancerLocalityLbSettingFailover {
  /** A region. */
  readonly from?: string;
  /** A region. */
  readonly to?: string;
}

export interface DestinationRuleTrafficPolicyLoadBalancerZoneAwareLbSetting {
  /** Where calls go when the own region is short of healthy endpoints. */
  readonly failover?: readonly DestinationRuleTrafficPolicyLoadBalancerLocalityLbSettingFailover[];
  /** As that of `localityLbSetting`. */
  readonly failoverPriority?: readonly string[];
  /** False: localities do not count. Default: true. */
  readonly enabled?: boolean;
  readonly minClusterSize?: number;
}

export interface DestinationRuleTrafficPolicyLoadBalancerWarmup {
  /** Slow start of new endpoints, for LEAST_REQUEST and ROUND_ROBIN. */
  readonly duration?: string;
  /** Of its share that a new endpoint begins with. Default: 10. */
  readonly minimumPercent?: number;
  /** Above 1 the share grows faster at first. Default: 1. */
  readonly aggression?: number;
}

export interface DestinationRuleTrafficPolicyConnectionPool {
  /** Of connections. */
  readonly tcp?: DestinationRuleTrafficPolicyConnectionPoolTcp;
  /** Of calls. */
  readonly http?: DestinationRuleTrafficPolicyConnectionPoolHttp;
}

export interface DestinationRuleTrafficPolicyConnectionPoolTcp {
  /**
   * In each process, to all endpoints together; one for each endpoint in any case, but for `mesh.connect`.
   */
  readonly maxConnections?: number;
  /** TCP and TLS together. Default: 10s. */
  readonly connectTimeout?: string;
  /** Probes of silent connections. */
  readonly tcpKeepalive?: DestinationRuleTrafficPolicyConnectionPoolTcpTcpKeepalive;
  /** Then it takes no further request; a connection of `mesh.connect` is closed. */
  readonly maxConnectionDuration?: string;
  /** Without a byte either way; for calls where `http.idleTimeout` is absent; 0s is never. Default: 1h. */
  readonly idleTimeout?: string;
}

export interface DestinationRuleTrafficPolicyConnectionPoolTcpTcpKeepalive {
  /** Partly: told as HDL0006, without effect: the operating system's own value holds. */
  readonly probes?: number;
  /** Of silence before the first probe. Default: 60s. */
  readonly time?: string;
  /** Partly: told as HDL0006, without effect: the operating system's own value holds. */
  readonly interval?: string;
}

export interface DestinationRuleTrafficPolicyConnectionPoolHttp {
  /** That wait for a connection, in each process. */
  readonly http1MaxPendingRequests?: number;
  /** Active at once in each process, HTTP/1.1 too. */
  readonly http2MaxRequests?: number;
  /** Then the connection is replaced. */
  readonly maxRequestsPerConnection?: number;
  /** Outstanding at once; a retry budget replaces it. */
  readonly maxRetries?: number;
  /** Less where the server says so. Default: 1h. */
  readonly idleTimeout?: string;
  /**
   * UPGRADE: calls are HTTP/2. Under TLS the peer chooses, and HTTP/1.1 goes on; in plain text it has to
   * speak HTTP/2.
   */
  readonly h2UpgradePolicy?: 'DEFAULT' | 'DO_NOT_UPGRADE' | 'UPGRADE';
  /** Partly: told as HDL0006, without effect: a call has no protocol of its own before it is sent. */
  readonly useClientProtocol?: boolean;
  /**
   * On each connection, where calls are HTTP/2: a port of protocol HTTP2 or GRPC, or `h2UpgradePolicy`.
   * Default: what the peer allows.
   */
  readonly maxConcurrentStreams?: number;
  /** Pings, where calls are HTTP/2: a port of protocol HTTP2 or GRPC, or `h2UpgradePolicy`. */
  readonly http2KeepAlive?: DestinationRuleTrafficPolicyConnectionPoolHttpHttp2KeepAlive;
}

export interface DestinationRuleTrafficPolicyConnectionPoolHttpHttp2KeepAlive {
  /** From the answer to the next ping. */
  readonly interval?: string;
  /** Without an answer the connection is closed. */
  readonly timeout?: string;
}

export interface DestinationRuleTrafficPolicyOutlierDetection {
  /** Partly: accepted with a warning, without effect, as in Istio. */
  readonly consecutiveErrors?: number;
  /** Failures without a response are counted apart. */
  readonly splitExternalLocalOriginErrors?: boolean;
  /** In a row, if they are counted apart. Default: 5. */
  readonly consecutiveLocalOriginFailures?: number;
  /** 502, 503, 504 in a row; default off. */
  readonly consecutiveGatewayErrors?: number;
  /** In a row; 0: off. Default: 5. */
  readonly consecutive5xxErrors?: number;
  /** Between the sweeps that take endpoints back. Default: 10s. */
  readonly interval?: string;
  /** Grows with each further ejection. Default: 30s. */
  readonly baseEjectionTime?: string;
  /** A cluster of fewer than ten endpoints needs more, or none is ejected. Default: 10. */
  readonly maxEjectionPercent?: number;
  /** Below it all endpoints are picked from; 0: never. Default: 0. */
  readonly minHealthPercent?: number;
  /** Statuses that count as errors, in place of 5xx. */
  readonly outlierDetectionHttpErrorCodes?: readonly number[];
}

export interface DestinationRuleTrafficPolicyTls {
  /** Left out with the whole block: mesh identity with every endpoint that registered for it. */
  readonly mode?: 'DISABLE' | 'SIMPLE' | 'MUTUAL' | 'ISTIO_MUTUAL';
  /** Path of a PEM file on the workload. */
  readonly clientCertificate?: string;
  /** Path of a PEM file on the workload. */
  readonly privateKey?: string;
  /** Path of a PEM file on the workload; left out: the system's roots. */
  readonly caCertificates?: string;
  /**
   * A folder with tls.crt, tls.key and ca.crt in the folder `HEDDLE_CREDENTIALS_DIR` of the workload, as
   * Kubernetes mounts secrets.
   */
  readonly credentialName?: string;
  /** The peer must prove one of them. */
  readonly subjectAltNames?: readonly string[];
  /** Sent as written; left out: none, and for the mesh a name made of port, subset and host. */
  readonly sni?: string;
  /** SIMPLE and MUTUAL only: whoever answers is believed. */
  readonly insecureSkipVerify?: boolean;
  /** Path of a PEM file on the workload: certificates that are revoked. */
  readonly caCrl?: string;
}

export interface DestinationRuleTrafficPolicyPortLevelSetting {
  readonly port?: DestinationRuleTrafficPolicyPortLevelSettingPort;
  /** Which endpoint takes a call. */
  readonly loadBalancer?: DestinationRuleTrafficPolicyLoadBalancer;
  /** Limits of calls and connections. */
  readonly connectionPool?: DestinationRuleTrafficPolicyConnectionPool;
  /** Takes endpoints out of picking, each process for itself. */
  readonly outlierDetection?: DestinationRuleTrafficPolicyOutlierDetection;
  /** Of connections to endpoints. */
  readonly tls?: DestinationRuleTrafficPolicyTls;
}

export interface DestinationRuleTrafficPolicyPortLevelSettingPort {
  /** Of the service. */
  readonly number?: number;
}

export interface DestinationRuleTrafficPolicyTunnel {
  /** CONNECT or POST. Default: CONNECT. */
  readonly protocol?: string;
  /** For which the proxy is asked; it looks the name up. */
  readonly targetHost?: string;
  /** For which the proxy is asked. */
  readonly targetPort?: number;
}

export interface DestinationRuleTrafficPolicyProxyProtocol {
  /** V1 or V2, at the start of each connection. Default: V1. */
  readonly version?: 'V1' | 'V2';
}

export interface DestinationRuleTrafficPolicyRetryBudget {
  /** Of active requests that may be retries. Default: 20. */
  readonly percent?: number;
  /** Retries that are always allowed at once. Default: 3. */
  readonly minRetryConcurrency?: number;
  /** Refused: calls in flight are counted, not those of an interval. */
  readonly budgetInterval?: string;
}

export interface DestinationRuleSubset {
  /** That routes use. */
  readonly name: string;
  /** All of them on the endpoint. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Over that of the host, block by block. */
  readonly trafficPolicy?: DestinationRuleTrafficPolicy;
}

export interface DestinationRuleWorkloadSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
}
