/**
 * Where a connection goes that is not HTTP as we see it: a rule of a VirtualService's `tls[]` or `tcp[]`, resolved for one workload.
 * Conditions on the caller (labels, namespace, gateways) were applied then.
 * @source Istio `pilot/pkg/networking/core/tls.go`; spec traffic.md §3
 */

/** All of these must hold; of a list one entry must. An absent condition always holds. */
export interface ConnectionMatch {
  /** For `tls[]`: names that the client asks for; `*.` may begin them. Lower case. */
  readonly sniHosts?: readonly string[];
  /** Addresses or CIDR blocks of the destination, as the caller addressed it. */
  readonly destinationSubnets?: readonly string[];
  /** The port that the caller addressed. */
  readonly port?: number;
}

export interface ConnectionDestination {
  /** Cluster name, `outbound|PORT|SUBSET|HOST`. A PORT of 0 stands for the port that the caller addressed. */
  readonly cluster: string;
  /** Share among the rule's destinations; they need not add up to 100. */
  readonly weight: number;
}

/** One for each rule and match, in the order in which they are tried. */
export interface EffectiveConnectionRoute {
  /** Place of the rule in `tls[]` or `tcp[]`. */
  readonly index: number;
  /** `ns/name` of the VirtualService of the rule, where it is not the one that the host names. For people. */
  readonly virtualService?: string;
  /** Absent: every connection. */
  readonly match?: ConnectionMatch;
  readonly destinations: readonly ConnectionDestination[];
}
