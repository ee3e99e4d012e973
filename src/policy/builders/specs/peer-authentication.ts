// Made from the schemas of policy by `node scripts/docs.mjs --write`; a change here would be lost.

/** What a PeerAuthentication says. */
export interface PeerAuthenticationSpec {
  /** Of workloads in its own namespace. */
  readonly selector?: PeerAuthenticationSelector;
  /** For all ports. */
  readonly mtls?: PeerAuthenticationMtls;
  /** By the port that the workload listens on. */
  readonly portLevelMtls?: Readonly<Record<string, PeerAuthenticationMtls>>;
}

export interface PeerAuthenticationSelector {
  /** All of them on the workload. */
  readonly matchLabels?: Readonly<Record<string, string>>;
}

export interface PeerAuthenticationMtls {
  /** Workload over namespace over mesh (`istio-system`). Default: PERMISSIVE. */
  readonly mode?: 'UNSET' | 'DISABLE' | 'PERMISSIVE' | 'STRICT';
}
