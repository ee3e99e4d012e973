/** The part of `explain inbound` that is about AuthorizationPolicies. */
import type { InboundVerdict } from '../model/exchange.js';
import { checkCall } from '../security/authorize/check.js';
import {
  type AuthorizationFacts,
  compileAuthorization,
  decideCustom,
  decideDryRun,
  decideWithoutCustom,
} from '../security/authorize/decide.js';
import { explainRule } from '../security/authorize/explain.js';
import type { EffectiveAuthorization } from '../security/authorize/policy.js';
import type { TrustDomains } from '../security/authorize/principals.js';
import type { EffectiveCheckProvider } from '../security/authorize/provider.js';
import type { EffectiveInbound } from './effective.js';
import type { InboundExplanation } from './explain-inbound.js';

/** Asks the AuthorizationPolicies of the workload, and says of each rule why it matched or did not. */
export function explainAuthorization(
  { authorization, pathNormalization, providers }: EffectiveInbound,
  facts: AuthorizationFacts,
  domains: TrustDomains,
  steps: string[],
): InboundExplanation {
  const compiled = compileAuthorization(authorization, { ...domains, pathNormalization, providers });
  const custom = decideCustom(compiled, facts);
  const verdict =
    custom !== null && custom.provider === null ? custom.verdict : decideWithoutCustom(compiled, facts);
  const asked = compiled[facts.protocol].provider;
  for (const applied of inOrder(authorization)) explainPolicy(applied, asked, facts, domains, steps);
  if (custom !== null && custom.provider !== null) steps.push(describeCheck(custom.provider, facts));
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
  asked: EffectiveCheckProvider | null,
  facts: AuthorizationFacts,
  domains: TrustDomains,
  steps: string[],
): void {
  const name = `${policy} (${action}${dryRun ? ', dry run' : ''})`;
  if (rules.length === 0) steps.push(`${name} has no rules: it matches nothing`);
  if (action === 'CUSTOM' && asked === null)
    steps.push(
      `${name}: no provider '${provider ?? ''}' is known that could be asked here alone, so what its rules match is refused`,
    );
  const tcp = facts.protocol === 'tcp';
  const context = { allows: action === 'ALLOW', custom: action === 'CUSTOM', tcp, domains };
  for (const [index, rule] of rules.entries()) {
    const { matched, because } = explainRule(rule, context, facts);
    steps.push(`rule ${index} of ${name} ${matched ? 'matches' : 'does not match'}: ${because}`);
  }
}

/** What CUSTOM would ask. The answer is not known here. */
function describeCheck(provider: EffectiveCheckProvider, facts: AuthorizationFacts): string {
  const { method, authority, path, headers } = checkCall(provider, facts, null);
  // What headers hold may be secret.
  const names = Object.keys(headers).sort().join(', ');
  const body = provider.body === undefined ? '' : `, and ${provider.body.maxBytes} bytes of the body at most`;
  const otherwise = provider.failOpen ? 'let in' : `answered with ${provider.statusOnError}`;
  return `CUSTOM asks ${provider.name}: ${method} http://${authority}${path} with ${names}${body}; what follows holds if it answers 200. Without an answer in ${provider.timeoutMs} ms the request is ${otherwise}`;
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
