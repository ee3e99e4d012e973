// Made from the schemas of policy by `node scripts/docs.mjs --write`; a change here would be lost.

/** What a ServiceEntry says. */
export interface ServiceEntrySpec {
  /** Full names, or `*.` names without look-up. */
  readonly hosts?: readonly string[];
  /** Partly: checked; calls are told apart by host. */
  readonly addresses?: readonly string[];
  /** That it serves. */
  readonly ports?: readonly ServiceEntryPort[];
  /** Endpoints of MESH_INTERNAL can have mesh identity. Default: MESH_EXTERNAL. */
  readonly location?: 'MESH_EXTERNAL' | 'MESH_INTERNAL';
  /**
   * Partly: NONE, STATIC, DNS, DNS_ROUND_ROBIN, DYNAMIC_DNS: with DNS there is an endpoint for each address
   * of a name, looked up again when the answer expires; else names are looked up when connecting, with NONE
   * and DYNAMIC_DNS that of the host itself. Default: NONE.
   */
  readonly resolution?: 'NONE' | 'STATIC' | 'DNS' | 'DNS_ROUND_ROBIN' | 'DYNAMIC_DNS';
  /** Beside those that register. */
  readonly endpoints?: readonly ServiceEntryEndpoint[];
  /** Its endpoints are the WorkloadEntries and workloads of its namespace with these labels. */
  readonly workloadSelector?: ServiceEntryWorkloadSelector;
  /** `.`, `*`, `~` or names of namespaces: who may see it. Default: *. */
  readonly exportTo?: readonly string[];
  /** That TLS peers must prove. */
  readonly subjectAltNames?: readonly string[];
}

export interface ServiceEntryPort {
  /** That is called. */
  readonly number: number;
  /** Partly: calls are made to HTTP ports; others are known by name only. */
  readonly protocol?: string;
  /** That endpoints use for their own ports. */
  readonly name?: string;
  /** Of the endpoints, where it differs. */
  readonly targetPort?: number;
}

export interface ServiceEntryEndpoint {
  /** Partly: IP address, name or `unix://` path, as the resolution allows. */
  readonly address?: string;
  /** By name, where they differ. */
  readonly ports?: Readonly<Record<string, number>>;
  /** For subsets; `security.istio.io/tlsMode: istio` says that it takes mutual TLS. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Partly: told as HDL0006, without effect: there is one network. */
  readonly network?: string;
  /** `region/zone/sub-zone`, for the load balancer. */
  readonly locality?: string;
  /** Share among the endpoints. Default: 1. */
  readonly weight?: number;
  /** The identity that it must prove. */
  readonly serviceAccount?: string;
}

export interface ServiceEntryWorkloadSelector {
  readonly labels?: Readonly<Record<string, string>>;
}
