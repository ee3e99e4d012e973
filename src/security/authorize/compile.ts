/**
 * Compiles the AuthorizationPolicies of one workload: values become sets and tests, rules become conditions, and rules that hang on
 * exact paths or principals become entries of an index, so that a hundred of them cost about as much as one.
 * Closed on every doubt: a rule that cannot be understood never allows, and always denies.
 */
import type { InboundVerdict } from '../../model/exchange.js';
import type { Condition } from './attributes.js';
import type { PathNormalization } from './normalize-path.js';
import type { EffectiveAuthorization } from './policy.js';
import type { TrustDomains } from './principals.js';
import type { EffectiveCheckProvider } from './provider.js';
import { type CompiledRule, RuleTable } from './rule-table.js';
import { anchorOf, compileRule } from './rules.js';
import { allow, customDetails, deny, ruleDetails } from './verdicts.js';
import { View } from './view.js';

export interface AuthorizationOptions extends TrustDomains {
  /** How paths were normalised before they are matched; carried along for the one who normalises them. */
  readonly pathNormalization: PathNormalization;
  /** Whom CUSTOM can ask, by name. @default nobody: whatever its rules match is refused */
  readonly providers?: Readonly<Record<string, EffectiveCheckProvider>> | undefined;
}

/** The rules for one protocol, in the order in which they are asked. */
export interface AuthorizationPlan {
  readonly audit: readonly AuditRule[];
  /** CUSTOM. Its verdicts hold for whoever cannot be asked about, or was refused. */
  readonly custom: RuleTable;
  /** Whom CUSTOM asks; null: nobody, or not one and the same, so that what it matches is refused. */
  readonly provider: EffectiveCheckProvider | null;
  readonly deny: RuleTable;
  readonly allow: RuleTable;
  /** What holds when no rule matched: closed as soon as one ALLOW policy selects the workload. */
  readonly otherwise: InboundVerdict;
}

export interface AuditRule {
  readonly policy: string;
  readonly test: Condition;
}

export interface CompiledAuthorization {
  readonly pathNormalization: PathNormalization;
  readonly http: AuthorizationPlan;
  readonly tcp: AuthorizationPlan;
  /** Policies in dry run, on their own: ask them too, report what they would have said, and go on. null if there are none. */
  readonly dryRun: CompiledAuthorization | null;
  /** What policy could not be understood, for people. Each such rule is closed. */
  readonly problems: readonly string[];
  /** Working memory of a decision. */
  readonly view: View;
}

/** Never throws: what cannot be compiled is closed, and listed in `problems`. */
export function compileAuthorization(
  list: readonly EffectiveAuthorization[],
  options: AuthorizationOptions,
): CompiledAuthorization {
  const enforced = list.filter((policy) => !policy.dryRun);
  const shadow = list.filter((policy) => policy.dryRun);
  return {
    ...compilePlans(enforced, options),
    dryRun: shadow.length === 0 ? null : { ...compilePlans(shadow, options), dryRun: null },
  };
}

function compilePlans(
  list: readonly EffectiveAuthorization[],
  options: AuthorizationOptions,
): Omit<CompiledAuthorization, 'dryRun'> {
  const problems = new Set<string>();
  return {
    pathNormalization: options.pathNormalization,
    http: compilePlan(list, false, options, problems),
    tcp: compilePlan(list, true, options, problems),
    problems: [...problems],
    view: new View(),
  };
}

function compilePlan(
  list: readonly EffectiveAuthorization[],
  tcp: boolean,
  options: AuthorizationOptions,
  problems: Set<string>,
): AuthorizationPlan {
  const audit: AuditRule[] = [];
  const custom: CompiledRule[] = [];
  const denying: CompiledRule[] = [];
  const allowing: CompiledRule[] = [];
  let closed = false;
  const provider = tcp ? null : providerOf(list, options);
  for (const policy of list) {
    const allows = policy.action === 'ALLOW';
    closed ||= allows;
    for (const [index, rule] of policy.rules.entries()) {
      const isCustom = policy.action === 'CUSTOM';
      const compiled = compileRule(rule, { allows, custom: isCustom, tcp, domains: options });
      for (const problem of compiled.problems)
        problems.add(`policy ${policy.policy} rule ${index}: ${problem}`);
      if (policy.action === 'AUDIT') {
        if (compiled.test !== null) audit.push({ policy: policy.policy, test: compiled.test });
        continue;
      }
      if (compiled.test === null) continue;
      const into = allows ? allowing : isCustom ? custom : denying;
      const details =
        isCustom && provider === null
          ? customDetails(policy.policy, index, policy.provider)
          : ruleDetails(policy.policy, index);
      into.push({
        order: into.length,
        test: compiled.test,
        anchor: compiled.problems.length > 0 ? null : anchorOf(rule, tcp, options),
        verdict: allows ? allow(policy.policy, index, details) : deny(policy.policy, index, details),
      });
    }
  }
  return {
    audit,
    custom: new RuleTable(custom),
    provider,
    deny: new RuleTable(denying),
    allow: new RuleTable(allowing),
    otherwise: closed ? deny(null, null, '[none]') : allow(null, null, null),
  };
}

/**
 * The one whom all CUSTOM policies name. Of several Istio asks none: which one would have the last word? One of the HTTP form cannot be
 * asked about a connection; Istio then lets it in unasked, and here it is refused.
 */
function providerOf(
  list: readonly EffectiveAuthorization[],
  { providers = {} }: AuthorizationOptions,
): EffectiveCheckProvider | null {
  const names = new Set(
    list.flatMap(({ action, provider }) => (action === 'CUSTOM' ? [provider ?? ''] : [])),
  );
  const [name] = names;
  return names.size === 1 && Object.hasOwn(providers, name!) ? providers[name!]! : null;
}
