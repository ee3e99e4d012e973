// Made from the schemas of policy by `node scripts/docs.mjs --write`; a change here would be lost.

/** What a Service says. */
export interface ServiceSpec {
  /** Name, number and protocol (by `appProtocol`, else by the prefix of the name) of an HTTP service. */
  readonly ports?: readonly ServicePort[];
  readonly [field: string]: unknown;
}

export interface ServicePort {
  /** Name, number and protocol (by `appProtocol`, else by the prefix of the name) of an HTTP service. */
  readonly port: number;
  /** Name, number and protocol (by `appProtocol`, else by the prefix of the name) of an HTTP service. */
  readonly name?: string;
  /** Name, number and protocol (by `appProtocol`, else by the prefix of the name) of an HTTP service. */
  readonly appProtocol?: string;
  /** Partly: UDP and SCTP ports are left out. */
  readonly protocol?: string;
  /** Partly: numbers; endpoints that register bring their own port. */
  readonly targetPort?: number | string;
  readonly [field: string]: unknown;
}
