/** Expectations, one a row: those that hold, and what is said of those that do not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { report } from './run.test.helper.js';

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
