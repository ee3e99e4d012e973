// Made from the schemas of policy by `node scripts/docs.mjs --write`; a change here would be lost.

/** What a Sidecar says. */
export interface SidecarSpec {
  /**
   * Of workloads in its own namespace; without one it is for all of them; in `istio-system` for all of the
   * mesh.
   */
  readonly workloadSelector?: SidecarWorkloadSelector;
  readonly ingress?: readonly SidecarIngress[];
  readonly egress?: readonly SidecarEgress[];
  /**
   * Partly: told as HDL0006, without effect: on the way in calls are limited, connections are the server's
   * own.
   */
  readonly inboundConnectionPool?: SidecarIngressConnectionPool;
  readonly outboundTrafficPolicy?: SidecarOutboundTrafficPolicy;
}

export interface SidecarWorkloadSelector {
  readonly labels?: Readonly<Record<string, string>>;
}

export interface SidecarIngress {
  /** The port of the process that the limits are for. */
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
  /** The port of the process that the limits are for. */
  readonly number?: number;
  /** The port of the process that the limits are for. */
  readonly protocol?: string;
  /** The port of the process that the limits are for. */
  readonly name?: string;
  /** Partly: an error, as in Istio. */
  readonly targetPort?: number;
}

export interface SidecarIngressTls {
  /** Refused: a port is served with the identity of the mesh; end other TLS in the program itself. */
  readonly httpsRedirect?: boolean;
  /** Refused: a port is served with the identity of the mesh; end other TLS in the program itself. */
  readonly mode?:
    | 'PASSTHROUGH'
    | 'SIMPLE'
    | 'MUTUAL'
    | 'AUTO_PASSTHROUGH'
    | 'ISTIO_MUTUAL'
    | 'OPTIONAL_MUTUAL';
  /** Refused: a port is served with the identity of the mesh; end other TLS in the program itself. */
  readonly serverCertificate?: string;
  /** Refused: a port is served with the identity of the mesh; end other TLS in the program itself. */
  readonly privateKey?: string;
  /** Refused: a port is served with the identity of the mesh; end other TLS in the program itself. */
  readonly caCertificates?: string;
  /** Refused: a port is served with the identity of the mesh; end other TLS in the program itself. */
  readonly caCrl?: string;
  /** Refused: a port is served with the identity of the mesh; end other TLS in the program itself. */
  readonly credentialName?: string;
  readonly credentialNames?: readonly string[];
  /** Refused: a port is served with the identity of the mesh; end other TLS in the program itself. */
  readonly caCertCredentialName?: string;
  readonly tlsCertificates?: readonly SidecarIngressTlsTlsCertificate[];
  readonly subjectAltNames?: readonly string[];
  readonly verifyCertificateSpki?: readonly string[];
  readonly verifyCertificateHash?: readonly string[];
  /** Refused: a port is served with the identity of the mesh; end other TLS in the program itself. */
  readonly minProtocolVersion?: 'TLS_AUTO' | 'TLSV1_0' | 'TLSV1_1' | 'TLSV1_2' | 'TLSV1_3';
  /** Refused: a port is served with the identity of the mesh; end other TLS in the program itself. */
  readonly maxProtocolVersion?: 'TLS_AUTO' | 'TLSV1_0' | 'TLSV1_1' | 'TLSV1_2' | 'TLSV1_3';
  readonly cipherSuites?: readonly string[];
  readonly ecdhCurves?: readonly string[];
  /** Refused: a port is served with the identity of the mesh; end other TLS in the program itself. */
  readonly insecureSkipVerify?: boolean;
}

export interface SidecarIngressTlsTlsCertificate {
  /** Refused: a port is served with the identity of the mesh; end other TLS in the program itself. */
  readonly serverCertificate?: string;
  /** Refused: a port is served with the identity of the mesh; end other TLS in the program itself. */
  readonly privateKey?: string;
  /** Refused: a port is served with the identity of the mesh; end other TLS in the program itself. */
  readonly caCertificates?: string;
}

export interface SidecarIngressConnectionPool {
  readonly tcp?: SidecarIngressConnectionPoolTcp;
  readonly http?: SidecarIngressConnectionPoolHttp;
}

export interface SidecarIngressConnectionPoolTcp {
  /**
   * Partly: told as HDL0006, without effect: on the way in calls are limited, connections are the server's
   * own.
   */
  readonly maxConnections?: number;
  /**
   * Partly: told as HDL0006, without effect: on the way in calls are limited, connections are the server's
   * own.
   */
  readonly connectTimeout?: string;
  readonly tcpKeepalive?: SidecarIngressConnectionPoolTcpTcpKeepalive;
  /**
   * Partly: told as HDL0006, without effect: on the way in calls are limited, connections are the server's
   * own.
   */
  readonly maxConnectionDuration?: string;
  /**
   * Partly: told as HDL0006, without effect: on the way in calls are limited, connections are the server's
   * own.
   */
  readonly idleTimeout?: string;
}

export interface SidecarIngressConnectionPoolTcpTcpKeepalive {
  /**
   * Partly: told as HDL0006, without effect: on the way in calls are limited, connections are the server's
   * own.
   */
  readonly probes?: number;
  /**
   * Partly: told as HDL0006, without effect: on the way in calls are limited, connections are the server's
   * own.
   */
  readonly time?: string;
  /**
   * Partly: told as HDL0006, without effect: on the way in calls are limited, connections are the server's
   * own.
   */
  readonly interval?: string;
}

export interface SidecarIngressConnectionPoolHttp {
  /** Exchanges that wait, for this port. */
  readonly http1MaxPendingRequests?: number;
  /** Exchanges that are served at once, for this port; HTTP/1.1 too. */
  readonly http2MaxRequests?: number;
  /**
   * Partly: told as HDL0006, without effect: on the way in calls are limited, connections are the server's
   * own.
   */
  readonly maxRequestsPerConnection?: number;
  /**
   * Partly: told as HDL0006, without effect: on the way in calls are limited, connections are the server's
   * own.
   */
  readonly maxRetries?: number;
  /**
   * Partly: told as HDL0006, without effect: on the way in calls are limited, connections are the server's
   * own.
   */
  readonly idleTimeout?: string;
  /**
   * Partly: told as HDL0006, without effect: on the way in calls are limited, connections are the server's
   * own.
   */
  readonly h2UpgradePolicy?: 'DEFAULT' | 'DO_NOT_UPGRADE' | 'UPGRADE';
  /**
   * Partly: told as HDL0006, without effect: on the way in calls are limited, connections are the server's
   * own.
   */
  readonly useClientProtocol?: boolean;
  /**
   * Partly: told as HDL0006, without effect: on the way in calls are limited, connections are the server's
   * own.
   */
  readonly maxConcurrentStreams?: number;
  readonly http2KeepAlive?: SidecarIngressConnectionPoolHttpHttp2KeepAlive;
}

export interface SidecarIngressConnectionPoolHttpHttp2KeepAlive {
  /**
   * Partly: told as HDL0006, without effect: on the way in calls are limited, connections are the server's
   * own.
   */
  readonly interval?: string;
  /**
   * Partly: told as HDL0006, without effect: on the way in calls are limited, connections are the server's
   * own.
   */
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
  /** The service that calls to unknown hosts go to. */
  readonly host: string;
  /** The service that calls to unknown hosts go to. */
  readonly subset?: string;
  readonly port?: SidecarOutboundTrafficPolicyEgressProxyPort;
}

export interface SidecarOutboundTrafficPolicyEgressProxyPort {
  /** The service that calls to unknown hosts go to. */
  readonly number: number;
}
