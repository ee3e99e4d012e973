// Made from the schemas of policy by `node scripts/docs.mjs --write`; a change here would be lost.

/** What a AuthorizationPolicy says. */
export interface AuthorizationPolicySpec {
  /** Of workloads in its own namespace; of all in `istio-system`. */
  readonly selector?: AuthorizationPolicySelector;
  /** Partly: told as HDL0006: for gateways and waypoints, never for a workload. */
  readonly targetRef?: AuthorizationPolicyTargetRef;
  /** Partly: as `targetRef`. */
  readonly targetRefs?: readonly AuthorizationPolicyTargetRef[];
  /** One must match; without rules the policy matches nothing. */
  readonly rules?: readonly AuthorizationPolicyRule[];
  /**
   * Partly: ALLOW, DENY, AUDIT; CUSTOM asks a provider, and refuses what it matches where that is not known
   * or the policies of the workload name several, as Istio does; on TCP, too. Dry run by Istio's annotation.
   * Default: ALLOW.
   */
  readonly action?: 'ALLOW' | 'DENY' | 'AUDIT' | 'CUSTOM';
  readonly provider?: AuthorizationPolicyProvider;
}

export interface AuthorizationPolicySelector {
  /** All of them on the workload. */
  readonly matchLabels?: Readonly<Record<string, string>>;
}

export interface AuthorizationPolicyTargetRef {
  readonly group?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly namespace?: string;
}

export interface AuthorizationPolicyRule {
  /** One must match; of a source, everything that it names. */
  readonly from?: readonly AuthorizationPolicyRuleFrom[];
  /** One must match; of an operation, everything that it names. */
  readonly to?: readonly AuthorizationPolicyRuleTo[];
  /** All must hold. */
  readonly when?: readonly AuthorizationPolicyRuleWhen[];
}

export interface AuthorizationPolicyRuleFrom {
  /** What the peer's certificate and the token prove. */
  readonly source?: AuthorizationPolicyRuleFromSource;
}

export interface AuthorizationPolicyRuleFromSource {
  /** `cluster.local/ns/NAMESPACE/sa/ACCOUNT`, with `*` at the beginning or the end. */
  readonly principals?: readonly string[];
  /** None of these. */
  readonly notPrincipals?: readonly string[];
  /** Of the peer. */
  readonly namespaces?: readonly string[];
  /** None of these. */
  readonly notNamespaces?: readonly string[];
  /** Of the peer: `account`, or `namespace/account`. */
  readonly serviceAccounts?: readonly string[];
  /** None of these. */
  readonly notServiceAccounts?: readonly string[];
  /** Of the peer. */
  readonly trustDomains?: readonly string[];
  /** None of these. */
  readonly notTrustDomains?: readonly string[];
  /** `ISSUER/SUBJECT` of the token; `*`: any token that was verified. */
  readonly requestPrincipals?: readonly string[];
  /** None of these; `*`: no token. */
  readonly notRequestPrincipals?: readonly string[];
  /** Address of the connection, as CIDR. */
  readonly ipBlocks?: readonly string[];
  /** None of these. */
  readonly notIpBlocks?: readonly string[];
  /** Address of the client by `x-forwarded-for`, as far as `HEDDLE_TRUSTED_HOPS` says. */
  readonly remoteIpBlocks?: readonly string[];
  /** None of these. */
  readonly notRemoteIpBlocks?: readonly string[];
}

export interface AuthorizationPolicyRuleTo {
  readonly operation?: AuthorizationPolicyRuleToOperation;
}

export interface AuthorizationPolicyRuleToOperation {
  /** As they were called, with `*` at the beginning or the end. */
  readonly hosts?: readonly string[];
  /** None of these. */
  readonly notHosts?: readonly string[];
  /** Of the workload. */
  readonly ports?: readonly string[];
  /** None of these. */
  readonly notPorts?: readonly string[];
  /** E.g. `GET`. */
  readonly methods?: readonly string[];
  /** None of these. */
  readonly notMethods?: readonly string[];
  /**
   * Partly: the normalized path without its query: exact, `prefix*`, `*suffix`, or a template (`{*}`,
   * `{**}`).
   */
  readonly paths?: readonly string[];
  /** Partly: none of these. */
  readonly notPaths?: readonly string[];
}

export interface AuthorizationPolicyRuleWhen {
  /** Partly: all of Istio's attributes but `experimental.envoy.filters.*`. */
  readonly key: string;
  /** One of these. */
  readonly values?: readonly string[];
  /** None of these. */
  readonly notValues?: readonly string[];
}

export interface AuthorizationPolicyProvider {
  /** Only CUSTOM has one: of `extensionProviders` of a MeshConfig; one that is not known is told. */
  readonly name?: string;
}
