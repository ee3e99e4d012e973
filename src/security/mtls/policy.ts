/** PeerAuthentication: how a port is to be called. @source Istio `security/v1beta1/peer_authentication.proto` */

/** `UNSET` inherits: port from workload, workload from namespace, namespace from mesh, and in the end PERMISSIVE. */
export type MtlsModeSpec = 'UNSET' | 'DISABLE' | 'PERMISSIVE' | 'STRICT';

export interface MutualTlsSpec {
  readonly mode?: MtlsModeSpec | undefined;
}

export interface PeerAuthenticationSpec {
  /** Absent: the whole namespace; absent in the root namespace: the whole mesh. */
  readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> | undefined } | undefined;
  readonly mtls?: MutualTlsSpec | undefined;
  /** By the port that the workload listens on. Needs a selector. */
  readonly portLevelMtls?: Readonly<Record<string, MutualTlsSpec>> | undefined;
}

export type MtlsMode = Exclude<MtlsModeSpec, 'UNSET'>;

/** The mode of a workload, and of those of its ports that have their own. */
export interface EffectiveMtls {
  readonly mode: MtlsMode;
  readonly ports: Readonly<Record<string, MtlsMode>>;
}
