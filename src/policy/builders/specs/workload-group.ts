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
  /**
   * Partly: checked, and told as HDL0006: without effect, since processes register with their services by
   * themselves.
   */
  readonly address?: string;
  readonly ports?: Readonly<Record<string, number>>;
  readonly labels?: Readonly<Record<string, string>>;
  /**
   * Partly: checked, and told as HDL0006: without effect, since processes register with their services by
   * themselves.
   */
  readonly network?: string;
  /**
   * Partly: checked, and told as HDL0006: without effect, since processes register with their services by
   * themselves.
   */
  readonly locality?: string;
  /**
   * Partly: checked, and told as HDL0006: without effect, since processes register with their services by
   * themselves.
   */
  readonly weight?: number;
  /**
   * Partly: checked, and told as HDL0006: without effect, since processes register with their services by
   * themselves.
   */
  readonly serviceAccount?: string;
}

export interface WorkloadGroupProbe {
  /**
   * Partly: checked, and told as HDL0006: without effect, since processes register with their services by
   * themselves.
   */
  readonly initialDelaySeconds?: number;
  /**
   * Partly: checked, and told as HDL0006: without effect, since processes register with their services by
   * themselves.
   */
  readonly timeoutSeconds?: number;
  /**
   * Partly: checked, and told as HDL0006: without effect, since processes register with their services by
   * themselves.
   */
  readonly periodSeconds?: number;
  /**
   * Partly: checked, and told as HDL0006: without effect, since processes register with their services by
   * themselves.
   */
  readonly successThreshold?: number;
  /**
   * Partly: checked, and told as HDL0006: without effect, since processes register with their services by
   * themselves.
   */
  readonly failureThreshold?: number;
  readonly httpGet?: WorkloadGroupProbeHttpGet;
  readonly tcpSocket?: WorkloadGroupProbeTcpSocket;
  readonly exec?: WorkloadGroupProbeExec;
  /** Partly: an error, as in Istio. */
  readonly grpc?: WorkloadGroupProbeGrpc;
}

export interface WorkloadGroupProbeHttpGet {
  /**
   * Partly: checked, and told as HDL0006: without effect, since processes register with their services by
   * themselves.
   */
  readonly path?: string;
  /**
   * Partly: checked, and told as HDL0006: without effect, since processes register with their services by
   * themselves.
   */
  readonly port?: number;
  /**
   * Partly: checked, and told as HDL0006: without effect, since processes register with their services by
   * themselves.
   */
  readonly host?: string;
  /**
   * Partly: checked, and told as HDL0006: without effect, since processes register with their services by
   * themselves.
   */
  readonly scheme?: string;
  readonly httpHeaders?: readonly WorkloadGroupProbeHttpGetHttpHeader[];
}

export interface WorkloadGroupProbeHttpGetHttpHeader {
  /**
   * Partly: checked, and told as HDL0006: without effect, since processes register with their services by
   * themselves.
   */
  readonly name?: string;
  /**
   * Partly: checked, and told as HDL0006: without effect, since processes register with their services by
   * themselves.
   */
  readonly value?: string;
}

export interface WorkloadGroupProbeTcpSocket {
  /**
   * Partly: checked, and told as HDL0006: without effect, since processes register with their services by
   * themselves.
   */
  readonly host?: string;
  /**
   * Partly: checked, and told as HDL0006: without effect, since processes register with their services by
   * themselves.
   */
  readonly port?: number;
}

export interface WorkloadGroupProbeExec {
  readonly command?: readonly string[];
}

export interface WorkloadGroupProbeGrpc {
  /** Partly: an error, as in Istio. */
  readonly port?: number;
  /** Partly: an error, as in Istio. */
  readonly service?: string;
}
