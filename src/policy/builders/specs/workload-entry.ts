// Made from the schemas of policy by `node scripts/docs.mjs --write`; a change here would be lost.

/** What a WorkloadEntry says. */
export interface WorkloadEntrySpec {
  /** IP address, name or `unix://` path. */
  readonly address?: string;
  /** By the name of the service's port; left out: its target port. */
  readonly ports?: Readonly<Record<string, number>>;
  /** For the `workloadSelector` of ServiceEntries and for subsets. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Partly: told as HDL0006, without effect: there is one network. */
  readonly network?: string;
  /** `region/zone/sub-zone`, for the load balancer. */
  readonly locality?: string;
  /** Share among the endpoints of a service. Default: 1. */
  readonly weight?: number;
  /** The identity that it must prove. */
  readonly serviceAccount?: string;
}
