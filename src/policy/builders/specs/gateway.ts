// Made from the schemas of policy by `node scripts/docs.mjs --write`; a change here would be lost.

/** What a Gateway says. */
export interface GatewaySpec {
  /** Partly: checked; there is no gateway process yet that listens on it. */
  readonly servers?: readonly GatewayServer[];
  /** Partly: checked; there is no gateway process yet to select. */
  readonly selector?: Readonly<Record<string, string>>;
}

export interface GatewayServer {
  /** A label for people. */
  readonly name?: string;
  /** Each server has one; `analyze` finds those that conflict. */
  readonly port?: GatewayServerPort;
  /** Partly: checked; there is no gateway process yet that listens on it. */
  readonly bind?: string;
  /**
   * Which hosts VirtualServices may have here: for `analyze`, and for `explain` with the caller as gateway.
   */
  readonly hosts?: readonly string[];
  /** Partly: checked; there is no gateway process yet that listens on it. */
  readonly tls?: GatewayServerTls;
  /** Partly: checked; there is no gateway process yet that listens on it. */
  readonly defaultEndpoint?: string;
}

export interface GatewayServerPort {
  readonly number?: number;
  readonly protocol?: string;
  readonly name?: string;
  /** Partly: an error, as in Istio. */
  readonly targetPort?: number;
}

export interface GatewayServerTls {
  /** Partly: `explain` with the caller as gateway sends calls over HTTP to HTTPS; nothing listens yet. */
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
  readonly tlsCertificates?: readonly GatewayServerTlsTlsCertificate[];
  readonly subjectAltNames?: readonly string[];
  readonly verifyCertificateSpki?: readonly string[];
  readonly verifyCertificateHash?: readonly string[];
  readonly minProtocolVersion?: 'TLS_AUTO' | 'TLSV1_0' | 'TLSV1_1' | 'TLSV1_2' | 'TLSV1_3';
  readonly maxProtocolVersion?: 'TLS_AUTO' | 'TLSV1_0' | 'TLSV1_1' | 'TLSV1_2' | 'TLSV1_3';
  readonly cipherSuites?: readonly string[];
  readonly ecdhCurves?: readonly string[];
  readonly insecureSkipVerify?: boolean;
}

export interface GatewayServerTlsTlsCertificate {
  readonly serverCertificate?: string;
  readonly privateKey?: string;
  readonly caCertificates?: string;
}
