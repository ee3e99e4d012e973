// Made from the schemas of policy by `node scripts/docs.mjs --write`; a change here would be lost.

/** What a Service says. */
export interface ServiceSpec {
  /** Partly: `ExternalName` makes it another name of a service; all other types are the same here. */
  readonly type?: string;
  /** In full, what it is another name of: a Service, or the host of a ServiceEntry. */
  readonly externalName?: string;
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
