/**
 * Why a rule matched or did not, in words. Each part is judged by compiling it alone with the code that decides, so that an
 * explanation is never a second opinion.
 */
import { FIELD_ATTRIBUTES } from './attributes.js';
import type { EffectiveRule, OperationField, SourceField, ValueSet } from './policy.js';
import { compileRule, type RuleContext } from './rules.js';
import { type AuthorizationFacts, View } from './view.js';

export interface RuleExplanation {
  readonly matched: boolean;
  /** e.g. `method is POST, not one of GET`. */
  readonly because: string;
}

/** Judges one rule of one policy. */
export function explainRule(
  rule: EffectiveRule,
  context: RuleContext,
  facts: AuthorizationFacts,
): RuleExplanation {
  const holds = (part: EffectiveRule): boolean => {
    const { test } = compileRule(part, context);
    const view = new View();
    view.facts = facts;
    return test?.(view) ?? false;
  };
  const { problems } = compileRule(rule, context);
  if (problems.length > 0)
    return { matched: !context.allows, because: `it cannot be understood (${problems.join('; ')})` };
  if (context.tcp && context.allows && attributesOf(rule).some(isOfHttp))
    return { matched: false, because: 'it asks for HTTP, and this connection is not HTTP' };
  if (holds(rule)) return { matched: true, because: describe(rule, context) };
  const misses: string[] = [];
  for (const block of ['from', 'to'] as const) {
    const entries = rule[block];
    if (entries === undefined || holds({ [block]: entries })) continue;
    misses.push(
      entries
        .map((entry) =>
          Object.entries(entry)
            .filter(([field, set]) => !holds({ [block]: [{ [field]: set }] }))
            .map(([field, set]) => miss(FIELD_ATTRIBUTES[field as SourceField | OperationField], set, facts))
            .join(' and '),
        )
        .join('; nor: '),
    );
  }
  for (const condition of rule.when ?? [])
    if (!holds({ when: [condition] })) misses.push(miss(condition.key, condition, facts));
  return { matched: false, because: misses.join('; ') };
}

function describe(rule: EffectiveRule, { tcp }: RuleContext): string {
  if (tcp && attributesOf(rule).some(isOfHttp))
    return 'what it asks of HTTP is left out for TCP, and the rest holds';
  const blocks = (['from', 'to', 'when'] as const).filter((block) => rule[block] !== undefined);
  return blocks.length === 0 ? 'it matches everything' : `its ${blocks.join(', ')} hold`;
}

function attributesOf(rule: EffectiveRule): string[] {
  const fields = [...(rule.from ?? []), ...(rule.to ?? [])].flatMap(Object.keys) as (
    | SourceField
    | OperationField
  )[];
  return [...fields.map((field) => FIELD_ATTRIBUTES[field]), ...(rule.when ?? []).map(({ key }) => key)];
}

function isOfHttp(attribute: string): boolean {
  return attribute.startsWith('request.');
}

function miss(attribute: string, set: ValueSet, facts: AuthorizationFacts): string {
  const wanted: string[] = [];
  if (set.values !== undefined) wanted.push(`not one of ${set.values.join(', ')}`);
  if (set.notValues !== undefined)
    wanted.push(
      `${set.values === undefined ? '' : 'or '}one of those ruled out: ${set.notValues.join(', ')}`,
    );
  return `${read(attribute, facts)}, ${wanted.join(' ')}`;
}

function read(attribute: string, facts: AuthorizationFacts): string {
  const known = NOUNS[attribute];
  if (known !== undefined) return `${known[0]} is ${known[1](facts)}`;
  const name = attribute.slice(attribute.indexOf('[') + 1, -1);
  if (attribute.startsWith('request.headers[')) {
    const lower = name.toLowerCase();
    if (lower === 'host' || lower === ':authority') return `host is ${facts.authority}`;
    if (lower === ':method') return `method is ${facts.method}`;
    const value = facts.headers[lower];
    if (value === undefined) return `header ${name} is absent`;
    // A header may hold a secret: its length is enough to look for the mistake.
    return `header ${name} is something else (${String(value).length} characters)`;
  }
  return facts.claims === null
    ? 'there is no token'
    : `claim ${name.replaceAll('][', '.')} is something else`;
}

type Noun = readonly [noun: string, value: (facts: AuthorizationFacts) => string];
const peer = ({ principal }: AuthorizationFacts) => principal ?? 'not known (no mutual TLS)';
const subject = ({ claims }: AuthorizationFacts) =>
  claims === null ? 'not known (no token)' : `${String(claims.iss)}/${String(claims.sub)}`;
const claim = (name: string) => (facts: AuthorizationFacts) =>
  facts.claims === null ? 'not known (no token)' : JSON.stringify(facts.claims[name] ?? null);

const NOUNS: Readonly<Record<string, Noun>> = {
  'source.principal': ['peer', peer],
  'source.namespace': ['peer', peer],
  'source.serviceAccount': ['peer', peer],
  'source.trustDomain': ['peer', peer],
  'source.ip': ["the peer's address", ({ peerIp }) => peerIp],
  'remote.ip': ["the caller's address", ({ remoteIp }) => remoteIp],
  'request.auth.principal': ['token subject', subject],
  'request.auth.audiences': ['token audience', claim('aud')],
  'request.auth.presenter': ['token presenter', claim('azp')],
  'request.host': ['host', ({ authority }) => authority],
  'request.method': ['method', ({ method }) => method],
  'request.path': ['path', ({ path }) => path],
  'destination.port': ['port', ({ port }) => String(port)],
  'destination.ip': ['our address', ({ localIp }) => localIp ?? 'not known'],
  'connection.sni': ['server name', ({ sni }) => sni ?? 'not known (no TLS)'],
};
