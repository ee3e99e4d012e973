import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { analyze } from '../analyze/index.js';
import { parseResources } from '../parse.js';
import { runPolicyTests } from './run.js';

const POLICY = `
apiVersion: v1
kind: Service
metadata: { name: reviews }
spec: { ports: [{ name: http, port: 9080 }] }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews }
spec:
  hosts: [reviews]
  http:
    - name: old
      match: [{ uri: { exact: /old } }]
      redirect: { uri: /new, redirectCode: 308 }
    - name: teapot
      match: [{ uri: { exact: /tea } }]
      directResponse: { status: 418, body: { string: short and stout } }
    - name: broken
      match: [{ uri: { exact: /broken } }]
      fault: { delay: { fixedDelay: 2s, percentage: { value: 100 } }, abort: { httpStatus: 503, percentage: { value: 100 } } }
      route: [{ destination: { host: reviews, subset: v1 } }]
    - name: split
      match: [{ uri: { prefix: /api/ } }]
      rewrite: { uri: / }
      headers:
        request: { set: { x-canary: "yes" }, remove: [x-secret] }
        response: { add: { x-mesh: heddle } }
      route:
        - { destination: { host: reviews, subset: v1 }, weight: 75 }
        - { destination: { host: reviews, subset: v2 }, weight: 25 }
      timeout: 5s
      retries: { attempts: 2, perTryTimeout: 1s, retryOn: "reset,503" }
      mirrors: [{ destination: { host: reviews, subset: v3 }, percentage: { value: 10 } }]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: db }
spec:
  hosts: [db.example.com]
  ports: [{ number: 3306, name: tls, protocol: TLS }]
  resolution: DNS
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: db }
spec:
  hosts: [db.example.com]
  tls:
    - match: [{ sniHosts: [db.example.com] }]
      route: [{ destination: { host: reviews, subset: v1, port: { number: 9080 } } }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: reviews }
spec:
  host: reviews
  subsets:
    - { name: v1, labels: { version: v1 } }
    - { name: v2, labels: { version: v2 } }
    - { name: v3, labels: { version: v3 } }
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: readers }
spec:
  selector: { matchLabels: { app: reviews } }
  rules:
    - from: [{ source: { serviceAccounts: [productpage, shop/cart] } }]
      to: [{ operation: { methods: [GET] } }]
`;

function testOf(cases: readonly string[], more = ''): string {
  const list = cases.map((one) => `    - ${one}\n`).join('');
  return `apiVersion: heddle.dev/v1\nkind: PolicyTest\nmetadata: { name: t }\nspec:\n${more}  cases:\n${list}`;
}

function report(cases: readonly string[], more = '') {
  const files = [
    { file: 'policy.yaml', text: POLICY },
    { file: 'test.yaml', text: testOf(cases, more) },
  ];
  return runPolicyTests(files);
}

/** Expectations that hold. */
const HOLD: readonly (readonly [about: string, question: string, expect: string])[] = [
  ['shares by subset', 'call: { url: "reviews:9080/api/x" }', '{ shares: { v1: 75, v2: 25 } }'],
  ['shares in other units', 'call: { url: "reviews:9080/api/x" }', '{ shares: { v1: 3, v2: 1 } }'],
  [
    'shares by host and subset',
    'call: { url: "reviews:9080/api/x" }',
    '{ shares: { reviews v1: 3, reviews:9080 v2: 1 } }',
  ],
  ['shares of a host', 'call: { url: "reviews:9080/api/x" }', '{ shares: { reviews: 100 } }'],
  ['a host, whatever the subset', 'call: { url: "reviews:9080/api/x" }', '{ to: reviews }'],
  ['a full name', 'call: { url: "reviews:9080/api/x" }', '{ to: reviews.default.svc.cluster.local:9080 }'],
  ['a name with namespace', 'call: { url: "reviews:9080/api/x" }', '{ to: reviews.default }'],
  ['what was drawn', 'call: { url: "reviews:9080/api/x", random: 0.9 }', '{ to: reviews v2 }'],
  [
    'a target in parts',
    'call: { url: "reviews:9080/api/x", random: 0 }',
    '{ to: { host: reviews, subset: v1, port: 9080 } }',
  ],
  [
    'all that a route says',
    'call: { from: productpage, url: "http://reviews:9080/api/x", headers: { x-secret: a } }',
    '{ outcome: route, virtualService: reviews, route: split, timeout: 5s, retries: { attempts: 2, perTryTimeout: 1s }, mirrors: [reviews v3], fault: none, responseHeaders: { add: { x-mesh: heddle } } }',
  ],
  [
    'the request as it is sent',
    'call: { url: "reviews:9080/api/x?y=1", random: 0, headers: { x-secret: a } }',
    '{ method: GET, authority: "reviews:9080", path: "/x?y=1", headers: { X-Canary: "yes", x-secret: null } }',
  ],
  [
    'a mirror with its share',
    'call: { url: "reviews:9080/api/" }',
    '{ mirrors: [{ to: reviews v3, percent: 10 }] }',
  ],
  ['a redirect', 'call: { url: "reviews:9080/old" }', '{ outcome: redirect, status: 308, route: 0 }'],
  ['a redirect to a place', 'call: { url: "reviews:9080/old" }', '{ location: "http://reviews:9080/new" }'],
  [
    'an answer of the mesh',
    'call: { url: "reviews:9080/tea" }',
    '{ outcome: directResponse, status: 418, body: short and stout }',
  ],
  [
    'a fault',
    'call: { url: "reviews:9080/broken" }',
    '{ outcome: abort, status: 503, to: reviews v1, fault: { delay: 2s, abort: 503 } }',
  ],
  ['no timeout', 'call: { url: "reviews:9080/broken" }', '{ outcome: abort, timeout: none }'],
  ['no route', 'call: { url: "reviews:9080/" }', '{ outcome: noRoute, status: 404 }'],
  ['an unknown host', 'call: { url: "https://example.com/" }', '{ outcome: blocked }'],
  [
    'a TLS connection by its server name',
    'call: { protocol: tls, url: "db.example.com:3306", sni: db.example.com }',
    '{ to: reviews:9080 v1 }',
  ],
  ['who may', 'exchange: { from: productpage, to: "reviews:9080" }', 'allow'],
  ['who may, of another namespace', 'exchange: { from: shop/cart, to: "reviews:9080" }', 'allow'],
  ['a principal', 'exchange: { from: cluster.local/ns/shop/sa/cart, to: reviews, port: 9080 }', 'allow'],
  [
    'a SPIFFE ID',
    'exchange: { from: "spiffe://cluster.local/ns/shop/sa/cart", to: "reviews:9080" }',
    'allow',
  ],
  ['by which policy', 'exchange: { from: productpage, to: "reviews:9080" }', '{ policy: readers, rule: 0 }'],
  [
    'who may not',
    'exchange: { from: productpage, to: "reviews:9080", method: POST }',
    '{ decision: deny, status: 403, policy: none, audited: [] }',
  ],
  ['nobody in particular', 'exchange: { to: "reviews:9080" }', 'deny'],
  ['another workload', 'exchange: { to: { service: ratings }, port: 1 }', 'allow'],
  ['labels of its own', 'exchange: { to: { service: x, labels: { app: reviews } }, port: 1 }', 'deny'],
];

for (const [about, question, expect] of HOLD)
  test(`holds: ${about}`, () => {
    const { cases, messages } = report([`{ name: it, ${question}, expect: ${expect} }`]);
    assert.deepEqual(messages, []);
    assert.deepEqual(cases[0]?.differences, [], cases[0]?.steps.join('\n'));
  });

/** Expectations that do not hold, and what is said about it. */
const FAIL: readonly (readonly [question: string, expect: string, said: string])[] = [
  [
    'call: { url: "reviews:9080/api/x" }',
    '{ to: reviews v1 }',
    'to: reviews v1, not 75 % reviews:9080 v1, 25 % reviews:9080 v2',
  ],
  [
    'call: { url: "reviews:9080/api/x" }',
    '{ shares: { v1: 80, v2: 20 } }',
    'shares: 80 % v1, 20 % v2, not 75 % reviews:9080 v1, 25 % reviews:9080 v2',
  ],
  [
    'call: { url: "reviews:9080/api/x" }',
    '{ shares: { v1: 75 } }',
    'shares: 100 % v1, not 75 % reviews:9080 v1, 25 % reviews:9080 v2',
  ],
  [
    'call: { url: "reviews:9080/api/x" }',
    '{ shares: { v1: 75, v2: 25, v9: 0.1 } }',
    'shares: 74.93 % v1, 24.98 % v2, 0.1 % v9, not 75 % reviews:9080 v1, 25 % reviews:9080 v2',
  ],
  ['call: { url: "reviews:9080/" }', '{ to: reviews }', 'outcome: route, not noRoute'],
  ['call: { url: "reviews:9080/api/" }', '{ timeout: 3s }', 'timeout: 3000 ms, not 5000 ms'],
  ['call: { url: "reviews:9080/api/" }', '{ retries: none }', 'retries: 0, not 2'],
  ['call: { url: "reviews:9080/api/" }', '{ route: 2 }', 'route: 2, not 3'],
  ['call: { url: "reviews:9080/api/" }', '{ mirrors: [] }', 'mirrors: none, not 10 % reviews:9080 v3'],
  ['call: { url: "reviews:9080/broken" }', '{ fault: none }', 'fault: none, not one is injected'],
  [
    'call: { url: "reviews:9080/api/", random: 0 }',
    '{ headers: { x-canary: null } }',
    'headers.x-canary: none, not yes',
  ],
  ['exchange: { to: "reviews:9080" }', 'allow', 'decision: allow, not deny'],
  [
    'exchange: { to: "reviews:9080", from: productpage }',
    '{ policy: other }',
    'policy: default/other, not default/readers',
  ],
  ['exchange: { to: reviews }', 'allow', "question: a port: write it as in 'to: reviews:9080', not none"],
];

for (const [question, expect, said] of FAIL)
  test(`does not hold: ${said}`, () => {
    const { cases, failed } = report([`{ name: it, ${question}, expect: ${expect} }`]);
    const found = cases[0]!.differences.map((one) => `${one.field}: ${one.expected}, not ${one.actual}`);
    assert.deepEqual([found, failed], [[said], 1]);
  });

/** Mistakes in tests, with the place and what is said about them. */
const WRONG: readonly (readonly [text: string, said: string])[] = [
  [
    '{ name: a, call: { url: a }, expect: {} }',
    '6:36 spec.cases[0].expect: it expects nothing, so it would always pass; say what must come out',
  ],
  [
    '{ name: a, call: { ulr: x, url: a }, expect: {} }',
    "6:26 spec.cases[0].call.ulr: 'ulr' is not a field; did you mean 'url'?",
  ],
  [
    '{ name: a, call: { url: a }, expect: { tmeout: 5s } }',
    "6:46 spec.cases[0].expect.tmeout: 'tmeout' is not a field; did you mean 'timeout'?",
  ],
  [
    '{ name: a, call: { url: a, from: { servce: a } }, expect: {} }',
    "6:42 spec.cases[0].call.from.servce: 'servce' is not a field; did you mean 'service'?",
  ],
  [
    '{ name: a, exchange: { to: a }, expect: permit }',
    "6:39 spec.cases[0].expect: 'permit' is not allowed: expected 'allow' or 'deny' or an object",
  ],
  ['{ name: a, expect: allow }', "6:7 spec.cases[0]: 'call' or 'exchange' is missing: what is asked"],
  [
    '{ name: a, call: { url: a }, exchange: { to: a }, expect: {} }',
    "6:7 spec.cases[0]: a case asks about a 'call' or about an 'exchange', not about both; make it two cases",
  ],
  [
    '{ name: a, call: { url: a }, expect: { timeout: soon } }',
    "6:46 spec.cases[0].expect.timeout: 'soon' is not a duration; write e.g. 1.5s, 250ms or 1h",
  ],
];

for (const [text, said] of WRONG)
  test(`refused with its place: ${said}`, () => {
    const { valid, messages, cases } = report([text]);
    const found = messages.map(
      ({ file, line, column, path, message }) => `${file} ${line}:${column} ${path}: ${message}`,
    );
    assert.equal(valid, false);
    assert.deepEqual(cases, []);
    assert.equal(found[0], `test.yaml ${said}`);
  });

test('policy that could not be applied is an error, and no case is run', () => {
  const text = POLICY.replace('timeout: 5s', 'timeuot: 5s');
  const cases = testOf(['{ name: a, exchange: { to: "reviews:1" }, expect: deny }']);
  const { valid, messages, passed } = runPolicyTests([{ file: 'a.yaml', text: `${text}\n---\n${cases}` }]);
  assert.deepEqual([valid, passed, messages.map(({ path }) => path)], [false, 0, ['spec.http[3].timeuot']]);
  const twice = runPolicyTests([{ file: 'a.yaml', text: `${POLICY}---${POLICY}` }]);
  assert.deepEqual(
    twice.messages.map(({ code }) => code),
    Array(6).fill('HDL0004'),
  );
});

test('what holds for the whole mesh is said once for all cases', () => {
  const { cases } = report(
    [
      '{ name: a, call: { url: "https://example.com/" }, expect: { outcome: route } }',
      '{ name: b, exchange: { from: productpage, to: "reviews:9080" }, expect: { decision: allow, policy: readers } }',
    ],
    '  mesh: { outboundTrafficPolicy: ALLOW_ANY, trustDomain: other.example }\n',
  );
  assert.deepEqual(
    cases.flatMap(({ differences }) => differences),
    [],
  );
});

test('a case names its file and place, and a filter chooses among them', () => {
  const files = [
    { file: 'policy.yaml', text: POLICY },
    {
      file: 'list.json',
      text: JSON.stringify({
        apiVersion: 'v1',
        kind: 'List',
        items: [
          {
            apiVersion: 'heddle.dev/v1',
            kind: 'PolicyTest',
            metadata: { name: 'l', namespace: 'shop' },
            spec: {
              cases: [{ name: 'cart', exchange: { to: 'default/reviews:1', from: 'cart' }, expect: 'allow' }],
            },
          },
        ],
      }),
    },
    { file: 'test.yaml', text: testOf(['{ name: b, call: { url: a }, expect: { outcome: blocked } }']) },
  ];
  const all = runPolicyTests(files).cases.map(({ test: name, name: one, file, line, column, passed }) => [
    name,
    one,
    file,
    line,
    column,
    passed,
  ]);
  assert.deepEqual(all, [
    ['shop/l', 'cart', 'list.json', 1, 153, true],
    ['default/t', 'b', 'test.yaml', 6, 7, true],
  ]);
  const { passed, skipped, cases } = runPolicyTests(files, { filter: 'l: ca' });
  assert.deepEqual([passed, skipped, cases[0]?.name], [1, 1, 'cart']);
});

test('a test is no policy: parsing leaves it out with a remark, analysis says what is wrong with it', () => {
  const text = testOf(['{ name: a, call: { url: a }, expect: { to: 3 } }']);
  const { resources, messages } = parseResources([{ file: 'a.yaml', text }]);
  assert.deepEqual(
    [resources, messages.map(({ code, level }) => [code, level])],
    [[], [['HDL0003', 'info']]],
  );
  const { valid, messages: found } = analyze([{ file: 'a.yaml', text }]);
  assert.equal(valid, false);
  assert.ok(found.some(({ path }) => path === 'spec.cases[0].expect.to'));
});

test('whatever stands in a test, the answer is a report', () => {
  const words = fc.constantFrom(
    'a',
    'http://a/',
    'reviews:9080',
    '',
    '80',
    'none',
    '1s',
    'allow',
    'spiffe://a',
  );
  const value = fc.oneof(words, fc.integer(), fc.boolean(), fc.constant(null), fc.dictionary(words, words));
  const fieldsOf = (...names: string[]) =>
    fc.record(Object.fromEntries(names.map((name) => [name, value])), { requiredKeys: [] });
  const call = fieldsOf('from', 'url', 'method', 'headers', 'random', 'protocol', 'sni', 'claims');
  const exchange = fieldsOf('from', 'to', 'port', 'ip', 'path', 'headers', 'claims');
  const expect = fc.oneof(
    value,
    fieldsOf('to', 'shares', 'outcome', 'timeout', 'decision', 'mirrors', 'fault'),
  );
  const one = fc.record({ name: words, call, exchange, expect }, { requiredKeys: ['name', 'expect'] });
  fc.assert(
    fc.property(fc.array(fc.oneof(one, value), { maxLength: 3 }), (cases) => {
      const text = JSON.stringify({
        apiVersion: 'heddle.dev/v1',
        kind: 'PolicyTest',
        metadata: { name: 't' },
        spec: { cases },
      });
      const { valid, passed, failed, messages } = runPolicyTests([
        { file: 'policy.yaml', text: POLICY },
        { file: 'test.json', text },
      ]);
      assert.equal(valid, messages.length === 0);
      assert.equal(passed + failed, valid ? cases.length : 0);
    }),
    { numRuns: 30 },
  );
});
