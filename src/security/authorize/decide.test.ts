import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type AuthorizationFacts,
  compileAuthorization,
  decideAuthorization,
  decideDryRun,
} from './decide.js';
import type { AuthorizationAction, EffectiveAuthorization, EffectiveRule } from './policy.js';

const OPTIONS = { trustDomain: 'cluster.local', pathNormalization: 'BASE' } as const;
const FACTS: AuthorizationFacts = {
  protocol: 'http',
  method: 'GET',
  authority: 'Reviews.default:9080',
  path: '/reviews/7',
  headers: { 'x-team': 'red', 'x-empty': '', via: ['a', 'b'] },
  principal: 'cluster.local/ns/shop/sa/productpage',
  peerIp: '10.1.2.3',
  remoteIp: '203.0.113.9',
  port: 9080,
  localIp: '10.9.9.9',
  sni: 'outbound_.9080_._.reviews.default.svc.cluster.local',
  claims: {
    iss: 'https://issuer.example/realm',
    sub: 'jason',
    aud: ['shop', 'admin'],
    azp: 'web',
    scope: 'read write',
    groups: ['staff', 7],
    nested: { role: 'owner' },
    count: 3,
  },
};

function policy(
  action: AuthorizationAction,
  rules: readonly EffectiveRule[],
  name = action.toLowerCase(),
  dryRun = false,
): EffectiveAuthorization {
  return { policy: `default/${name}`, action, dryRun, rules };
}

function decide(
  list: readonly EffectiveAuthorization[],
  facts: Partial<AuthorizationFacts> = {},
  options = {},
) {
  return decideAuthorization(compileAuthorization(list, { ...OPTIONS, ...options }), { ...FACTS, ...facts });
}

/** Does an ALLOW policy with this one rule let the facts pass? */
function matches(rule: EffectiveRule, facts: Partial<AuthorizationFacts> = {}, options = {}): boolean {
  return decide([policy('ALLOW', [rule])], facts, options).decision === 'allow';
}

test('each field of a source and an operation matches what Istio says it does', () => {
  const table: [field: string, value: string, matched: boolean, facts?: Partial<AuthorizationFacts>][] = [
    ['principals', 'cluster.local/ns/shop/sa/productpage', true],
    ['principals', 'cluster.local/ns/shop/sa/productpag', false],
    ['principals', 'cluster.local/ns/shop/*', true],
    ['principals', '*/sa/productpage', true],
    ['principals', '*', true],
    ['principals', '*', false, { principal: null }],
    ['principals', 'Cluster.local/ns/shop/sa/productpage', false],
    ['namespaces', 'shop', true],
    ['namespaces', 'sho', false],
    ['namespaces', 'sh*', true],
    ['namespaces', '*op', true],
    ['namespaces', 's*p', true],
    ['namespaces', '*', true],
    ['namespaces', '*', false, { principal: null }],
    ['namespaces', '*', false, { principal: 'cluster.local/other' }],
    ['serviceAccounts', 'shop/productpage', true],
    ['serviceAccounts', 'other/productpage', false],
    ['serviceAccounts', 'shop/product', false],
    ['serviceAccounts', 'shop/productpage', true, { principal: 'td/ns/shop/pod/x/sa/productpage/more/y' }],
    ['serviceAccounts', 'shop/productpage', false, { principal: '/ns/shop/sa/productpage' }],
    ['trustDomains', 'cluster.local', true],
    ['trustDomains', 'cluster', false],
    ['trustDomains', 'clus*', true],
    ['trustDomains', '*.local', true],
    ['trustDomains', '*page', false],
    ['trustDomains', '*', false, { principal: null }],
    ['requestPrincipals', 'https://issuer.example/realm/jason', true],
    ['requestPrincipals', 'https://issuer.example/realm/*', true],
    ['requestPrincipals', 'https://issuer.example/realm/jas*', true],
    ['requestPrincipals', 'https://issuer.example/*', false],
    ['requestPrincipals', '*/jason', true],
    ['requestPrincipals', '*realm/jason', true],
    ['requestPrincipals', '*on', true],
    ['requestPrincipals', 'https:*', true],
    ['requestPrincipals', '*', true],
    ['requestPrincipals', '*', false, { claims: null }],
    ['requestPrincipals', '*', false, { claims: { iss: 'x', sub: '' } }],
    ['ipBlocks', '10.0.0.0/8', true],
    ['ipBlocks', '203.0.113.0/24', false],
    ['ipBlocks', '10.0.0.0/8', false, { peerIp: 'unknown' }],
    ['remoteIpBlocks', '203.0.113.9', true],
    ['hosts', 'reviews.default:9080', true],
    ['hosts', 'REVIEWS.default:9080', true],
    ['hosts', 'reviews.default', false],
    ['hosts', 'reviews.*', true],
    ['hosts', '*:9080', true],
    ['hosts', '*', false, { authority: '' }],
    ['ports', '9080', true],
    ['ports', '908', false],
    ['methods', 'GET', true],
    ['methods', 'get', false],
    ['methods', 'G*', true],
    ['paths', '/reviews/7', true],
    ['paths', '/Reviews/7', false],
    ['paths', '/reviews/*', true],
    ['paths', '*/7', true],
    ['paths', '*', true],
    ['paths', '/reviews/{*}', true],
    ['paths', '/{**}', true],
    ['paths', '/{*}', false],
  ];
  const operations = ['hosts', 'ports', 'methods', 'paths'];
  for (const [field, value, matched, facts] of table) {
    const block = operations.includes(field) ? 'to' : 'from';
    const note = `${field} ${value} ${JSON.stringify(facts ?? {})}`;
    assert.equal(matches({ [block]: [{ [field]: { values: [value] } }] }, facts), matched, note);
    // An address that cannot be read is on neither side of a range.
    const unknown = facts?.peerIp === 'unknown';
    assert.equal(
      matches({ [block]: [{ [field]: { notValues: [value] } }] }, facts),
      unknown ? false : !matched,
      `not ${note}`,
    );
  }
});

test('each key of when matches what Istio says it does', () => {
  const table: [key: string, value: string, matched: boolean][] = [
    ['request.headers[X-Team]', 'red', true],
    ['request.headers[x-team]', 'r*', true],
    ['request.headers[x-none]', '*', false],
    ['request.headers[x-empty]', '*', true],
    ['request.headers[via]', 'a, b', true],
    ['request.headers[constructor]', '*', false],
    ['request.headers[Host]', 'Reviews.default:9080', true],
    ['request.headers[:authority]', 'Reviews.*', true],
    ['request.headers[:method]', 'GET', true],
    ['source.ip', '10.1.2.3', true],
    ['remote.ip', '203.0.113.0/24', true],
    ['source.namespace', 'shop', true],
    ['source.principal', '*/productpage', true],
    ['source.serviceAccount', 'shop/productpage', true],
    ['source.trustDomain', 'cluster.local', true],
    ['request.auth.principal', 'https://issuer.example/realm/jason', true],
    ['request.auth.audiences', 'admin', true],
    ['request.auth.audiences', 'other', false],
    ['request.auth.presenter', 'web', true],
    ['request.auth.claims[groups]', 'staff', true],
    ['request.auth.claims[groups]', '7', false],
    ['request.auth.claims[scope]', 'write', true],
    ['request.auth.claims[nested][role]', 'own*', true],
    ['request.auth.claims[nested]', 'owner', false],
    ['request.auth.claims[count]', '3', false],
    ['request.auth.claims[constructor]', '*', false],
    ['destination.ip', '10.9.0.0/16', true],
    ['destination.port', '9080', true],
    ['connection.sni', 'outbound_.9080_*', true],
  ];
  for (const [key, value, matched] of table) {
    assert.equal(matches({ when: [{ key, values: [value] }] }), matched, `${key} ${value}`);
    assert.equal(matches({ when: [{ key, notValues: [value] }] }), !matched, `${key} not ${value}`);
  }
  assert.ok(!matches({ when: [{ key: 'source.namespace', values: ['shop'], notValues: ['sh*'] }] }));
});

test('entries are alternatives, fields of an entry and conditions hold together', () => {
  const get = { methods: { values: ['GET'] } };
  const post = { methods: { values: ['POST'] } };
  assert.ok(matches({ to: [post, get] }));
  assert.ok(!matches({ to: [{ ...get, paths: { values: ['/other'] } }] }));
  assert.ok(!matches({ to: [get], from: [{ namespaces: { values: ['other'] } }] }));
  assert.ok(!matches({ to: [get], when: [{ key: 'destination.port', values: ['1'] }] }));
});

test('without an ALLOW policy all is allowed; with one, only what a rule matches; empty denies all', () => {
  const none = decide([]);
  assert.deepEqual([none.decision, none.status, none.policy], ['allow', 200, null]);
  assert.equal(decide([policy('ALLOW', [{}])]).policy, 'default/allow');
  for (const protocol of ['http', 'tcp'] as const) {
    const closed = decide([policy('ALLOW', [])], { protocol });
    assert.deepEqual([closed.decision, closed.status, closed.policy, closed.rule], ['deny', 403, null, null]);
    assert.equal(closed.because, 'rbac_access_denied_matched_policy[none]');
  }
});

test('DENY beats ALLOW, and the verdict names the policy and rule', () => {
  const rules = [{ to: [{ methods: { values: ['POST'] } }] }, {}];
  const verdict = decide([policy('ALLOW', [{}]), policy('DENY', rules, 'no-writes')]);
  assert.deepEqual(verdict, {
    decision: 'deny',
    status: 403,
    policy: 'default/no-writes',
    rule: 1,
    audited: [],
    because: 'rbac_access_denied_matched_policy[ns[default]-policy[no-writes]-rule[1]]',
  });
});

test('the first rule in policy order is named, whichever way the index finds it', () => {
  const prefix = { to: [{ paths: { values: ['/reviews/*'] } }] };
  const exact = { to: [{ paths: { values: ['/reviews/7'] } }] };
  const peer = { from: [{ principals: { values: [FACTS.principal!] } }] };
  for (const order of [
    [prefix, exact, peer],
    [exact, peer, prefix],
    [peer, prefix, exact],
  ])
    assert.equal(decide([policy('DENY', order)]).rule, 0);
  assert.equal(decide([policy('DENY', [{ to: [{ paths: { values: ['/x'] } }] }, peer, exact])]).rule, 1);
});

test('plain text has no principal: a positive test never matches it, a negative one does', () => {
  assert.ok(!matches({ from: [{ principals: { values: ['*'] } }] }, { principal: null }));
  assert.ok(matches({ from: [{ principals: { notValues: ['*'] } }] }, { principal: null }));
});

test('principals of cluster.local and of aliases follow the trust domain', () => {
  const rule = { from: [{ principals: { values: ['cluster.local/ns/shop/sa/a'] } }] };
  const options = { trustDomain: 'new.example', trustDomainAliases: ['old.example'] };
  for (const domain of ['new.example', 'old.example'])
    assert.ok(matches(rule, { principal: `${domain}/ns/shop/sa/a` }, options), domain);
  assert.ok(!matches(rule, { principal: 'other.example/ns/shop/sa/a' }, options));
  const domains = { from: [{ trustDomains: { values: ['old.example'] } }] };
  assert.ok(matches(domains, { principal: 'new.example/ns/shop/sa/a' }, options));
});

test('on TCP an ALLOW rule with a field of HTTP never matches', () => {
  const paths = { paths: { values: ['*'] } };
  const ports = { ports: { values: ['9080'] } };
  for (const rule of [
    { to: [paths] },
    { to: [paths, ports] },
    { when: [{ key: 'request.headers[a]', notValues: ['b'] }] },
  ])
    assert.ok(!matches(rule, { protocol: 'tcp' }));
  assert.ok(matches({ to: [ports] }, { protocol: 'tcp' }));
});

test('on TCP a DENY rule leaves fields of HTTP out and becomes wider', () => {
  const tcp = { protocol: 'tcp' } as const;
  const rule = (port: string) => ({ to: [{ paths: { values: ['/admin'] }, ports: { values: [port] } }] });
  assert.equal(decide([policy('DENY', [rule('9080')])], tcp).decision, 'deny');
  assert.equal(decide([policy('DENY', [rule('1')])], tcp).decision, 'allow');
  assert.equal(decide([policy('DENY', [{ to: [{ methods: { values: ['POST'] } }] }])], tcp).decision, 'deny');
});

test('AUDIT notes each policy once and changes nothing', () => {
  const list = [policy('AUDIT', [{}, {}], 'watch'), policy('AUDIT', [], 'never'), policy('DENY', [{}])];
  const verdict = decide(list);
  assert.deepEqual(verdict.audited, ['default/watch']);
  assert.equal(verdict.policy, 'default/deny');
  assert.deepEqual(decide(list.slice(0, 1)).audited, ['default/watch']);
});

test('a policy in dry run is evaluated apart and never enforced', () => {
  const compiled = compileAuthorization([policy('DENY', [{}], 'try', true)], OPTIONS);
  assert.equal(decideAuthorization(compiled, FACTS).decision, 'allow');
  assert.equal(decideDryRun(compiled, FACTS)?.policy, 'default/try');
  assert.equal(decideDryRun(compileAuthorization([], OPTIONS), FACTS), null);
  const shadowAllow = compileAuthorization([policy('ALLOW', [], 'try', true)], OPTIONS);
  assert.equal(decideAuthorization(shadowAllow, FACTS).decision, 'allow');
});

test('a rule that cannot be understood never allows and always denies, and is reported', () => {
  const broken: EffectiveRule[] = [
    { from: [{ colours: { values: ['red'] } }] },
    { from: [] },
    { from: [{}] },
    { from: [{ ipBlocks: { notValues: ['10.0.0'] } }] },
    { to: [{ paths: { values: ['/{**}/{*}'] } }] },
    { to: [{ ports: { notValues: ['http'] } }] },
    { to: [{ methods: {} }] },
    { when: [{ key: 'weather', notValues: ['rain'] }] },
    { when: [{ key: 'request.headers', values: ['a'] }] },
    { when: [{ key: 'request.headers[:path]', notValues: ['/a'] }] },
    { when: [{ key: 'experimental.envoy.filters.x[y]', values: ['a'] }] },
  ];
  for (const rule of broken) {
    assert.ok(!matches(rule), JSON.stringify(rule));
    assert.equal(decide([policy('DENY', [rule])]).decision, 'deny', JSON.stringify(rule));
    const { problems } = compileAuthorization([policy('ALLOW', [rule], 'p')], OPTIONS);
    assert.ok(problems.every((problem) => problem.startsWith('policy default/p rule 0: ')));
    assert.ok(problems.length > 0, JSON.stringify(rule));
  }
});

test('CUSTOM has no provider to ask, so what it matches is refused, before DENY and ALLOW are asked', () => {
  const custom = {
    ...policy('CUSTOM', [{ to: [{ paths: { values: ['/reviews/*'] } }] }]),
    provider: 'authz',
  };
  const all = [policy('DENY', [{}]), policy('ALLOW', [{}]), custom];
  const { decision, status, because, ...where } = decide(all);
  assert.deepEqual([decision, status, where.policy, where.rule], ['deny', 403, 'default/custom', 0]);
  assert.equal(
    because,
    'rbac_access_denied_matched_policy[istio-ext-authz-authz-ns[default]-policy[custom]-rule[0]-deny-due-to-bad-CUSTOM-action]',
  );
  assert.equal(decide([custom], { path: '/other' }).decision, 'allow');
  assert.equal(decide([custom, policy('DENY', [{}])], { path: '/other' }).policy, 'default/deny');
  // On TCP a rule that refuses loses what is of HTTP, and gets wider.
  assert.equal(decide([custom], { protocol: 'tcp', path: '' }).decision, 'deny');
});

test('CUSTOM is asked before anyone is known: a rule of it that looks at identity is closed, and said to be wrong', () => {
  const rules: EffectiveRule[] = [
    { from: [{ principals: { values: ['a'] } }] },
    { from: [{ requestPrincipals: { notValues: ['a'] } }] },
    { when: [{ key: 'request.auth.claims[a]', values: ['b'] }] },
    { when: [{ key: 'source.namespace', values: ['b'] }] },
  ];
  for (const rule of rules) {
    const compiled = compileAuthorization([policy('CUSTOM', [rule])], OPTIONS);
    assert.match(compiled.problems[0] ?? '', /CUSTOM cannot look at/);
    assert.equal(decideAuthorization(compiled, FACTS).decision, 'deny');
  }
});

test('an address that is not known falls on the side of refusing', () => {
  const { localIp: _, ...unknown } = FACTS;
  const rules = [
    { when: [{ key: 'destination.ip', values: ['10.0.0.0/8'] }] },
    { when: [{ key: 'destination.ip', notValues: ['10.0.0.0/8'] }] },
  ];
  for (const rule of rules) {
    const allow = compileAuthorization([policy('ALLOW', [rule])], OPTIONS);
    const deny = compileAuthorization([policy('DENY', [rule])], OPTIONS);
    assert.equal(decideAuthorization(allow, unknown).decision, 'deny');
    assert.equal(decideAuthorization(deny, unknown).decision, 'deny');
  }
});
