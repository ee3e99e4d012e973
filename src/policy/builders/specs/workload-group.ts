// Made from the schemas of policy by `node scripts/docs.mjs --write`; a change here would be lost.

/** What a WorkloadGroup says. */
export interface WorkloadGroupSpec {
  /**
   * Partly: checked, and told as HDL0006: without effect, since processes register with their services by
   * themselves.
   */
  readonly metadata?: WorkloadGroupMetadata;
  /**
   * Partly: checked, and told as HDL0006: without effect, since processes register with their services by
   * themselves.
   */
  readonly template?: WorkloadGroupTemplate;
  /**
   * Partly: checked, and told as HDL0006: without effect, since processes register with their services by
   * themselves.
   */
  readonly probe?: WorkloadGroupProbe;
}

export interface WorkloadGroupMetadata {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface WorkloadGroupTemplate {
  readonly address?: string;
  readonly ports?: Readonly<Record<string, number>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly network?: string;
  readonly locality?: string;
  readonly weight?: number;
  readonly serviceAccount?: string;
}

export interface WorkloadGroupProbe {
  readonly initialDelaySeconds?: number;
  readonly timeoutSeconds?: number;
  readonly periodSeconds?: number;
  readonly successThreshold?: number;
  readonly failureThreshold?: number;
  readonly httpGet?: WorkloadGroupProbeHttpGet;
  readonly tcpSocket?: WorkloadGroupProbeTcpSocket;
  readonly exec?: WorkloadGroupProbeExec;
  /** Partly: an error, as in Istio. */
  readonly grpc?: WorkloadGroupProbeGrpc;
}

export interface WorkloadGroupProbeHttpGet {
  readonly path?: string;
  readonly port?: number;
  readonly host?: string;
  readonly scheme?: string;
  readonly httpHeaders?: readonly WorkloadGroupProbeHttpGetHttpHeader[];
}

export interface WorkloadGroupProbeHttpGetHttpHeader {
  readonly name?: string;
  readonly value?: string;
}

export interface WorkloadGroupProbeTcpSocket {
  readonly host?: string;
  readonly port?: number;
}

export interface WorkloadGroupProbeExec {
  readonly command?: readonly string[];
}

export interface WorkloadGroupProbeGrpc {
  readonly port?: number;
  readonly service?: string;
}
