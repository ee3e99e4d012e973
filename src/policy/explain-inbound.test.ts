import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainInbound, type InboundQuestion } from './explain-inbound.js';

const EXCHANGE: InboundQuestion = {
  workload: { namespace: 'default', labels: { app: 'reviews' }, service: 'reviews' },
  port: 9080,
  peer: { principal: 'cluster.local/ns/default/sa/productpage', ip: '10.0.0.1' },
  method: 'GET',
  authority: 'reviews:9080',
  path: '/reviews/0',
  headers: {},
};

function explain(text: string, exchange: Partial<InboundQuestion> = {}) {
  return explainInbound([{ file: 'policy.yaml', text }], { ...EXCHANGE, ...exchange });
}

const ALLOW = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: allow-productpage }
spec:
  selector: { matchLabels: { app: reviews } }
  rules:
    - from: [{ source: { principals: [cluster.local/ns/default/sa/productpage] } }]
      to: [{ operation: { methods: [GET] } }]
`;
const DENY_ADMIN = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: no-admin }
spec: { action: DENY, rules: [{ to: [{ operation: { paths: ["/admin*"], ports: ["9080"] } }] }] }
`;
const STRICT = `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default, namespace: istio-system }
spec: { mtls: { mode: STRICT } }
`;

test('a call that a rule allows names the policy and rule', () => {
  const { steps, ...rest } = explain(ALLOW);
  assert.deepEqual(rest, {
    decision: 'allow',
    status: 200,
    policy: 'default/allow-productpage',
    rule: 0,
    audited: [],
  });
  assert.ok(steps.includes('rule 0 of default/allow-productpage (ALLOW) matches: its from, to hold'));
});

test('a call that no rule allows says what was wrong with it', () => {
  const { steps, ...rest } = explain(ALLOW, { method: 'POST' });
  assert.deepEqual(rest, { decision: 'deny', status: 403, policy: null, rule: null, audited: [] });
  assert.ok(
    steps.includes(
      'rule 0 of default/allow-productpage (ALLOW) does not match: method is POST, not one of GET',
    ),
    steps.join('\n'),
  );
  assert.equal(
    steps.at(-1),
    'deny: no rule of an ALLOW policy matches (default/allow-productpage), and one must (rbac_access_denied_matched_policy[none])',
  );
});

test('an empty spec denies everything, HTTP and TCP', () => {
  const empty =
    'apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: none, namespace: istio-system}\nspec: {}\n';
  for (const protocol of ['http', 'tcp'] as const) assert.equal(explain(empty, { protocol }).status, 403);
});

test('a path is normalised before it is matched', () => {
  assert.equal(explain(DENY_ADMIN, { path: '/a/../admin?x=1' }).policy, 'default/no-admin');
  assert.equal(explain(DENY_ADMIN, { path: '/%61dmin/x' }).policy, 'default/no-admin');
  assert.equal(explain(DENY_ADMIN, { path: '//admin' }).decision, 'allow');
  const merged = { pathNormalization: 'MERGE_SLASHES' } as const;
  const files = [{ file: 'p.yaml', text: DENY_ADMIN }];
  assert.equal(explainInbound(files, { ...EXCHANGE, path: '//admin' }, merged).decision, 'deny');
  assert.equal(explain(DENY_ADMIN, { path: '/x#/admin' }).decision, 'deny');
});

test('plain text to a STRICT port is refused before any policy is asked', () => {
  const plain = { peer: { principal: null, ip: '10.0.0.1' } };
  const verdict = explain(`${STRICT}---${ALLOW}`, plain);
  assert.deepEqual([verdict.decision, verdict.status, verdict.policy], ['deny', 403, null]);
  assert.match(verdict.steps.at(-1)!, /STRICT takes no plain text/);
  assert.equal(explain(STRICT).decision, 'allow');
});

test('claims of a token are looked at', () => {
  const policy = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: token }
spec: { rules: [{ from: [{ source: { requestPrincipals: ["*"] } }], when: [{ key: "request.auth.claims[groups]", values: [staff] }] }] }
`;
  assert.equal(explain(policy).status, 403);
  assert.equal(explain(policy, { claims: { iss: 'i', sub: 's', groups: ['staff'] } }).status, 200);
});

test('AUDIT and dry run are reported and change nothing', () => {
  const policy = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: watch }
spec: { action: AUDIT, rules: [{}] }
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: try, annotations: { istio.io/dry-run: "true" } }
spec: { action: DENY, rules: [{}] }
`;
  const verdict = explain(policy);
  assert.deepEqual([verdict.decision, verdict.audited], ['allow', ['default/watch']]);
  assert.ok(verdict.steps.some((step) => step.startsWith('the policies in dry run would say deny')));
});

test('header values do not appear in the steps', () => {
  const policy = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: key }
spec: { rules: [{ when: [{ key: "request.headers[X-Key]", values: [right] }] }] }
`;
  const { decision, steps } = explain(policy, { headers: { 'X-Key': 'secret-1' } });
  assert.equal(decision, 'deny');
  assert.doesNotMatch(steps.join('\n'), /secret-1/);
});

test('an invalid security policy is refused; another invalid resource is left out and named', () => {
  assert.throws(() => explain(ALLOW.replace('methods', 'method')), { code: 'HEDDLE_INVALID_POLICY' });
  assert.throws(() => explain('a: [b'), { code: 'HEDDLE_INVALID_POLICY' });
  const bad =
    'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: v}\nspec: {hots: []}\n';
  const { decision, steps } = explain(`${bad}---${ALLOW}`);
  assert.equal(decision, 'allow');
  assert.match(steps[0]!, /^left out: policy.yaml:\d+ VirtualService default\/v/);
});

test('a question of the wrong shape names the field', () => {
  assert.throws(
    () => explain('', { port: 0 }),
    (error: Error) => /port/.test(error.message),
  );
});
