/**
 * Authorization decision: may this exchange, or this connection, go on?
 * Pure. In Istio's order: CUSTOM comes first, AUDIT only notes, DENY beats ALLOW, and once an ALLOW policy selects the workload one
 * of them must match. CUSTOM is a question to somebody else: {@link decideCustom} says whether it has to be put, and
 * {@link decideWithoutCustom} what holds if the answer was yes.
 * @source Istio `pilot/pkg/security/authz/builder`; Envoy `rbac_filter.cc`
 */
import type { InboundVerdict } from '../../model/exchange.js';
import type { AuthorizationPlan, CompiledAuthorization } from './compile.js';
import type { EffectiveCheckProvider } from './provider.js';
import type { AuthorizationFacts, View } from './view.js';

export { type AuthorizationOptions, type CompiledAuthorization, compileAuthorization } from './compile.js';
export type { AuthorizationFacts } from './view.js';

/** What a refused HTTP caller is told; the reason is for the access log only. @source Envoy `rbac_filter.cc` */
export const DENIED_BODY = 'RBAC: access denied';

/** A rule of CUSTOM has matched. */
export interface CustomVerdict {
  /** What holds unless the provider lets the exchange in. */
  readonly verdict: InboundVerdict;
  /** Whom to ask; null: nobody can be. */
  readonly provider: EffectiveCheckProvider | null;
}

/** Does CUSTOM have a say? null: no rule of it matches. What it looks at is known before anyone's token is. */
export function decideCustom(
  { http, tcp, view }: CompiledAuthorization,
  facts: AuthorizationFacts,
): CustomVerdict | null {
  const plan = facts.protocol === 'tcp' ? tcp : http;
  if (plan.custom.empty) return null;
  view.facts = facts;
  try {
    const rule = plan.custom.first(view);
    return rule === null ? null : { verdict: rule.verdict, provider: plan.provider };
  } finally {
    view.clear();
  }
}

/**
 * The decision for whom CUSTOM did not match, or whom its provider lets in. A status is 200 or 403; `because` is in the form of Envoy's response code details. Policies in dry run have no say: ask for theirs
 * with {@link decideDryRun}.
 */
export function decideWithoutCustom(
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

/**
 * The whole decision for whoever cannot ask anybody: what CUSTOM matches is refused.
 * @example decideAuthorization(compileAuthorization([], options), facts).decision; // => 'allow'
 */
export function decideAuthorization(
  compiled: CompiledAuthorization,
  facts: AuthorizationFacts,
): InboundVerdict {
  // What is refused here is noted by nobody: it comes before all others.
  return decideCustom(compiled, facts)?.verdict ?? decideWithoutCustom(compiled, facts);
}

/** What the policies in dry run would have said, for logs and spans; null if there are none. */
export function decideDryRun(
  compiled: CompiledAuthorization,
  facts: AuthorizationFacts,
): InboundVerdict | null {
  return compiled.dryRun === null ? null : decideAuthorization(compiled.dryRun, facts);
}

function decide(plan: AuthorizationPlan, view: View): InboundVerdict {
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
