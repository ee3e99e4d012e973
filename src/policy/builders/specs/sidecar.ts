// Made from the schemas of policy by `node scripts/docs.mjs --write`; a change here would be lost.

/** What a Sidecar says. */
export interface SidecarSpec {
  /**
   * Of workloads in its own namespace; without one it is for all of them; in `istio-system` for all of the
   * mesh.
   */
  readonly workloadSelector?: SidecarWorkloadSelector;
  /** Ports that the workload serves. */
  readonly ingress?: readonly SidecarIngress[];
  /** What the workload sees of the mesh; left out: all that is exported to it. */
  readonly egress?: readonly SidecarEgress[];
  /**
   * Partly: told as HDL0006, without effect: on the way in calls are limited, connections are the server's
   * own.
   */
  readonly inboundConnectionPool?: SidecarIngressConnectionPool;
  /** What becomes of calls to unknown hosts. */
  readonly outboundTrafficPolicy?: SidecarOutboundTrafficPolicy;
}

export interface SidecarWorkloadSelector {
  readonly labels?: Readonly<Record<string, string>>;
}

export interface SidecarIngress {
  /**
   * Partly: the port that `connectionPool` is for; without one it is told as HDL0006: the program opens its
   * ports itself.
   */
  readonly port?: SidecarIngressPort;
  /**
   * Partly: told as HDL0006, without effect: a process makes its own calls and serves its own ports, and no
   * listener is opened beside them.
   */
  readonly bind?: string;
  /**
   * Partly: told as HDL0006, without effect: a process makes its own calls and serves its own ports, and no
   * listener is opened beside them.
   */
  readonly captureMode?: 'DEFAULT' | 'IPTABLES' | 'NONE';
  /**
   * Partly: told as HDL0006, without effect: a process makes its own calls and serves its own ports, and no
   * listener is opened beside them.
   */
  readonly defaultEndpoint?: string;
  /** Refused: a port is served with the identity of the mesh; end other TLS in the program itself. */
  readonly tls?: SidecarIngressTls;
  /**
   * Partly: told as HDL0006, without effect: on the way in calls are limited, connections are the server's
   * own.
   */
  readonly connectionPool?: SidecarIngressConnectionPool;
}

export interface SidecarIngressPort {
  readonly number?: number;
  readonly protocol?: string;
  readonly name?: string;
  /** Partly: an error, as in Istio. */
  readonly targetPort?: number;
}

export interface SidecarIngressTls {
  readonly httpsRedirect?: boolean;
  readonly mode?:
    | 'PASSTHROUGH'
    | 'SIMPLE'
    | 'MUTUAL'
    | 'AUTO_PASSTHROUGH'
    | 'ISTIO_MUTUAL'
    | 'OPTIONAL_MUTUAL';
  readonly serverCertificate?: string;
  readonly privateKey?: string;
  readonly caCertificates?: string;
  readonly caCrl?: string;
  readonly credentialName?: string;
  readonly credentialNames?: readonly string[];
  readonly caCertCredentialName?: string;
  readonly tlsCertificates?: readonly SidecarIngressTlsTlsCertificate[];
  readonly subjectAltNames?: readonly string[];
  readonly verifyCertificateSpki?: readonly string[];
  readonly verifyCertificateHash?: readonly string[];
  readonly minProtocolVersion?: 'TLS_AUTO' | 'TLSV1_0' | 'TLSV1_1' | 'TLSV1_2' | 'TLSV1_3';
  readonly maxProtocolVersion?: 'TLS_AUTO' | 'TLSV1_0' | 'TLSV1_1' | 'TLSV1_2' | 'TLSV1_3';
  readonly cipherSuites?: readonly string[];
  readonly ecdhCurves?: readonly string[];
  readonly insecureSkipVerify?: boolean;
}

export interface SidecarIngressTlsTlsCertificate {
  readonly serverCertificate?: string;
  readonly privateKey?: string;
  readonly caCertificates?: string;
}

export interface SidecarIngressConnectionPool {
  readonly tcp?: SidecarIngressConnectionPoolTcp;
  readonly http?: SidecarIngressConnectionPoolHttp;
}

export interface SidecarIngressConnectionPoolTcp {
  readonly maxConnections?: number;
  readonly connectTimeout?: string;
  readonly tcpKeepalive?: SidecarIngressConnectionPoolTcpTcpKeepalive;
  readonly maxConnectionDuration?: string;
  readonly idleTimeout?: string;
}

export interface SidecarIngressConnectionPoolTcpTcpKeepalive {
  readonly probes?: number;
  readonly time?: string;
  readonly interval?: string;
}

export interface SidecarIngressConnectionPoolHttp {
  readonly http1MaxPendingRequests?: number;
  /**
   * Most calls at once on this port, else 503 UO; the pool stands whole in place of `inboundConnectionPool`.
   */
  readonly http2MaxRequests?: number;
  readonly maxRequestsPerConnection?: number;
  readonly maxRetries?: number;
  readonly idleTimeout?: string;
  readonly h2UpgradePolicy?: 'DEFAULT' | 'DO_NOT_UPGRADE' | 'UPGRADE';
  readonly useClientProtocol?: boolean;
  readonly maxConcurrentStreams?: number;
  readonly http2KeepAlive?: SidecarIngressConnectionPoolHttpHttp2KeepAlive;
}

export interface SidecarIngressConnectionPoolHttpHttp2KeepAlive {
  readonly interval?: string;
  readonly timeout?: string;
}

export interface SidecarEgress {
  /** The listener is for calls to this port. */
  readonly port?: SidecarIngressPort;
  /**
   * Partly: told as HDL0006, without effect: a process makes its own calls and serves its own ports, and no
   * listener is opened beside them.
   */
  readonly bind?: string;
  /**
   * Partly: told as HDL0006, without effect: a process makes its own calls and serves its own ports, and no
   * listener is opened beside them.
   */
  readonly captureMode?: 'DEFAULT' | 'IPTABLES' | 'NONE';
  /**
   * `namespace/host`, with `.`, `*` and `~`: a workload sees no other services; calls to others are calls to
   * unknown hosts.
   */
  readonly hosts?: readonly string[];
}

export interface SidecarOutboundTrafficPolicy {
  /**
   * Partly: REGISTRY_ONLY, ALLOW_ANY: what becomes of calls to unknown hosts; ALLOW_ANY_DYNAMIC_DNS is an
   * error, as in Istio.
   */
  readonly mode?: 'REGISTRY_ONLY' | 'ALLOW_ANY' | 'ALLOW_ANY_DYNAMIC_DNS';
  /** The service that calls to unknown hosts go to. */
  readonly egressProxy?: SidecarOutboundTrafficPolicyEgressProxy;
}

export interface SidecarOutboundTrafficPolicyEgressProxy {
  readonly host: string;
  readonly subset?: string;
  readonly port?: SidecarOutboundTrafficPolicyEgressProxyPort;
}

export interface SidecarOutboundTrafficPolicyEgressProxyPort {
  readonly number: number;
}
