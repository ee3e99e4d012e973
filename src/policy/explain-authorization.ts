/** The part of `explain inbound` that is about AuthorizationPolicies. */
import type { InboundVerdict } from '../model/exchange.js';
import {
  type AuthorizationFacts,
  compileAuthorization,
  decideAuthorization,
  decideDryRun,
} from '../security/authorize/decide.js';
import { explainRule } from '../security/authorize/explain.js';
import type { EffectiveAuthorization } from '../security/authorize/policy.js';
import type { TrustDomains } from '../security/authorize/principals.js';
import type { EffectiveInbound } from './effective.js';
import type { InboundExplanation } from './explain-inbound.js';

/** Asks the AuthorizationPolicies of the workload, and says of each rule why it matched or did not. */
export function explainAuthorization(
  { authorization, pathNormalization }: EffectiveInbound,
  facts: AuthorizationFacts,
  domains: TrustDomains,
  steps: string[],
): InboundExplanation {
  const compiled = compileAuthorization(authorization, { ...domains, pathNormalization });
  const verdict = decideAuthorization(compiled, facts);
  for (const applied of inOrder(authorization)) explainPolicy(applied, facts, domains, steps);
  if (authorization.length === 0) steps.push('no AuthorizationPolicy selects the workload');
  const shadow = decideDryRun(compiled, facts);
  if (shadow !== null) steps.push(`the policies in dry run would say ${reason(shadow, authorization)}`);
  steps.push(reason(verdict, authorization));
  const { decision, status, policy, rule, audited } = verdict;
  return { decision, status, policy, rule, audited, steps };
}

/** In which actions are asked. */
const ACTIONS = ['CUSTOM', 'DENY', 'ALLOW', 'AUDIT'];

function inOrder(list: readonly EffectiveAuthorization[]): EffectiveAuthorization[] {
  return [...list].sort((one, other) => ACTIONS.indexOf(one.action) - ACTIONS.indexOf(other.action));
}

function explainPolicy(
  { policy, action, dryRun, rules, provider }: EffectiveAuthorization,
  facts: AuthorizationFacts,
  domains: TrustDomains,
  steps: string[],
): void {
  const name = `${policy} (${action}${dryRun ? ', dry run' : ''})`;
  if (rules.length === 0) steps.push(`${name} has no rules: it matches nothing`);
  if (action === 'CUSTOM')
    steps.push(`${name}: no provider '${provider ?? ''}' is known, so what its rules match is refused`);
  const tcp = facts.protocol === 'tcp';
  const context = { allows: action === 'ALLOW', custom: action === 'CUSTOM', tcp, domains };
  for (const [index, rule] of rules.entries()) {
    const { matched, because } = explainRule(rule, context, facts);
    steps.push(`rule ${index} of ${name} ${matched ? 'matches' : 'does not match'}: ${because}`);
  }
}

/** The verdict for a person, with the code that logs have. */
function reason(
  { decision, policy, rule, because }: InboundVerdict,
  list: readonly EffectiveAuthorization[],
): string {
  const code = `(${because})`;
  if (policy !== null) return `${decision}: rule ${rule} of ${policy} matches ${code}`;
  if (decision === 'allow')
    return `allow: no ALLOW policy selects the workload, and no other one refuses ${code}`;
  const allowing = list.filter(({ action }) => action === 'ALLOW').map((one) => one.policy);
  return `deny: no rule of an ALLOW policy matches (${allowing.join(', ')}), and one must ${code}`;
}
