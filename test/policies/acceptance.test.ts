/**
 * What a mesh that speaks Istio's language must get right, a line each: traffic, security, validation. Asked as an operator asks.
 * What needs connections, certificates and time is tested where it lives: `test/integration`, `src/security`, `src/traffic/retry`.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  analyze,
  explainInbound,
  explainOutbound,
  type InboundQuestion,
  type OutboundQuestion,
} from 'heddle/policy';

const networking = (kind: string, name: string, spec: string, namespace = 'default') =>
  `---\napiVersion: networking.istio.io/v1\nkind: ${kind}\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: ${spec}\n`;
const security = (kind: string, name: string, spec: string, namespace = 'default') =>
  `---\napiVersion: security.istio.io/v1\nkind: ${kind}\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: ${spec}\n`;
const vs = (spec: string, name = 'reviews') => networking('VirtualService', name, spec);
const allow = (name: string, spec: string, namespace?: string) =>
  security('AuthorizationPolicy', name, spec, namespace);

const SERVICES = `apiVersion: v1
kind: Service
metadata: { name: reviews }
spec: { ports: [{ port: 9080, name: http }] }
---
apiVersion: v1
kind: Service
metadata: { name: reviews, namespace: ns2 }
spec: { ports: [{ port: 9080, name: http }] }
${networking('DestinationRule', 'reviews', '{ host: reviews, subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }, { name: v3, labels: { version: v3 } }] }')}`;

const to = (subset: string, more = '') => `{ destination: { host: reviews, subset: ${subset} }${more} }`;

function call(policy: string, question: Partial<OutboundQuestion> = {}) {
  return explainOutbound([{ file: 'p.yaml', text: SERVICES + policy }], {
    authority: 'reviews:9080',
    ...question,
  });
}

function exchange(policy: string, question: Partial<InboundQuestion> = {}) {
  return explainInbound([{ file: 'p.yaml', text: policy }], {
    workload: { namespace: 'default', labels: { app: 'reviews' } },
    port: 9080,
    peer: { principal: 'cluster.local/ns/default/sa/web', ip: '10.0.0.7' },
    authority: 'reviews:9080',
    ...question,
  });
}

const PLAIN = { peer: { principal: null, ip: '10.0.0.7' } };

test('traffic 1: a host with a dot is not made longer', () => {
  const answer = call(vs(`{ hosts: [reviews.ns2], http: [{ route: [${to('v1')}] }] }`), {
    authority: 'reviews.ns2:9080',
  });
  assert.equal(answer.virtualService, null);
  assert.equal(answer.picked, 'outbound|9080||reviews.ns2.svc.cluster.local');
});

test('traffic 2: a second VirtualService for a host of the mesh is not heard', () => {
  const second = vs(
    `{ hosts: [reviews], http: [{ match: [{ uri: { prefix: /b } }], route: [${to('v2')}] }] }`,
    'second',
  );
  const answer = call(
    vs(`{ hosts: [reviews], http: [{ match: [{ uri: { prefix: /a } }], route: [${to('v1')}] }] }`) + second,
    { path: '/b' },
  );
  assert.equal(answer.outcome, 'noRoute');
});

test('traffic 3: weights 1, 1 and 2 are 25, 25 and 50 percent', () => {
  const answer = call(
    vs(
      `{ hosts: [reviews], http: [{ route: [${to('v1', ', weight: 1')}, ${to('v2', ', weight: 1')}, ${to('v3', ', weight: 2')}] }] }`,
    ),
  );
  assert.deepEqual(
    answer.clusters.map(({ weight }) => weight),
    [0.25, 0.25, 0.5],
  );
});

test('traffic 4: inside a VirtualService nothing falls through', () => {
  const answer = call(
    vs(`{ hosts: [reviews], http: [{ match: [{ uri: { exact: /a } }], route: [${to('v1')}] }] }`),
  );
  assert.deepEqual([answer.outcome, answer.route, answer.clusters], ['noRoute', null, []]);
  assert.match(answer.steps.join('\n'), /404, flag NR/);
});

test('traffic 5: gateways of a match mask the labels of callers', () => {
  const answer = call(
    vs(
      `{ hosts: [reviews], http: [{ match: [{ gateways: [mesh], sourceLabels: { app: x } }], route: [${to('v1')}] }] }`,
    ),
  );
  assert.equal(answer.picked, 'outbound|9080|v1|reviews.default.svc.cluster.local');
});

test('traffic 6 and 7: no timeout, and no retry of a 503, unless policy says so', () => {
  const { timeoutMs, retries } = call('');
  assert.equal(timeoutMs, null);
  assert.deepEqual(retries!.on, [
    'connect-failure',
    'refused-stream',
    'unavailable',
    'cancelled',
    'retriable-status-codes',
  ]);
});

test('traffic 8: a fault without a percentage never fires', () => {
  const fault = '{ delay: { fixedDelay: 1s }, abort: { httpStatus: 500 } }';
  assert.equal(
    call(vs(`{ hosts: [reviews], http: [{ fault: ${fault}, route: [${to('v1')}] }] }`), { random: 0 }).fault,
    null,
  );
});

test('traffic 10: the first namespace with a DestinationRule wins, though it lacks the subset', () => {
  const near = networking(
    'DestinationRule',
    'near',
    '{ host: reviews.default.svc.cluster.local, subsets: [{ name: x, labels: { a: b } }] }',
    'web',
  );
  const answer = call(near + vs(`{ hosts: [reviews], http: [{ route: [${to('v1')}] }] }`), {
    source: { namespace: 'web' },
    authority: 'reviews.default:9080',
  });
  assert.match(answer.steps.join('\n'), /503, flag NC/);
});

test('traffic 11: a namespace that the delegate does not repeat cancels its rule', () => {
  const root = vs(
    '{ hosts: [reviews], http: [{ match: [{ sourceNamespace: default }], delegate: { name: leaf } }] }',
  );
  assert.equal(
    call(`${root}${vs(`{ http: [{ match: [{ uri: { prefix: / } }], route: [${to('v1')}] }] }`, 'leaf')}`)
      .virtualService,
    null,
  );
});

test("traffic 12: of several destinations' headers the rule's stay", () => {
  const headers = (value: string) => `headers: { request: { set: { x: ${value} } } }`;
  const answer = call(
    vs(
      `{ hosts: [reviews], http: [{ ${headers('rule')}, route: [${to('v1', `, weight: 1, ${headers('dest')}`)}, ${to('v2', ', weight: 1')}] }] }`,
    ),
    { random: 0 },
  );
  assert.equal(answer.request.headers.x, 'rule');
});

test('security 1: an empty policy of the root namespace denies everything, TCP too', () => {
  const policy = allow('deny-all', '{}', 'istio-system');
  for (const protocol of ['http', 'tcp'] as const)
    assert.equal(exchange(policy, { protocol }).decision, 'deny');
});

test('security 2 to 5: DENY before ALLOW, principals only over TLS, hosts with their port', () => {
  const rules = (name: string, action: string, rule: string) =>
    allow(name, `{ action: ${action}, rules: [${rule}] }`);
  assert.equal(exchange(rules('d', 'DENY', '{}') + rules('a', 'ALLOW', '{}')).policy, 'default/d');
  const anyone = rules('a', 'ALLOW', '{ from: [{ source: { principals: ["*"] } }] }');
  assert.deepEqual([exchange(anyone).decision, exchange(anyone, PLAIN).decision], ['allow', 'deny']);
  const nobody = rules('a', 'ALLOW', '{ from: [{ source: { notPrincipals: ["*"] } }] }');
  assert.deepEqual([exchange(nobody).decision, exchange(nobody, PLAIN).decision], ['deny', 'allow']);
  const host = rules('a', 'ALLOW', '{ to: [{ operation: { hosts: ["Reviews:9080"] } }] }');
  assert.deepEqual(
    [exchange(host).decision, exchange(host, { authority: 'reviews' }).decision],
    ['allow', 'deny'],
  );
});

test('security 6 and 7: tokens', () => {
  const tokens = security(
    'RequestAuthentication',
    't',
    '{ jwtRules: [{ issuer: me, audiences: [a], jwksUri: "https://me.example/keys" }] }',
  );
  assert.equal(exchange(tokens).status, 200);
  assert.equal(
    exchange(tokens + allow('a', '{ rules: [{ from: [{ source: { requestPrincipals: ["*"] } }] }] }')).status,
    403,
  );
  assert.equal(exchange(tokens, { claims: { iss: 'me', sub: 'x', aud: 'b' } }).status, 403);
  assert.equal(exchange(tokens, { claims: { iss: 'you', sub: 'x', aud: 'a' } }).status, 401);
});

test('security 10: a port of PeerAuthentication is the one that the workload listens on', () => {
  const strict = security(
    'PeerAuthentication',
    'p',
    '{ selector: { matchLabels: { app: reviews } }, portLevelMtls: { 9080: { mode: STRICT } } }',
  );
  assert.deepEqual(
    [exchange(strict, PLAIN).decision, exchange(strict, { ...PLAIN, port: 80 }).decision],
    ['deny', 'allow'],
  );
});

test('security 12: paths are made equal before they are matched', () => {
  const admin = allow('a', '{ action: DENY, rules: [{ to: [{ operation: { paths: ["/admin*"] } }] }] }');
  assert.equal(exchange(admin, { path: '/a/../admin' }).decision, 'deny');
  assert.equal(exchange(admin, { path: '//admin' }).decision, 'allow');
});

test('security 14: rules of HTTP on TCP', () => {
  const paths = (action: string) =>
    allow('a', `{ action: ${action}, rules: [{ to: [{ operation: { paths: ["/x"] } }] }] }`);
  for (const action of ['ALLOW', 'DENY'])
    assert.equal(exchange(paths(action), { protocol: 'tcp' }).decision, 'deny');
});

const rule = (http: string) => vs(`{ hosts: [reviews], http: [${http}] }`);
const VALIDATION: [line: string, policy: string, code: string | null, level?: string][] = [
  ['1: a timeout of 0s', rule(`{ timeout: 0s, route: [${to('v1')}] }`), 'IST0106'],
  [
    '2: a blank in retryOn',
    rule(`{ retries: { attempts: 1, retryOn: "5xx, reset" }, route: [${to('v1')}] }`),
    'IST0106',
  ],
  [
    '3: hosts that overlap',
    vs(`{ hosts: ["*.foo.com", a.foo.com], http: [{ route: [${to('v1')}] }] }`),
    'IST0106',
  ],
  [
    '4: weights 0 and 0',
    rule(`{ route: [${to('v1', ', weight: 0')}, ${to('v2', ', weight: 0')}] }`),
    'IST0106',
  ],
  ['4: one weight 0', rule(`{ route: [${to('v1', ', weight: 0')}] }`), null],
  [
    '5: an expression of 1025 characters',
    rule(`{ match: [{ uri: { regex: ${'a'.repeat(1025)} } }], route: [${to('v1')}] }`),
    'IST0106',
  ],
  [
    '6: a table of 65536',
    networking(
      'DestinationRule',
      'm',
      '{ host: reviews, trafficPolicy: { loadBalancer: { consistentHash: { httpHeaderName: x, maglev: { tableSize: 65536 } } } } }',
    ),
    'IST0106',
  ],
  [
    '7: DENY by path only',
    allow('a', '{ action: DENY, rules: [{ to: [{ operation: { paths: ["/x"] } }] }] }'),
    'IST0133',
    'warning',
  ],
  [
    '8: CUSTOM with principals',
    allow(
      'a',
      '{ action: CUSTOM, provider: { name: x }, rules: [{ from: [{ source: { principals: ["*"] } }] }] }',
    ),
    'IST0106',
  ],
  [
    '9: shares of 99',
    networking(
      'DestinationRule',
      'm',
      '{ host: reviews, trafficPolicy: { loadBalancer: { localityLbSetting: { distribute: [{ from: "a/*", to: { "a/*": 99 } }] } } } }',
    ),
    'IST0106',
  ],
  [
    '10: a selector that is exported',
    networking(
      'DestinationRule',
      'm',
      '{ host: reviews, workloadSelector: { matchLabels: { a: b } }, exportTo: ["*"] }',
    ),
    'IST0106',
  ],
  [
    '11: MUTUAL without a CA',
    networking(
      'Gateway',
      'g',
      '{ selector: { a: b }, servers: [{ port: { number: 443, name: h, protocol: HTTPS }, hosts: ["*"], tls: { mode: MUTUAL, serverCertificate: a, privateKey: b } }] }',
    ),
    'IST0106',
  ],
  [
    '12: two VirtualServices for a host',
    rule(`{ route: [${to('v1')}] }`) + vs(`{ hosts: [reviews], http: [{ route: [${to('v2')}] }] }`, 'second'),
    'IST0109',
  ],
  [
    '13: HTTPS without tls',
    networking(
      'Gateway',
      'g',
      '{ selector: { a: b }, servers: [{ port: { number: 443, name: h, protocol: HTTPS }, hosts: ["*"] }] }',
    ),
    'IST0106',
  ],
  [
    '14: an operator after the last one',
    allow('a', '{ rules: [{ to: [{ operation: { paths: ["/{**}/{*}"] } }] }] }'),
    'IST0106',
  ],
  ['15: status 600', rule('{ directResponse: { status: 600 } }'), null],
];
for (const [line, policy, code, level = 'error'] of VALIDATION)
  test(`validation ${line}: ${code ?? 'nothing is wrong'}`, () => {
    const { valid, messages } = analyze([{ file: 'p.yaml', text: SERVICES + policy }]);
    const found = messages.filter((message) => message.level === 'error' || message.code === code);
    assert.equal(valid, code === null || level !== 'error', JSON.stringify(messages));
    if (code === null) assert.deepEqual(found, []);
    else
      assert.ok(
        found.some((message) => message.code === code && message.level === level),
        JSON.stringify(messages),
      );
  });
