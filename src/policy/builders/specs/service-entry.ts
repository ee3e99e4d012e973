// Made from the schemas of policy by `node scripts/docs.mjs --write`; a change here would be lost.

/** What a ServiceEntry says. */
export interface ServiceEntrySpec {
  /** Full names, or `*.` names without look-up. */
  readonly hosts?: readonly string[];
  /** Partly: checked; calls are told apart by host. */
  readonly addresses?: readonly string[];
  /** Partly: calls are made to HTTP ports; others are known by name only. */
  readonly ports?: readonly ServiceEntryPort[];
  /** MESH_INTERNAL endpoints can have mesh identity. */
  readonly location?: 'MESH_EXTERNAL' | 'MESH_INTERNAL';
  /**
   * Partly: NONE, STATIC, DNS, DNS_ROUND_ROBIN: names are looked up when connecting, with NONE that of the
   * host itself; DYNAMIC_DNS is refused.
   */
  readonly resolution?: 'NONE' | 'STATIC' | 'DNS' | 'DNS_ROUND_ROBIN' | 'DYNAMIC_DNS';
  /** Beside those that register. */
  readonly endpoints?: readonly ServiceEntryEndpoint[];
  /** Refused: workloads register with their service by themselves. */
  readonly workloadSelector?: ServiceEntryWorkloadSelector;
  /** `.`, `*`, `~` or names of namespaces. */
  readonly exportTo?: readonly string[];
  /** That TLS peers must prove. */
  readonly subjectAltNames?: readonly string[];
}

export interface ServiceEntryPort {
  /** Partly: calls are made to HTTP ports; others are known by name only. */
  readonly number: number;
  /** Partly: calls are made to HTTP ports; others are known by name only. */
  readonly protocol?: string;
  /** Partly: calls are made to HTTP ports; others are known by name only. */
  readonly name?: string;
  /** Partly: calls are made to HTTP ports; others are known by name only. */
  readonly targetPort?: number;
}

export interface ServiceEntryEndpoint {
  /** Partly: IP address or name; `unix://` is refused. */
  readonly address?: string;
  readonly ports?: Readonly<Record<string, number>>;
  /** `security.istio.io/tlsMode: istio` says that it takes mutual TLS. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Partly: accepted, told as HDL0006; there is one network. */
  readonly network?: string;
  /** Partly: carried along; balancing does not read it yet. */
  readonly locality?: string;
  /** Beside those that register. */
  readonly weight?: number;
  /** The identity that it must prove. */
  readonly serviceAccount?: string;
}

export interface ServiceEntryWorkloadSelector {
  readonly labels?: Readonly<Record<string, string>>;
}
