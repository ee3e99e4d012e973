// Made from the schemas of policy by `node scripts/docs.mjs --write`; a change here would be lost.

/** What a Service says. */
export interface ServiceSpec {
  /** Of the service. */
  readonly ports?: readonly ServicePort[];
  readonly [field: string]: unknown;
}

export interface ServicePort {
  /** That is called. */
  readonly port: number;
  /** Its prefix says the protocol: `http-web`. */
  readonly name?: string;
  /** The protocol, over that of the name. */
  readonly appProtocol?: string;
  /** Partly: UDP and SCTP ports are left out. Default: TCP. */
  readonly protocol?: string;
  /** Partly: numbers; endpoints that register bring their own port. */
  readonly targetPort?: number | string;
  readonly [field: string]: unknown;
}
