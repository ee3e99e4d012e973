// Made from the schemas of policy by `node scripts/docs.mjs --write`; a change here would be lost.

/** What a DestinationRule says. */
export interface DestinationRuleSpec {
  /** The most specific rule, of the caller's namespace, then the service's, then the root's. */
  readonly host: string;
  readonly trafficPolicy?: DestinationRuleTrafficPolicy;
  /** Endpoints with all of these labels. */
  readonly subsets?: readonly DestinationRuleSubset[];
  /** `.`, `*` or names of namespaces. */
  readonly exportTo?: readonly string[];
  /** Which callers it is for, in its own namespace. */
  readonly workloadSelector?: DestinationRuleWorkloadSelector;
}

export interface DestinationRuleTrafficPolicy {
  readonly loadBalancer?: DestinationRuleTrafficPolicyLoadBalancer;
  readonly connectionPool?: DestinationRuleTrafficPolicyConnectionPool;
  /** Per endpoint and process. */
  readonly outlierDetection?: DestinationRuleTrafficPolicyOutlierDetection;
  readonly tls?: DestinationRuleTrafficPolicyTls;
  /** Replaces the blocks above, as a whole, for one port. */
  readonly portLevelSettings?: readonly DestinationRuleTrafficPolicyPortLevelSetting[];
  /** Refused: not there yet. */
  readonly tunnel?: DestinationRuleTrafficPolicyTunnel;
  /** Refused: not there yet. */
  readonly proxyProtocol?: DestinationRuleTrafficPolicyProxyProtocol;
  /** Share of active requests; default 20 %, at least 3 at once. */
  readonly retryBudget?: DestinationRuleTrafficPolicyRetryBudget;
}

export interface DestinationRuleTrafficPolicyLoadBalancer {
  /** Partly: LEAST_REQUEST (default, two choices), ROUND_ROBIN, RANDOM; PASSTHROUGH is refused. */
  readonly simple?: 'UNSPECIFIED' | 'LEAST_CONN' | 'LEAST_REQUEST' | 'RANDOM' | 'ROUND_ROBIN' | 'PASSTHROUGH';
  /** Ring or Maglev; at random where nothing is named to hash. */
  readonly consistentHash?: DestinationRuleTrafficPolicyLoadBalancerConsistentHash;
  /** Refused: endpoints report no load yet. */
  readonly backendUtilization?: DestinationRuleTrafficPolicyLoadBalancerBackendUtilization;
  /** Refused: locality is not there yet. */
  readonly localityLbSetting?: DestinationRuleTrafficPolicyLoadBalancerLocalityLbSetting;
  /** Refused: locality is not there yet. */
  readonly zoneAwareLbSetting?: DestinationRuleTrafficPolicyLoadBalancerZoneAwareLbSetting;
  /** Slow start, for LEAST_REQUEST and ROUND_ROBIN. */
  readonly warmup?: DestinationRuleTrafficPolicyLoadBalancerWarmup;
  /** Deprecated. */
  readonly warmupDurationSecs?: string;
}

export interface DestinationRuleTrafficPolicyLoadBalancerConsistentHash {
  /** Ring or Maglev; at random where nothing is named to hash. */
  readonly httpHeaderName?: string;
  /** Partly: the caller's cookie is read; none is made for a caller without one. */
  readonly httpCookie?: DestinationRuleTrafficPolicyLoadBalancerConsistentHashHttpCookie;
  /** Of the exchange being served. */
  readonly useSourceIp?: boolean;
  /** Ring or Maglev; at random where nothing is named to hash. */
  readonly httpQueryParameterName?: string;
  readonly ringHash?: DestinationRuleTrafficPolicyLoadBalancerConsistentHashRingHash;
  readonly maglev?: DestinationRuleTrafficPolicyLoadBalancerConsistentHashMaglev;
  /** Deprecated. */
  readonly minimumRingSize?: number;
}

export interface DestinationRuleTrafficPolicyLoadBalancerConsistentHashHttpCookie {
  /** Partly: the caller's cookie is read; none is made for a caller without one. */
  readonly name?: string;
  /** Partly: the caller's cookie is read; none is made for a caller without one. */
  readonly path?: string;
  /** Partly: the caller's cookie is read; none is made for a caller without one. */
  readonly ttl?: string;
  /** Refused: no cookie is made. */
  readonly attributes?: readonly DestinationRuleTrafficPolicyLoadBalancerConsistentHashHttpCookieAttribute[];
}

export interface DestinationRuleTrafficPolicyLoadBalancerConsistentHashHttpCookieAttribute {
  /** Refused: no cookie is made. */
  readonly name?: string;
  /** Refused: no cookie is made. */
  readonly value?: string;
}

export interface DestinationRuleTrafficPolicyLoadBalancerConsistentHashRingHash {
  /** Ring or Maglev; at random where nothing is named to hash. */
  readonly minimumRingSize?: number;
}

export interface DestinationRuleTrafficPolicyLoadBalancerConsistentHashMaglev {
  /** Ring or Maglev; at random where nothing is named to hash. */
  readonly tableSize?: number;
}

export interface DestinationRuleTrafficPolicyLoadBalancerBackendUtilization {
  /** Refused: endpoints report no load yet. */
  readonly errorUtilizationPenaltyPercent?: number;
  readonly metricNamesForComputingUtilization?: readonly string[];
  /** Refused: endpoints report no load yet. */
  readonly weightExpirationPeriod?: string;
  /** Refused: endpoints report no load yet. */
  readonly weightStabilizationPeriod?: string;
  /** Refused: endpoints report no load yet. */
  readonly weightUpdatePeriod?: string;
}

export interface DestinationRuleTrafficPolicyLoadBalancerLocalityLbSetting {
  readonly distribute?: readonly DestinationRuleTrafficPolicyLoadBalancerLocalityLbSettingDistribute[];
  readonly failover?: readonly DestinationRuleTrafficPolicyLoadBalancerLocalityLbSettingFailover[];
  readonly failoverPriority?: readonly string[];
  /** Refused: locality is not there yet. */
  readonly enabled?: boolean;
}

export interface DestinationRuleTrafficPolicyLoadBalancerLocalityLbSettingDistribute {
  /** Refused: locality is not there yet. */
  readonly from?: string;
  readonly to?: Readonly<Record<string, number>>;
}

export interface DestinationRuleTrafficPolicyLoadBalancerLocalityLbSettingFailover {
  /** Refused: locality is not there yet. */
  readonly from?: string;
  /** Refused: locality is not there yet. */
  readonly to?: string;
}

export interface DestinationRuleTrafficPolicyLoadBalancerZoneAwareLbSetting {
  readonly failover?: readonly DestinationRuleTrafficPolicyLoadBalancerLocalityLbSettingFailover[];
  readonly failoverPriority?: readonly string[];
  /** Refused: locality is not there yet. */
  readonly enabled?: boolean;
  /** Refused: locality is not there yet. */
  readonly minClusterSize?: number;
}

export interface DestinationRuleTrafficPolicyLoadBalancerWarmup {
  /** Slow start, for LEAST_REQUEST and ROUND_ROBIN. */
  readonly duration?: string;
  /** Slow start, for LEAST_REQUEST and ROUND_ROBIN. */
  readonly minimumPercent?: number;
  /** Slow start, for LEAST_REQUEST and ROUND_ROBIN. */
  readonly aggression?: number;
}

export interface DestinationRuleTrafficPolicyConnectionPool {
  readonly tcp?: DestinationRuleTrafficPolicyConnectionPoolTcp;
  readonly http?: DestinationRuleTrafficPolicyConnectionPoolHttp;
}

export interface DestinationRuleTrafficPolicyConnectionPoolTcp {
  /** Of each endpoint, in each process. */
  readonly maxConnections?: number;
  /** TCP and TLS together; default 10 s. */
  readonly connectTimeout?: string;
  /** Refused: not there yet. */
  readonly tcpKeepalive?: DestinationRuleTrafficPolicyConnectionPoolTcpTcpKeepalive;
  /** Refused: not there yet. */
  readonly maxConnectionDuration?: string;
  /** Where `http.idleTimeout` is absent; 0 s is never. */
  readonly idleTimeout?: string;
}

export interface DestinationRuleTrafficPolicyConnectionPoolTcpTcpKeepalive {
  /** Refused: not there yet. */
  readonly probes?: number;
  /** Refused: not there yet. */
  readonly time?: string;
  /** Refused: not there yet. */
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
  /** Default 1 h; less where the server says so. */
  readonly idleTimeout?: string;
  /** Partly: DEFAULT and DO_NOT_UPGRADE; UPGRADE is refused. */
  readonly h2UpgradePolicy?: 'DEFAULT' | 'DO_NOT_UPGRADE' | 'UPGRADE';
  /** Refused: `false` is accepted. */
  readonly useClientProtocol?: boolean;
  /** Refused: HTTP/2 is not there yet. */
  readonly maxConcurrentStreams?: number;
  /** Refused: HTTP/2 is not there yet. */
  readonly http2KeepAlive?: DestinationRuleTrafficPolicyConnectionPoolHttpHttp2KeepAlive;
}

export interface DestinationRuleTrafficPolicyConnectionPoolHttpHttp2KeepAlive {
  /** Refused: HTTP/2 is not there yet. */
  readonly interval?: string;
  /** Refused: HTTP/2 is not there yet. */
  readonly timeout?: string;
}

export interface DestinationRuleTrafficPolicyOutlierDetection {
  /** Partly: accepted with a warning, without effect, as in Istio. */
  readonly consecutiveErrors?: number;
  /** Per endpoint and process. */
  readonly splitExternalLocalOriginErrors?: boolean;
  /** Per endpoint and process. */
  readonly consecutiveLocalOriginFailures?: number;
  /** Default off. */
  readonly consecutiveGatewayErrors?: number;
  /** Default 5; 0: off. */
  readonly consecutive5xxErrors?: number;
  /** Between the sweeps that take endpoints back; default 10 s. */
  readonly interval?: string;
  /** Grows with each further ejection; default 30 s. */
  readonly baseEjectionTime?: string;
  /** Default 10: a cluster of fewer than ten endpoints needs more, or none is ejected. */
  readonly maxEjectionPercent?: number;
  /** Below it all endpoints are picked from; default 0: never. */
  readonly minHealthPercent?: number;
  /** Refused: not there yet. */
  readonly outlierDetectionHttpErrorCodes?: readonly number[];
}

export interface DestinationRuleTrafficPolicyTls {
  /** Left out: mesh identity with every endpoint that registered for it. */
  readonly mode?: 'DISABLE' | 'SIMPLE' | 'MUTUAL' | 'ISTIO_MUTUAL';
  /** Path of a PEM file on the workload. */
  readonly clientCertificate?: string;
  /** Path of a PEM file on the workload. */
  readonly privateKey?: string;
  /** Path of a PEM file on the workload; left out: the system's roots. */
  readonly caCertificates?: string;
  /** Refused: there is no secret store. */
  readonly credentialName?: string;
  /** The peer must prove one of them. */
  readonly subjectAltNames?: readonly string[];
  /** Sent as written; left out: none, and for the mesh a name made of port, subset and host. */
  readonly sni?: string;
  /** SIMPLE and MUTUAL only. */
  readonly insecureSkipVerify?: boolean;
  /** Refused: not there yet; mesh certificates live an hour instead. */
  readonly caCrl?: string;
}

export interface DestinationRuleTrafficPolicyPortLevelSetting {
  readonly port?: DestinationRuleTrafficPolicyPortLevelSettingPort;
  readonly loadBalancer?: DestinationRuleTrafficPolicyLoadBalancer;
  readonly connectionPool?: DestinationRuleTrafficPolicyConnectionPool;
  readonly outlierDetection?: DestinationRuleTrafficPolicyOutlierDetection;
  readonly tls?: DestinationRuleTrafficPolicyTls;
}

export interface DestinationRuleTrafficPolicyPortLevelSettingPort {
  /** Replaces the blocks above, as a whole, for one port. */
  readonly number?: number;
}

export interface DestinationRuleTrafficPolicyTunnel {
  /** Refused: not there yet. */
  readonly protocol?: string;
  /** Refused: not there yet. */
  readonly targetHost?: string;
  /** Refused: not there yet. */
  readonly targetPort?: number;
}

export interface DestinationRuleTrafficPolicyProxyProtocol {
  /** Refused: not there yet. */
  readonly version?: 'V1' | 'V2';
}

export interface DestinationRuleTrafficPolicyRetryBudget {
  /** Share of active requests; default 20 %, at least 3 at once. */
  readonly percent?: number;
  /** Share of active requests; default 20 %, at least 3 at once. */
  readonly minRetryConcurrency?: number;
  /** Refused: a budget has no memory yet. */
  readonly budgetInterval?: string;
}

export interface DestinationRuleSubset {
  /** Endpoints with all of these labels. */
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly trafficPolicy?: DestinationRuleTrafficPolicy;
}

export interface DestinationRuleWorkloadSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
}
