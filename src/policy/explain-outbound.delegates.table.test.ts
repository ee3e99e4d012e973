/**
 * Delegates in the situations of Istio's own tests: which conditions go together, what the root fills in, and who may be a delegate.
 * @source Istio `pilot/pkg/model/virtualservice_test.go` TestMergeHTTPRoutes, TestMergeHTTPMatchRequests, TestHasConflict
 */
import { cluster, row, to, vs } from './explain-outbound-rows.test.helper.js';

const ROOT = (rule: string, after = `{ route: [${to('v3')}] }`) =>
  vs(`{ hosts: [reviews], http: [{ ${rule} delegate: { name: leaf } }, ${after}] }`, 'root');
const LEAF = (rules: string, more = '') => vs(`{ ${more} http: [${rules}] }`, 'leaf');
const leaf = (match: string) => LEAF(`{ ${match} route: [${to('v1')}] }`);
const pair = (root: string, own: string) =>
  ROOT(root === '' ? '' : `match: [${root}],`) + leaf(own === '' ? '' : `match: [${own}],`);
/** The delegate's rule stands, or it does not and the root's next one takes the call. */
const LEAF_TAKES = {
  picked: cluster('v1'),
  virtualService: 'default/root',
  route: { index: 0, name: null },
} as const;
const NEXT = { picked: cluster('v3'), route: { index: 1, name: null } } as const;

const cases: [what: string, root: string, leaf: string, call: object, takes: boolean][] = [
  ['no conditions at all', '', '', {}, true],
  ["the root's conditions alone", '{ uri: { prefix: /a } }', '', { path: '/a' }, true],
  ["and the call is not the root's", '{ uri: { prefix: /a } }', '', { path: '/b' }, false],
  ["the delegate's conditions alone", '', '{ uri: { prefix: /a } }', { path: '/a/b' }, true],
  ['a longer prefix', '{ uri: { prefix: /a } }', '{ uri: { prefix: /a/b } }', { path: '/a/b' }, true],
  [
    'the longer prefix is what is asked',
    '{ uri: { prefix: /a } }',
    '{ uri: { prefix: /a/b } }',
    { path: '/a/c' },
    false,
  ],
  ['a shorter prefix', '{ uri: { prefix: /a/b } }', '{ uri: { prefix: /a } }', { path: '/a/b' }, false],
  [
    'an exact path under a prefix',
    '{ uri: { prefix: /a } }',
    '{ uri: { exact: /a/b } }',
    { path: '/a/b' },
    true,
  ],
  ['an exact path elsewhere', '{ uri: { prefix: /a } }', '{ uri: { exact: /b } }', { path: '/b' }, false],
  [
    'a prefix where the root is exact',
    '{ uri: { exact: /a } }',
    '{ uri: { prefix: /a } }',
    { path: '/a' },
    false,
  ],
  ['the same exact path', '{ uri: { exact: /a } }', '{ uri: { exact: /a } }', { path: '/a' }, true],
  [
    'expressions on both sides, though they are the same',
    '{ uri: { regex: "/a.*" } }',
    '{ uri: { regex: "/a.*" } }',
    { path: '/ab' },
    false,
  ],
  [
    'an expression of the root against a prefix',
    '{ uri: { regex: "/a.*" } }',
    '{ uri: { prefix: /ab } }',
    { path: '/ab' },
    false,
  ],
  [
    'an expression of the delegate against a prefix',
    '{ uri: { prefix: /a } }',
    '{ uri: { regex: "/a.*" } }',
    { path: '/ab' },
    false,
  ],
  [
    'an expression of the root alone',
    '{ uri: { regex: "^/productpage" } }',
    '{ headers: { a: { exact: b } } }',
    { path: '/productpage', headers: { a: 'b' } },
    true,
  ],
  [
    'an expression of the delegate alone',
    '{ headers: { a: { exact: b } } }',
    '{ uri: { regex: "/p.*" } }',
    { path: '/page', headers: { a: 'b' } },
    true,
  ],
  [
    'headers of both',
    '{ headers: { h1: { exact: a } } }',
    '{ headers: { h2: { exact: b } } }',
    { headers: { h1: 'a', h2: 'b' } },
    true,
  ],
  [
    'headers of both, and one is missing',
    '{ headers: { h1: { exact: a } } }',
    '{ headers: { h2: { exact: b } } }',
    { headers: { h2: 'b' } },
    false,
  ],
  [
    'the same header with another value',
    '{ headers: { h: { exact: a } } }',
    '{ headers: { h: { exact: b } } }',
    { headers: { h: 'b' } },
    false,
  ],
  [
    'the same header narrowed',
    '{ headers: { h: { prefix: a } } }',
    '{ headers: { h: { exact: ab } } }',
    { headers: { h: 'ab' } },
    true,
  ],
  [
    'the same header widened',
    '{ headers: { h: { prefix: ab } } }',
    '{ headers: { h: { prefix: a } } }',
    { headers: { h: 'ab' } },
    false,
  ],
  [
    'a header that is asked for by presence only',
    '{ headers: { h: {} } }',
    '{ headers: { h: { exact: a } } }',
    { headers: { h: 'a' } },
    false,
  ],
  [
    'without the same header with another value',
    '{ withoutHeaders: { h: { exact: a } } }',
    '{ withoutHeaders: { h: { exact: b } } }',
    {},
    false,
  ],
  [
    'query parameters of both',
    '{ queryParams: { q: { exact: a } } }',
    '{ queryParams: { r: { exact: b } } }',
    { path: '/?q=a&r=b' },
    true,
  ],
  [
    'the same query parameter with another value',
    '{ queryParams: { q: { exact: a } } }',
    '{ queryParams: { q: { exact: b } } }',
    { path: '/?q=b' },
    false,
  ],
  ['another method', '{ method: { exact: GET } }', '{ method: { exact: POST } }', { method: 'POST' }, false],
  ['another scheme', '{ scheme: { exact: https } }', '{ scheme: { exact: http } }', {}, false],
  ['another authority', '{ authority: { exact: a } }', '{ authority: { exact: "reviews:9080" } }', {}, false],
  [
    'another answer to whether case counts',
    '{ uri: { prefix: /a }, ignoreUriCase: true }',
    '{ uri: { prefix: /a } }',
    { path: '/a' },
    false,
  ],
  ['the same port', '{ port: 9080 }', '{ port: 9080 }', {}, true],
  ['a port of the root alone', '{ port: 9080 }', '{ uri: { prefix: / } }', {}, true],
  ['a port of the delegate alone', '{ uri: { prefix: / } }', '{ port: 9080 }', {}, true],
  ['another port', '{ port: 80 }', '{ port: 9080 }', {}, false],
  [
    'labels of both',
    '{ sourceLabels: { app: productpage } }',
    '{ sourceLabels: { version: v1 } }',
    { source: { labels: { app: 'productpage', version: 'v1' } } },
    true,
  ],
  [
    'the same label with another value',
    '{ sourceLabels: { app: other } }',
    '{ sourceLabels: { app: productpage } }',
    {},
    false,
  ],
  ['the same namespace', '{ sourceNamespace: default }', '{ sourceNamespace: default }', {}, true],
  [
    'a namespace that the delegate does not repeat',
    '{ sourceNamespace: default }',
    '{ uri: { prefix: / } }',
    {},
    false,
  ],
  ['a namespace of the delegate alone', '{ uri: { prefix: / } }', '{ sourceNamespace: default }', {}, true],
  ["gateways that are some of the root's", '{ gateways: [mesh, front] }', '{ gateways: [mesh] }', {}, true],
  ["gateways that are not among the root's", '{ gateways: [front] }', '{ gateways: [mesh] }', {}, false],
  ['more gateways than the root has', '{ gateways: [mesh] }', '{ gateways: [mesh, front] }', {}, false],
  [
    "two matches of the root, and the delegate's fits one",
    '{ uri: { prefix: /a } }, { uri: { prefix: /b } }',
    '{ uri: { prefix: /b/c } }',
    { path: '/b/c' },
    true,
  ],
  [
    "two matches of the delegate, and one fits none of the root's",
    '{ uri: { prefix: /a } }',
    '{ uri: { prefix: /a/b } }, { uri: { prefix: /c } }',
    { path: '/a/b' },
    false,
  ],
  [
    'each pair that fits is a match',
    '{ headers: { h: { exact: a } } }, { headers: { i: { exact: b } } }',
    '{ uri: { prefix: /x } }, { uri: { prefix: /y } }',
    { path: '/y', headers: { i: 'b' } },
    true,
  ],
];
for (const [what, root, own, call, takes] of cases)
  row(
    `${what}: ${takes ? 'the delegate takes the call' : 'it does not'}`,
    pair(root, own),
    call,
    takes ? LEAF_TAKES : NEXT,
  );

row(
  'names are joined',
  ROOT('name: r, match: [{ name: m, uri: { prefix: / } }],') +
    LEAF(`{ name: l, match: [{ name: n, uri: { prefix: / } }], route: [${to('v1')}] }`),
  {},
  {
    route: { index: 0, name: 'r-l.m-n' },
  },
);
row(
  "the root's name where the delegate has none",
  ROOT('name: r,') + leaf(''),
  {},
  { route: { index: 0, name: 'r' } },
);
row(
  "the delegate's name where the root has none",
  ROOT('') + leaf('name: l,'),
  {},
  { route: { index: 0, name: 'l' } },
);

const FILLED =
  'timeout: 1s, retries: { attempts: 4 }, fault: { delay: { percentage: { value: 100 }, fixedDelay: 1s } }, headers: { response: { set: { a: root } } }, mirror: { host: reviews, subset: v2 }, mirrorPercentage: { value: 10 }, corsPolicy: { allowCredentials: true }, rewrite: { uri: /root },';
row(
  'the root fills in what the delegate leaves open',
  ROOT(FILLED) + leaf(''),
  {},
  {
    timeoutMs: 1000,
    fault: { delayMs: 1000, abortStatus: null, grpcStatus: null },
    responseHeaders: { set: { a: 'root' }, add: {}, remove: [] },
    mirrors: [{ cluster: cluster('v2'), percentage: 10 }],
    retries: {
      attempts: 4,
      perTryTimeoutMs: null,
      on: ['connect-failure', 'refused-stream', 'unavailable', 'cancelled', 'retriable-status-codes'],
    },
  },
);
row(
  'a block of the delegate replaces the whole block of the root',
  ROOT(FILLED) +
    leaf(
      'timeout: 2s, headers: { request: { set: { b: leaf } } }, fault: { abort: { percentage: { value: 100 }, httpStatus: 418 } }, rewrite: { authority: leaf.example },',
    ),
  {},
  {
    outcome: 'abort',
    timeoutMs: 2000,
    fault: { delayMs: null, abortStatus: 418, grpcStatus: null },
    responseHeaders: { set: {}, add: {}, remove: [] },
  },
);
row(
  "several rules of a delegate keep their order, and the place of the root's",
  ROOT('match: [{ uri: { prefix: /a } }],') +
    LEAF(`{ match: [{ uri: { prefix: /a/b } }], route: [${to('v1')}] }, { route: [${to('v2')}] }`),
  { path: '/a/c' },
  {
    picked: cluster('v2'),
    route: { index: 0, name: null },
  },
);
row(
  'what a delegate does not take goes to the next rule of the root',
  ROOT('match: [{ uri: { prefix: /a } }],') +
    LEAF(`{ match: [{ uri: { prefix: /a/b } }], route: [${to('v1')}] }`),
  { path: '/a/c' },
  NEXT,
);
row('a delegate that is not there takes only its rule away', ROOT(''), {}, NEXT);
row(
  'a delegate that is not shown to the root takes only its rule away',
  vs(
    `{ hosts: [reviews], http: [{ delegate: { name: leaf, namespace: other } }, { route: [${to('v3')}] }] }`,
    'root',
  ) +
    vs(
      `{ exportTo: ["."], http: [{ route: [{ destination: { host: reviews.default.svc.cluster.local, subset: v1 } }] }] }`,
      'leaf',
      'other',
    ),
  {},
  NEXT,
);
row(
  'a delegate of another namespace that is shown to the root',
  vs(
    `{ hosts: [reviews], http: [{ delegate: { name: leaf, namespace: other } }, { route: [${to('v3')}] }] }`,
    'root',
  ) +
    vs(
      `{ exportTo: [default], http: [{ route: [{ destination: { host: reviews.default.svc.cluster.local, subset: v1 } }] }] }`,
      'leaf',
      'other',
    ),
  {},
  LEAF_TAKES,
);
row(
  'a short name in a delegate is of its own namespace',
  vs('{ hosts: [reviews], http: [{ delegate: { name: leaf, namespace: other } }] }', 'root') +
    vs('{ http: [{ route: [{ destination: { host: reviews } }] }] }', 'leaf', 'other'),
  {},
  {
    picked: 'outbound|9080||reviews.other.svc.cluster.local',
  },
);
row(
  'one with hosts is no delegate',
  ROOT('') + vs(`{ hosts: [elsewhere], http: [{ route: [${to('v1')}] }] }`, 'leaf'),
  {},
  NEXT,
);
row('a delegate by itself speaks for nobody', leaf(''), {}, { virtualService: null, picked: cluster('') });
row(
  'a delegate of a delegate is left out',
  ROOT('') +
    vs('{ http: [{ delegate: { name: deeper } }] }', 'leaf') +
    vs(`{ http: [{ route: [${to('v1')}] }] }`, 'deeper'),
  {},
  NEXT,
);
