/**
 * Authorization decision: may this exchange, or this connection, go on?
 * Pure. In Istio's order: CUSTOM comes first, AUDIT only notes, DENY beats ALLOW, and once an ALLOW policy selects the workload one
 * of them must match. No provider is known that CUSTOM could ask, and then Istio refuses what matches.
 * @source Istio `pilot/pkg/security/authz/builder`; Envoy `rbac_filter.cc`
 */
import type { InboundVerdict } from '../../model/exchange.js';
import type { AuthorizationPlan, CompiledAuthorization } from './compile.js';
import type { AuthorizationFacts, View } from './view.js';

export { type AuthorizationOptions, type CompiledAuthorization, compileAuthorization } from './compile.js';
export type { AuthorizationFacts } from './view.js';

/** What a refused HTTP caller is told; the reason is for the access log only. @source Envoy `rbac_filter.cc` */
export const DENIED_BODY = 'RBAC: access denied';

/**
 * A status is 200 or 403; `because` is in the form of Envoy's response code details. Policies in dry run have no say: ask for theirs
 * with {@link decideDryRun}.
 * @example decideAuthorization(compileAuthorization([], options), facts).decision; // => 'allow'
 */
export function decideAuthorization(
  compiled: CompiledAuthorization,
  facts: AuthorizationFacts,
): InboundVerdict {
  const { view } = compiled;
  view.facts = facts;
  try {
    return decide(facts.protocol === 'tcp' ? compiled.tcp : compiled.http, view);
  } finally {
    view.clear();
  }
}

/** What the policies in dry run would have said, for logs and spans; null if there are none. */
export function decideDryRun(
  compiled: CompiledAuthorization,
  facts: AuthorizationFacts,
): InboundVerdict | null {
  return compiled.dryRun === null ? null : decideAuthorization(compiled.dryRun, facts);
}

function decide(plan: AuthorizationPlan, view: View): InboundVerdict {
  // What is refused here is noted by nobody: it comes before all others.
  const custom = plan.custom.first(view);
  if (custom !== null) return custom.verdict;
  const rule = plan.deny.first(view) ?? plan.allow.first(view);
  const verdict = rule === null ? plan.otherwise : rule.verdict;
  return plan.audit.length === 0 ? verdict : audited(plan, view, verdict);
}

function audited(plan: AuthorizationPlan, view: View, verdict: InboundVerdict): InboundVerdict {
  const policies: string[] = [];
  for (const rule of plan.audit) {
    if (!policies.includes(rule.policy) && rule.test(view)) policies.push(rule.policy);
  }
  return policies.length === 0 ? verdict : { ...verdict, audited: policies };
}
