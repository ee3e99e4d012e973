/** Properties of the decision over random policies and facts; among them: it equals a naive evaluator with no index. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type AuthorizationFacts, compileAuthorization, decideAuthorization } from './decide.js';
import { explainRule } from './explain.js';
import type { EffectiveAuthorization, EffectiveRule, ValueSet } from './policy.js';

const OPTIONS = { trustDomain: 'td', pathNormalization: 'BASE' } as const;

/** Values that facts take, by field; patterns are cut from them, so that matches are common. */
const TEXTS = {
  principals: ['td/ns/a/sa/x', 'td/ns/b/sa/x', 'td2/ns/a/sa/y'],
  hosts: ['reviews', 'reviews:80', 'ratings.b'],
  methods: ['GET', 'POST'],
  paths: ['/a', '/a/b', '/b', '/a/b/c'],
  header: ['red', 'blue'],
} as const;
const PORTS = [80, 81, 443];

function oneOf<T>(list: readonly T[]): fc.Arbitrary<T> {
  return fc.constantFrom(...list);
}

function patterns(texts: readonly string[]): fc.Arbitrary<string> {
  return fc
    .tuple(oneOf(texts), fc.nat(12), fc.constantFrom('exact', 'prefix', 'suffix', 'any'))
    .map(([text, cut, kind]) => {
      if (kind === 'exact') return text;
      if (kind === 'any') return '*';
      return kind === 'prefix' ? `${text.slice(0, cut)}*` : `*${text.slice(cut)}`;
    });
}

function valueSet(value: fc.Arbitrary<string>): fc.Arbitrary<ValueSet> {
  const list = fc.array(value, { minLength: 1, maxLength: 3 });
  return fc.oneof(
    { weight: 3, arbitrary: list.map((values) => ({ values })) },
    list.map((notValues) => ({ notValues })),
    fc.tuple(list, list).map(([values, notValues]) => ({ values, notValues })),
  );
}

function entries(fields: Record<string, fc.Arbitrary<ValueSet>>): fc.Arbitrary<Record<string, ValueSet>[]> {
  const entry = fc.record(fields, { requiredKeys: [] }).filter((found) => Object.keys(found).length > 0);
  return fc.array(entry as fc.Arbitrary<Record<string, ValueSet>>, { minLength: 1, maxLength: 2 });
}

const rule: fc.Arbitrary<EffectiveRule> = fc.record(
  {
    from: entries({ principals: valueSet(patterns(TEXTS.principals)) }),
    to: entries({
      hosts: valueSet(patterns(TEXTS.hosts)),
      methods: valueSet(patterns(TEXTS.methods)),
      paths: valueSet(patterns(TEXTS.paths)),
      ports: valueSet(oneOf(PORTS).map(String)),
    }),
    when: fc.array(
      valueSet(patterns(TEXTS.header)).map((set) => ({ key: 'request.headers[x-team]', ...set })),
      { maxLength: 1 },
    ),
  },
  { requiredKeys: [] },
);

const policies: fc.Arbitrary<EffectiveAuthorization[]> = fc
  .array(
    fc.record({
      action: oneOf(['ALLOW', 'DENY', 'AUDIT', 'CUSTOM'] as const),
      dryRun: fc.integer({ min: 0, max: 9 }).map((draw) => draw === 0),
      rules: fc.array(rule, { maxLength: 4 }),
    }),
    { maxLength: 5 },
  )
  .map((list) =>
    list.map((policy, index) => ({
      policy: `ns/p${index}`,
      ...policy,
      // CUSTOM is asked before anyone is known.
      rules: policy.action === 'CUSTOM' ? policy.rules.map(({ from: _from, ...rest }) => rest) : policy.rules,
    })),
  );

const facts: fc.Arbitrary<AuthorizationFacts> = fc
  .record({
    protocol: fc.constantFrom('http', 'http', 'tcp'),
    principal: oneOf([...TEXTS.principals, null]),
    authority: oneOf(TEXTS.hosts),
    method: oneOf(TEXTS.methods),
    path: oneOf(TEXTS.paths),
    port: oneOf(PORTS),
    team: oneOf([...TEXTS.header, null]),
  })
  .map(({ team, ...rest }) => ({
    ...rest,
    protocol: rest.protocol as 'http' | 'tcp',
    headers: team === null ? {} : { 'x-team': team },
    peerIp: '10.0.0.1',
    remoteIp: '10.0.0.1',
    sni: null,
    claims: null,
  }));

// The naive evaluator: no compilation, no index, one reading of the specification.

function naiveOne(pattern: string, text: string): boolean {
  if (pattern === '*') return text.length > 0;
  if (pattern.startsWith('*')) return text.endsWith(pattern.slice(1));
  if (pattern.endsWith('*')) return text.startsWith(pattern.slice(0, -1));
  return text === pattern;
}

function naiveSet(set: ValueSet, text: string | null): boolean {
  const hit = (list: readonly string[]) => text !== null && list.some((pattern) => naiveOne(pattern, text));
  return (
    (set.values === undefined || hit(set.values)) && (set.notValues === undefined || !hit(set.notValues))
  );
}

const HTTP_ONLY = ['hosts', 'methods', 'paths'];

function naiveRule(rule: EffectiveRule, facts: AuthorizationFacts, allows: boolean): boolean {
  const tcp = facts.protocol === 'tcp';
  const texts: Record<string, string | null> = {
    principals: facts.principal,
    hosts: facts.authority,
    methods: facts.method,
    paths: facts.path,
    ports: String(facts.port),
  };
  const blocks = [rule.from, rule.to];
  if (tcp && allows) {
    const http = (rule.to ?? []).some((entry) =>
      Object.keys(entry).some((field) => HTTP_ONLY.includes(field)),
    );
    if (http || (rule.when ?? []).length > 0) return false;
  }
  const block = (list: EffectiveRule['from']) =>
    list === undefined ||
    list.some((entry) =>
      Object.entries(entry).every(
        ([field, set]) => (tcp && HTTP_ONLY.includes(field)) || naiveSet(set, texts[field] ?? null),
      ),
    );
  const team = facts.headers['x-team'];
  const when = tcp || (rule.when ?? []).every((set) => naiveSet(set, typeof team === 'string' ? team : null));
  return blocks.every(block) && when;
}

function naive(list: readonly EffectiveAuthorization[], facts: AuthorizationFacts) {
  const live = list.filter((policy) => !policy.dryRun);
  const find = (action: string) => {
    for (const policy of live.filter((candidate) => candidate.action === action)) {
      const index = policy.rules.findIndex((rule) => naiveRule(rule, facts, action === 'ALLOW'));
      if (index >= 0) return { policy: policy.policy, rule: index };
    }
    return null;
  };
  const audited = live
    .filter(
      (policy) => policy.action === 'AUDIT' && policy.rules.some((rule) => naiveRule(rule, facts, false)),
    )
    .map((policy) => policy.policy);
  const refused = find('CUSTOM');
  if (refused !== null) return { decision: 'deny', ...refused, audited: [] };
  const denied = find('DENY');
  if (denied !== null) return { decision: 'deny', ...denied, audited };
  const allowed = find('ALLOW');
  if (allowed !== null) return { decision: 'allow', ...allowed, audited };
  const closed = live.some((policy) => policy.action === 'ALLOW');
  return { decision: closed ? 'deny' : 'allow', policy: null, rule: null, audited };
}

test('the decision equals that of a naive evaluator', () => {
  fc.assert(
    fc.property(policies, fc.array(facts, { minLength: 1, maxLength: 8 }), (list, exchanges) => {
      const compiled = compileAuthorization(list, OPTIONS);
      assert.deepEqual(compiled.problems, []);
      for (const exchange of exchanges) {
        const { decision, policy, rule, audited } = decideAuthorization(compiled, exchange);
        assert.deepEqual({ decision, policy, rule, audited }, naive(list, exchange));
      }
    }),
    { numRuns: 1500 },
  );
});

test('an explanation of a rule says what the decision says', () => {
  fc.assert(
    fc.property(rule, facts, fc.boolean(), (one, exchange, allows) => {
      const context = { allows, tcp: exchange.protocol === 'tcp', domains: OPTIONS };
      const { matched, because } = explainRule(one, context, exchange);
      assert.equal(matched, naiveRule(one, exchange, allows));
      assert.notEqual(because, '');
    }),
    { numRuns: 1000 },
  );
});

const decisionOf = (list: readonly EffectiveAuthorization[], exchange: AuthorizationFacts) =>
  decideAuthorization(compileAuthorization(list, OPTIONS), exchange).decision;

test('a DENY that matches always wins, whatever else is there', () => {
  fc.assert(
    fc.property(policies, facts, (list, exchange) => {
      const deny: EffectiveAuthorization = { policy: 'ns/deny', action: 'DENY', dryRun: false, rules: [{}] };
      assert.equal(decisionOf([...list, deny], exchange), 'deny');
    }),
  );
});

test('adding a DENY policy never allows more; adding a rule to an ALLOW policy never allows less', () => {
  fc.assert(
    fc.property(policies, rule, facts, (list, extra, exchange) => {
      const before = decisionOf(list, exchange);
      const deny: EffectiveAuthorization = {
        policy: 'ns/new',
        action: 'DENY',
        dryRun: false,
        rules: [extra],
      };
      if (before === 'deny') assert.equal(decisionOf([...list, deny], exchange), 'deny');
      const wider = list.map((policy) =>
        policy.action === 'ALLOW' ? { ...policy, rules: [...policy.rules, extra] } : policy,
      );
      if (before === 'allow') assert.equal(decisionOf(wider, exchange), 'allow');
    }),
  );
});

test('policies in dry run and AUDIT policies never change a decision', () => {
  fc.assert(
    fc.property(policies, facts, (list, exchange) => {
      const effective = list.filter((policy) => !policy.dryRun && policy.action !== 'AUDIT');
      assert.equal(decisionOf(list, exchange), decisionOf(effective, exchange));
    }),
  );
});

test('compiling never throws, whatever JSON arrives where rules should be', () => {
  const anyRule = fc.record({
    from: fc.array(fc.dictionary(fc.string(), fc.record({ values: fc.array(fc.string()) }))),
    when: fc.array(fc.record({ key: fc.string(), values: fc.array(fc.string()) })),
  });
  fc.assert(
    fc.property(fc.array(anyRule), facts, (rules, exchange) => {
      const list: EffectiveAuthorization[] = [{ policy: 'ns/p', action: 'DENY', dryRun: false, rules }];
      const { decision } = decideAuthorization(compileAuthorization(list, OPTIONS), exchange);
      if (rules.length > 0 && compileAuthorization(list, OPTIONS).problems.length > 0)
        assert.equal(decision, 'deny');
    }),
  );
});
