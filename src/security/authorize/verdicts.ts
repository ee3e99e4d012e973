/** The verdicts, made when policy is compiled: deciding hands out constants. @source Envoy `rbac_filter.cc`, response code details */
import type { InboundVerdict } from '../../model/exchange.js';

const NONE: readonly string[] = Object.freeze([]);

/** `[ns[default]-policy[viewers]-rule[0]]` for a policy's `ns/name`. */
export function ruleDetails(policy: string, rule: number): string {
  const slash = policy.indexOf('/');
  return `[ns[${policy.slice(0, slash)}]-policy[${policy.slice(slash + 1)}]-rule[${rule}]]`;
}

/** The same for a rule of CUSTOM whose provider cannot be asked. @source Istio `pilot/pkg/security/authz/builder/extauthz.go` */
export function customDetails(policy: string, rule: number, provider: string | undefined): string {
  const name = ruleDetails(policy, rule).slice(1, -1);
  return `[istio-ext-authz-${provider === undefined ? '' : `${provider}-`}${name}-deny-due-to-bad-CUSTOM-action]`;
}

export function deny(policy: string | null, rule: number | null, details: string): InboundVerdict {
  const because = `rbac_access_denied_matched_policy${details}`;
  return Object.freeze({ decision: 'deny', status: 403, policy, rule, audited: NONE, because });
}

/** @param details null: no ALLOW policy selects the workload, so nothing had to match */
export function allow(policy: string | null, rule: number | null, details: string | null): InboundVerdict {
  const because =
    details === null ? 'rbac_access_allowed_no_policy' : `rbac_access_allowed_matched_policy${details}`;
  return Object.freeze({ decision: 'allow', status: 200, policy, rule, audited: NONE, because });
}
