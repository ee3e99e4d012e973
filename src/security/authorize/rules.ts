/**
 * One rule as one condition.
 * @source Istio `pilot/pkg/security/authz/model/model.go`
 */
import { type Attribute, type Condition, exactValues, fieldAttribute, resolveKey } from './attributes.js';
import {
  type EffectiveRule,
  OPERATION_FIELDS,
  type OperationField,
  SOURCE_FIELDS,
  type SourceField,
  type ValueSet,
} from './policy.js';
import { expandPrincipals, expandTrustDomains, type TrustDomains } from './principals.js';
import type { Anchor } from './rule-table.js';

export interface RuleContext {
  /** The rule allows; otherwise it denies, or only looks. Decides on which side doubts fall. */
  readonly allows: boolean;
  /** The rule is one of CUSTOM, which is asked before anyone is known. @default false */
  readonly custom?: boolean;
  /** For connections that are not HTTP. */
  readonly tcp: boolean;
  readonly domains: TrustDomains;
}

export interface RuleResult {
  /** null: the rule never matches. */
  readonly test: Condition | null;
  readonly problems: readonly string[];
}

type Field = SourceField | OperationField;
const always: Condition = () => true;

/**
 * On TCP an attribute of HTTP makes an allowing rule match nothing, and is left out of any other rule, which makes that rule wider:
 * both fall on the side of refusing.
 */
export function compileRule(rule: EffectiveRule, context: RuleContext): RuleResult {
  const findings: Findings = { problems: [], dropped: false };
  const { problems } = findings;
  const parts = [
    // `to` first: it is the cheapest to look at, and fails the most.
    compileEntries(rule.to, 'to', OPERATION_FIELDS, context, findings),
    compileEntries(rule.from, 'from', SOURCE_FIELDS, context, findings),
    all((rule.when ?? []).map((condition) => compileCondition(condition, context, findings))),
  ];
  if (problems.length > 0) return { test: context.allows ? null : always, problems };
  return { test: findings.dropped ? null : all(parts), problems };
}

interface Findings {
  readonly problems: string[];
  /** An allowing rule names an attribute of HTTP, and this is not HTTP. */
  dropped: boolean;
}

/** null stands for "never" while a condition is built. */
type Part = Condition | null;

function compileEntries(
  entries: readonly Readonly<Record<string, ValueSet>>[] | undefined,
  block: string,
  fields: readonly Field[],
  context: RuleContext,
  findings: Findings,
): Part {
  if (entries === undefined) return always;
  if (entries.length === 0) findings.problems.push(`${block} is empty`);
  const compiled = entries.map((entry) => {
    const names = Object.keys(entry);
    if (names.length === 0) findings.problems.push(`an entry of ${block} is empty`);
    return all(
      names.map((name) => {
        const field = fields.find((known) => known === name);
        if (field !== undefined)
          return compileSet(fieldAttribute(field), field, entry[name]!, context, findings);
        findings.problems.push(`unknown field ${name} in ${block}`);
        return null;
      }),
    );
  });
  return any(compiled);
}

function compileCondition(
  condition: ValueSet & { readonly key: string },
  context: RuleContext,
  findings: Findings,
): Part {
  const attribute = resolveKey(condition.key);
  if (typeof attribute !== 'string')
    return compileSet(attribute, condition.key, condition, context, findings);
  findings.problems.push(`when key "${condition.key}": ${attribute}`);
  return null;
}

function compileSet(
  attribute: Attribute,
  name: string,
  set: ValueSet,
  context: RuleContext,
  findings: Findings,
): Part {
  const { problems } = findings;
  const values = set.values ?? [];
  const notValues = set.notValues ?? [];
  if (values.length + notValues.length === 0) problems.push(`${name} has no values`);
  if (context.custom === true && attribute.identity === true)
    problems.push(`CUSTOM cannot look at ${name}: it is asked before anyone is known`);
  for (const value of [...values, ...notValues]) {
    const wrong = attribute.check(value) ?? attribute.refuse?.(value) ?? null;
    if (wrong !== null) problems.push(`${name} "${value}": ${wrong}`);
  }
  if (problems.length > 0) return null;
  if (context.tcp && attribute.httpOnly) {
    if (context.allows) findings.dropped = true;
    return always;
  }
  const parts: Condition[] = [];
  if (values.length > 0) parts.push(attribute.compile(expandValues(name, values, context.domains)));
  if (notValues.length > 0) {
    const test = attribute.compile(expandValues(name, notValues, context.domains));
    parts.push((view) => !test(view));
  }
  const test = all(parts);
  const { known } = attribute;
  if (known === undefined || test === null) return test;
  return context.allows ? (view) => known(view) && test(view) : (view) => !known(view) || test(view);
}

function expandValues(name: string, values: readonly string[], domains: TrustDomains): readonly string[] {
  if (name === 'principals' || name === 'source.principal') return expandPrincipals(values, domains);
  if (name === 'trustDomains' || name === 'source.trustDomain') return expandTrustDomains(values, domains);
  return values;
}

function all(parts: readonly Part[]): Part {
  const conditions: Condition[] = [];
  for (const part of parts) {
    if (part === null) return null;
    if (part !== always) conditions.push(part);
  }
  const [first, second] = conditions;
  if (first === undefined) return always;
  if (second === undefined) return first;
  if (conditions.length === 2) return (view) => first(view) && second(view);
  return (view) => {
    for (const condition of conditions) if (!condition(view)) return false;
    return true;
  };
}

function any(parts: readonly Part[]): Part {
  const conditions = parts.filter((part) => part !== null);
  if (conditions.includes(always)) return always;
  const [first, second] = conditions;
  if (first === undefined) return null;
  if (second === undefined) return first;
  return (view) => {
    for (const condition of conditions) if (condition(view)) return true;
    return false;
  };
}

/** By what the rule can be found: exact paths in every operation, or else exact principals in every source. */
export function anchorOf(rule: EffectiveRule, tcp: boolean, domains: TrustDomains): Anchor | null {
  const paths = tcp ? null : exactInAll('paths', rule.to);
  if (paths !== null) return { by: 'path', values: paths };
  const principals = exactInAll('principals', rule.from);
  return principals === null ? null : { by: 'principal', values: expandPrincipals(principals, domains) };
}

function exactInAll(
  field: 'principals' | 'paths',
  entries: readonly Readonly<Record<string, ValueSet>>[] | undefined,
): string[] | null {
  if (entries === undefined) return null;
  const values: string[] = [];
  for (const entry of entries) {
    const exact = exactValues(field, entry[field]?.values ?? []);
    if (exact === null || exact.length === 0) return null;
    values.push(...exact);
  }
  return values.length === 0 ? null : values;
}
