/** The words of an explanation: what a person reads who asks why a call went where it went. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainOutbound } from './explain-outbound.js';
import { CALL, cluster, POLICY, rules, to, vs } from './explain-outbound-rows.test.helper.js';
import type { OutboundQuestion } from './outbound-question.js';

interface Row {
  readonly what: string;
  readonly policy: string;
  readonly call?: Partial<OutboundQuestion>;
  /** Lines that must be among the steps, in this order. */
  readonly says: readonly (string | RegExp)[];
  readonly saysNot?: RegExp;
}

const only = (match: string) => rules(`{ match: [${match}], route: [${to('v2')}] }`);
const failed = (why: string) => [`rule 1 of default/reviews (http[0]) did not match: ${why}`];

const TABLE: readonly Row[] = [
  {
    what: 'a header that is absent',
    policy: rules(
      `{ route: [${to('v1')}], match: [{ method: { exact: PUT } }] }, { name: user, match: [{ headers: { end-user: { exact: jason } } }], route: [${to('v2')}] }, { route: [${to('v1')}] }`,
    ),
    says: [
      'reviews is the host reviews.default.svc.cluster.local',
      'VirtualService default/reviews speaks for reviews.default.svc.cluster.local',
      'rule 1 of default/reviews (http[0]) did not match: method is "GET", expected "PUT"',
      'rule 2 of default/reviews (http[1], user) did not match: header end-user is absent, expected "jason"',
      'rule 3 of default/reviews (http[2]) matches',
      `the call goes to ${cluster('v1')}, least-request, TLS auto`,
      'the route sets no timeout',
      /^up to 2 retries on connect-failure.*, the default$/,
    ],
  },
  {
    what: 'a header with another value',
    policy: only('{ headers: { end-user: { prefix: jas } } }'),
    call: { headers: { 'End-User': 'ann' } },
    says: failed('header end-user is "ann", expected something that starts with "jas"'),
  },
  {
    what: 'the value of a credential is not told',
    policy: only('{ headers: { authorization: { regex: "Bearer x.*" }, cookie: { exact: a } } }'),
    call: { headers: { authorization: 'Bearer secret', cookie: 'secret' } },
    says: failed(
      'header authorization is there (its value is not shown), expected something that matches "Bearer x.*"',
    ),
    saysNot: /secret/,
  },
  {
    what: 'a header that should not be there',
    policy: only('{ withoutHeaders: { x-debug: {} } }'),
    call: { headers: { 'x-debug': '1' } },
    says: failed('header x-debug is "1", expected none'),
  },
  {
    what: 'a header that should have another value',
    policy: only('{ withoutHeaders: { x-debug: { exact: "1" } } }'),
    call: { headers: { 'x-debug': '1' } },
    says: failed('header x-debug is "1", expected anything but "1"'),
  },
  {
    what: 'a query parameter',
    policy: only('{ queryParams: { v: { exact: "2" } } }'),
    call: { path: '/a?v=1&v=2' },
    says: failed('query parameter v is "1", expected "2"'),
  },
  {
    what: 'the port',
    policy: rules(`{ match: [{ port: 80 }], route: [${to('v2')}] }`),
    says: [...failed('port is 9080, expected 80'), 'the call goes to the service itself'],
  },
  {
    what: 'the path in any case',
    policy: only('{ uri: { exact: /Login }, ignoreUriCase: true }'),
    says: failed('path is "/reviews/0", expected "/login" in any case'),
  },
  {
    what: 'the authority',
    policy: only('{ authority: { exact: reviews } }'),
    says: failed('authority is "reviews:9080", expected "reviews"'),
  },
  {
    what: 'rules that a delegate brings',
    policy:
      vs(
        '{ hosts: [reviews], http: [{ match: [{ uri: { prefix: /reviews } }], delegate: { name: leaf } }] }',
      ) +
      vs(
        `{ http: [{ match: [{ headers: { a: { exact: b } } }], route: [${to('v2')}] }, { route: [${to('v3')}] }] }`,
        'leaf',
      ),
    says: [
      'rule 1 of default/reviews (http[0], from its delegate default/leaf) did not match: header a is absent, expected "b"',
      'rule 1 of default/reviews (http[0], from its delegate default/leaf) matches',
    ],
  },
  {
    what: 'weights and draw',
    policy: rules(`{ route: [${to('v1', 80)}, ${to('v2', 20)}] }`),
    call: { random: 0.85 },
    says: [
      `drawn 0.85 by weight: 80 % ${cluster('v1')}, 20 % ${cluster('v2')}`,
      `the call goes to ${cluster('v2')}, least-request, TLS auto`,
    ],
  },
  {
    what: 'weights without a draw, each cluster with its state',
    policy: rules(`{ route: [${to('v1', 80)}, ${to('v9', 20)}] }`),
    says: [
      /^which cluster takes the call is drawn by weight: 80 %/,
      `${cluster('v1')}: least-request, TLS auto`,
      `${cluster('v9')} does not exist here (the DestinationRule that applies has no subset 'v9', only v1, v2, v3): 503, flag NC`,
    ],
  },
  {
    what: 'faults, whether they fire or not',
    policy: rules(
      `{ fault: { delay: { percentage: { value: 50 }, fixedDelay: 7s }, abort: { percentage: { value: 10 }, httpStatus: 503 } }, route: [${to('v1')}] }`,
    ),
    call: { random: 0.3 },
    says: [
      'fault: 50 % of the calls are delayed by 7000 ms (drawn 0.3): this one is (flag DI)',
      'fault: 10 % of the calls are aborted with 503 (drawn 0.3): this one is not',
    ],
  },
  {
    what: 'copies, timeout and retries',
    policy: rules(
      `{ timeout: 2s, retries: { attempts: 3, perTryTimeout: 500ms, retryOn: "reset,503" }, mirror: { host: reviews, subset: v3 }, mirrorPercentage: { value: 12.5 }, route: [${to('v1')}] }`,
    ),
    says: [
      `12.5 % of the calls are copied to ${cluster('v3')}; nobody waits for the copies`,
      'the whole call ends after 2000 ms, retries included',
      'up to 3 retries on reset, retriable-status-codes (503), each attempt ends after 500 ms',
    ],
  },
  {
    what: 'what is changed, without the values of headers',
    policy: rules(
      `{ match: [{ uri: { prefix: /reviews } }], rewrite: { uri: /r, authority: other }, headers: { request: { set: { x-key: secret }, remove: [x-old] }, response: { add: { x-by: secret } } }, route: [${to('v1')}] }`,
    ),
    says: [
      'the path "/reviews/0" becomes "/r/0"',
      'the authority "reviews:9080" becomes "other"',
      'headers of the request: removed x-old; set x-key',
      'headers of the response: added x-by',
    ],
    saysNot: /secret/,
  },
  {
    what: 'an origin that is allowed',
    policy: rules(`{ corsPolicy: { allowOrigins: [{ exact: "https://a" }] }, route: [${to('v1')}] }`),
    call: { headers: { Origin: 'https://a' } },
    says: ['CORS: the origin is allowed, and the response will say so'],
  },
  {
    what: 'an origin that is not',
    policy: rules(`{ corsPolicy: { allowOrigins: [{ exact: "https://a" }] }, route: [${to('v1')}] }`),
    call: { headers: { Origin: 'https://b' } },
    says: [/^CORS: the origin is not allowed; the call goes on/],
  },
  {
    what: 'a preflight',
    policy: rules(`{ corsPolicy: { allowOrigins: [{ exact: "https://a" }] }, route: [${to('v1')}] }`),
    call: {
      method: 'OPTIONS',
      headers: { origin: 'https://a', 'access-control-request-method': 'GET' },
    },
    says: ['CORS: a preflight, answered with 200 by the mesh itself; the service is not asked'],
  },
  {
    what: 'a VirtualService of another namespace that is not exported',
    policy: vs(
      '{ hosts: [details.default.svc.cluster.local], exportTo: ["."], http: [{ route: [{ destination: { host: details.default.svc.cluster.local } }] }] }',
      'hidden',
      'other',
    ),
    call: { authority: 'details:9080' },
    says: [
      'no VirtualService speaks for details.default.svc.cluster.local to this caller',
      'VirtualService other/hidden names it, but it is not exported to namespace default (exportTo: .)',
    ],
  },
  {
    what: 'a VirtualService for a gateway',
    policy: vs(
      '{ hosts: [details], gateways: [front], http: [{ route: [{ destination: { host: details } }] }] }',
      'edge',
    ),
    call: { authority: 'details:9080' },
    says: [
      "VirtualService default/edge names it, but it is for gateways front, not for the mesh's own workloads",
    ],
  },
  {
    what: "rules that are for other callers' labels",
    policy: rules(`{ match: [{ sourceLabels: { app: other } }], route: [${to('v2')}] }`),
    says: [/^VirtualService default\/reviews names it, but none of its rules is for this caller/],
  },
  {
    what: 'a second VirtualService for the host',
    policy:
      rules(`{ route: [${to('v1')}] }`) +
      vs(`{ hosts: [reviews], http: [{ route: [${to('v3')}] }] }`, 'second'),
    says: [
      /^VirtualService default\/second names it too, but default\/reviews names the host more closely or is older/,
    ],
  },
  {
    what: 'a destination that is misspelt',
    policy: vs('{ hosts: [ratings], http: [{ route: [{ destination: { host: detials } }] }] }'),
    call: { authority: 'ratings:9080' },
    says: [/no service of that name is in these files; did you mean details\.default/],
  },
  {
    what: 'a destination with a port that the service does not have',
    policy: vs(
      '{ hosts: [ratings], http: [{ route: [{ destination: { host: details, port: { number: 80 } } }] }] }',
    ),
    call: { authority: 'ratings:9080' },
    says: [/the service has no port 80, only 9080\): 503, flag NC$/],
  },
  {
    what: 'a subset that no endpoint of these files belongs to',
    policy: `---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: db }
spec: { hosts: [db.example], ports: [{ number: 80, name: http, protocol: HTTP }], resolution: STATIC, endpoints: [{ address: 10.0.0.1, labels: { version: v1 } }, { address: 10.0.0.2, labels: { version: v1 } }] }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: db }
spec: { host: db.example, subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }] }
${vs('{ hosts: [db.example], http: [{ match: [{ uri: { exact: /1 } }], route: [{ destination: { host: db.example, subset: v1 } }] }, { route: [{ destination: { host: db.example, subset: v2 } }] }] }', 'db')}`,
    call: { authority: 'db.example' },
    says: [/but none of the 2 endpoints in these files has version=v2: 503, flag UH$/],
  },
];

for (const { what, policy, call, says, saysNot } of TABLE)
  test(`a step tells of ${what}`, () => {
    const { steps } = explainOutbound([{ file: 'p.yaml', text: POLICY + policy }], { ...CALL, ...call });
    let from = 0;
    for (const wanted of says) {
      const at = steps.findIndex(
        (step, index) => index >= from && (typeof wanted === 'string' ? step === wanted : wanted.test(step)),
      );
      assert.ok(at >= 0, `${wanted} is not among the steps after ${from}:\n${steps.join('\n')}`);
      from = at + 1;
    }
    if (saysNot !== undefined) assert.doesNotMatch(steps.join('\n'), saysNot);
  });
