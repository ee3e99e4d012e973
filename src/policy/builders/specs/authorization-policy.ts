// Made from the schemas of policy by `node scripts/docs.mjs --write`; a change here would be lost.

/** What a AuthorizationPolicy says. */
export interface AuthorizationPolicySpec {
  /** Of workloads in its own namespace; of all in `istio-system`. */
  readonly selector?: AuthorizationPolicySelector;
  /** Partly: accepted with a warning: for gateways and waypoints, never for a workload. */
  readonly targetRef?: AuthorizationPolicyTargetRef;
  /** Partly: as `targetRef`. */
  readonly targetRefs?: readonly AuthorizationPolicyTargetRef[];
  readonly rules?: readonly AuthorizationPolicyRule[];
  /** Partly: ALLOW, DENY, AUDIT; CUSTOM is refused. Dry run by Istio's annotation. */
  readonly action?: 'ALLOW' | 'DENY' | 'AUDIT' | 'CUSTOM';
  /** Refused: only CUSTOM has one. */
  readonly provider?: AuthorizationPolicyProvider;
}

export interface AuthorizationPolicySelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
}

export interface AuthorizationPolicyTargetRef {
  /** Partly: accepted with a warning: for gateways and waypoints, never for a workload. */
  readonly group?: string;
  /** Partly: accepted with a warning: for gateways and waypoints, never for a workload. */
  readonly kind?: string;
  /** Partly: accepted with a warning: for gateways and waypoints, never for a workload. */
  readonly name?: string;
  /** Partly: accepted with a warning: for gateways and waypoints, never for a workload. */
  readonly namespace?: string;
}

export interface AuthorizationPolicyRule {
  readonly from?: readonly AuthorizationPolicyRuleFrom[];
  readonly to?: readonly AuthorizationPolicyRuleTo[];
  /** Partly: all of Istio's keys; those of tokens (`request.auth.*`) match nothing yet. */
  readonly when?: readonly AuthorizationPolicyRuleWhen[];
}

export interface AuthorizationPolicyRuleFrom {
  /** What the peer's certificate proves. */
  readonly source?: AuthorizationPolicyRuleFromSource;
}

export interface AuthorizationPolicyRuleFromSource {
  readonly principals?: readonly string[];
  readonly notPrincipals?: readonly string[];
  readonly namespaces?: readonly string[];
  readonly notNamespaces?: readonly string[];
  readonly serviceAccounts?: readonly string[];
  readonly notServiceAccounts?: readonly string[];
  readonly trustDomains?: readonly string[];
  readonly notTrustDomains?: readonly string[];
  /** Partly: tokens are not checked yet: matches nothing. */
  readonly requestPrincipals?: readonly string[];
  /** Partly: tokens are not checked yet: matches everything. */
  readonly notRequestPrincipals?: readonly string[];
  /** Address of the connection. */
  readonly ipBlocks?: readonly string[];
  /** Address of the connection. */
  readonly notIpBlocks?: readonly string[];
  /** By `x-forwarded-for`, as far as `HEDDLE_TRUSTED_HOPS` says. */
  readonly remoteIpBlocks?: readonly string[];
  /** As `remoteIpBlocks`. */
  readonly notRemoteIpBlocks?: readonly string[];
}

export interface AuthorizationPolicyRuleTo {
  /** Of the normalized path, without its query; `*`, prefix, suffix and path templates. */
  readonly operation?: AuthorizationPolicyRuleToOperation;
}

export interface AuthorizationPolicyRuleToOperation {
  readonly hosts?: readonly string[];
  readonly notHosts?: readonly string[];
  readonly ports?: readonly string[];
  readonly notPorts?: readonly string[];
  readonly methods?: readonly string[];
  readonly notMethods?: readonly string[];
  readonly paths?: readonly string[];
  readonly notPaths?: readonly string[];
}

export interface AuthorizationPolicyRuleWhen {
  /** Partly: all of Istio's keys; those of tokens (`request.auth.*`) match nothing yet. */
  readonly key: string;
  readonly values?: readonly string[];
  readonly notValues?: readonly string[];
}

export interface AuthorizationPolicyProvider {
  /** Refused: only CUSTOM has one. */
  readonly name?: string;
}
