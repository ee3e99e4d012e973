/**
 * What becomes of calls under the rules of Istio's own documentation, and that every answer has the shape of the contract: all fields,
 * null where nothing is to be said, names of headers in lower case, shares that add up to 1.
 * @source Istio `networking/v1alpha3/virtual_service.proto` (examples), tasks/traffic-management
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { explainOutbound } from './explain-outbound.js';
import { contract } from './outbound-contract.test.helper.js';
import type { OutboundExplanation, OutboundQuestion } from './outbound-question.js';

const SERVICES = ['reviews', 'ratings', 'details']
  .map(
    (name) =>
      `apiVersion: v1\nkind: Service\nmetadata: { name: ${name} }\nspec: { ports: [{ port: 9080, name: http }] }\n`,
  )
  .join('---\n');
const SUBSETS = `---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: reviews }
spec: { host: reviews, subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }, { name: v3, labels: { version: v3 } }] }
---
`;
const vs = (spec: string, name = 'reviews', namespace = 'default') =>
  `---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: ${spec}\n`;
const to = (subset: string, weight = 1) =>
  `{ destination: { host: reviews, subset: ${subset} }, weight: ${weight} }`;
const rules = (http: string) => vs(`{ hosts: [reviews], http: [${http}] }`);
const cluster = (subset: string, name = 'reviews') =>
  `outbound|9080|${subset}|${name}.default.svc.cluster.local`;
const CALL: OutboundQuestion = {
  source: { namespace: 'default', labels: { app: 'productpage' }, service: 'productpage' },
  method: 'GET',
  scheme: 'http',
  authority: 'reviews:9080',
  path: '/reviews/0',
  headers: {},
};

function row(
  what: string,
  policy: string,
  call: Partial<OutboundQuestion>,
  expected: Partial<OutboundExplanation>,
): void {
  test(what, () => {
    const answer = explainOutbound([{ file: 'p.yaml', text: SERVICES + SUBSETS + policy }], {
      ...CALL,
      ...call,
    });
    const { error } = contract.safeParse(JSON.parse(JSON.stringify(answer)));
    assert.equal(error, undefined, error && z.prettifyError(error));
    for (const name of Object.keys(answer.request.headers)) assert.equal(name, name.toLowerCase());
    if (answer.clusters.length > 0)
      assert.ok(Math.abs(answer.clusters.reduce((sum, { weight }) => sum + weight, 0) - 1) < 1e-9);
    if (answer.picked !== null) assert.ok(answer.clusters.some(({ name }) => name === answer.picked));
    for (const [field, value] of Object.entries(expected))
      assert.deepEqual(
        answer[field as keyof OutboundExplanation],
        value,
        `${field}: ${answer.steps.join('\n')}`,
      );
  });
}

const CATALOG = rules(
  `{ name: v2-routes, match: [{ uri: { prefix: /wpcatalog } }, { uri: { prefix: /consumercatalog } }], rewrite: { uri: /newcatalog }, route: [${to('v2')}] }, { name: v1-route, route: [${to('v1')}] }`,
);
row(
  'a prefix is rewritten and its rule named',
  CATALOG,
  { path: '/wpcatalog/a?b=c' },
  {
    outcome: 'route',
    route: { index: 0, name: 'v2-routes' },
    picked: cluster('v2'),
    request: {
      method: 'GET',
      scheme: 'http',
      authority: 'reviews:9080',
      path: '/newcatalog/a?b=c',
      headers: { 'x-envoy-original-path': '/wpcatalog/a?b=c' },
    },
  },
);
row(
  'the second match of a rule has the same index',
  CATALOG,
  { path: '/consumercatalog' },
  {
    route: { index: 0, name: 'v2-routes' },
    picked: cluster('v2'),
  },
);
row(
  'the last rule takes the rest',
  CATALOG,
  { path: '/' },
  {
    route: { index: 1, name: 'v1-route' },
    picked: cluster('v1'),
  },
);

const JASON = rules(
  `{ match: [{ headers: { end-user: { exact: jason } } }], route: [${to('v2')}] }, { route: [${to('v1')}] }`,
);
row(
  'a user is routed by header, in any case of its name',
  JASON,
  { headers: { 'End-User': 'jason' } },
  {
    picked: cluster('v2'),
  },
);
row('another user is not', JASON, { headers: { 'end-user': 'JASON' } }, { picked: cluster('v1') });
row(
  'a cookie is matched as a whole',
  rules(
    `{ match: [{ headers: { cookie: { regex: "^(.*?;)?(user=jason)(;.*)?$" } } }], route: [${to('v2')}] }, { route: [${to('v1')}] }`,
  ),
  { headers: { cookie: 'a=b;user=jason;c=d' } },
  { picked: cluster('v2') },
);
row(
  'a method is matched by its pseudo-header',
  rules(`{ match: [{ headers: { ":method": { exact: POST } } }], route: [${to('v2')}] }`),
  { method: 'POST' },
  { picked: cluster('v2') },
);

const SPLIT = rules(`{ route: [${to('v2', 25)}, ${to('v1', 75)}] }`);
for (const [random, picked] of [
  [0, 'v2'],
  [0.249, 'v2'],
  [0.25, 'v1'],
  [0.999, 'v1'],
] as const)
  row(
    `with weights 25 and 75 a draw of ${random} is ${picked}`,
    SPLIT,
    { random },
    { picked: cluster(picked) },
  );
row('without a draw nothing is picked', SPLIT, {}, { outcome: 'route', picked: null });

row(
  'headers of the rule and of its destination go together',
  rules(
    `{ headers: { request: { set: { test: "true" } } }, route: [{ destination: { host: reviews, subset: v2 }, weight: 25 }, { destination: { host: reviews, subset: v1 }, headers: { response: { remove: [Foo] } }, weight: 75 }] }`,
  ),
  { random: 0.5 },
  {
    picked: cluster('v1'),
    responseHeaders: { set: {}, add: {}, remove: ['foo'] },
    request: {
      method: 'GET',
      scheme: 'http',
      authority: 'reviews:9080',
      path: '/reviews/0',
      headers: { test: 'true' },
    },
  },
);

row(
  'a redirect names path and host',
  vs(
    '{ hosts: [ratings], http: [{ match: [{ uri: { exact: /v1/getProductRatings } }], redirect: { uri: /v1/bookRatings, authority: newratings.default.svc.cluster.local } }] }',
  ),
  { authority: 'ratings:9080', path: '/v1/getProductRatings' },
  {
    outcome: 'redirect',
    redirect: { status: 301, location: 'http://newratings.default.svc.cluster.local/v1/bookRatings' },
    clusters: [],
    picked: null,
    retries: null,
    timeoutMs: null,
    directResponse: null,
  },
);
row(
  'a redirect puts a prefix in the place of a prefix',
  vs(
    '{ hosts: [ratings], http: [{ match: [{ uri: { prefix: /old } }], redirect: { prefixRewrite: /new, redirectCode: 308 } }] }',
  ),
  { authority: 'ratings:9080', path: '/old/a?b' },
  { outcome: 'redirect', redirect: { status: 308, location: 'http://ratings:9080/new/a?b' } },
);
row(
  'an answer of the mesh itself',
  vs(
    '{ hosts: [ratings], http: [{ match: [{ uri: { exact: /v1/x } }], directResponse: { status: 503, body: { string: unknown error } } }] }',
  ),
  { authority: 'ratings:9080', path: '/v1/x' },
  {
    outcome: 'directResponse',
    directResponse: { status: 503, body: 'unknown error' },
    clusters: [],
    picked: null,
  },
);
row(
  'an answer without a body has an empty one',
  vs('{ hosts: [ratings], http: [{ directResponse: { status: 200 } }] }'),
  { authority: 'ratings:9080' },
  { directResponse: { status: 200, body: '' } },
);

row(
  'a timeout and three attempts',
  rules(
    `{ timeout: 5s, retries: { attempts: 3, perTryTimeout: 2s, retryOn: "gateway-error,connect-failure,refused-stream" }, route: [${to('v1')}] }`,
  ),
  {},
  {
    timeoutMs: 5000,
    retries: {
      attempts: 3,
      perTryTimeoutMs: 2000,
      on: ['gateway-error', 'connect-failure', 'refused-stream'],
    },
  },
);
row(
  'no timeout, and the retries that everybody has',
  rules(`{ route: [${to('v1')}] }`),
  {},
  {
    timeoutMs: null,
    retries: {
      attempts: 2,
      perTryTimeoutMs: null,
      on: ['connect-failure', 'refused-stream', 'unavailable', 'cancelled', 'retriable-status-codes'],
    },
  },
);
row(
  'retries are switched off',
  rules(`{ retries: { attempts: 0 }, route: [${to('v1')}] }`),
  {},
  { retries: null },
);

const DELAY = rules(
  `{ fault: { delay: { percentage: { value: 0.1 }, fixedDelay: 5s } }, route: [${to('v1')}] }`,
);
row(
  'one call in a thousand is delayed',
  DELAY,
  { random: 0.0009 },
  {
    outcome: 'route',
    fault: { delayMs: 5000, abortStatus: null, grpcStatus: null },
    picked: cluster('v1'),
  },
);
row('the others are not', DELAY, { random: 0.001 }, { outcome: 'route', fault: null });
const ABORT = rules(
  `{ fault: { abort: { percentage: { value: 0.1 }, httpStatus: 400 } }, route: [${to('v1')}] }`,
);
row(
  'one call in a thousand is aborted',
  ABORT,
  { random: 0 },
  {
    outcome: 'abort',
    fault: { delayMs: null, abortStatus: 400, grpcStatus: null },
  },
);
row('and the rest goes on', ABORT, { random: 0.5 }, { outcome: 'route', fault: null });
row(
  'a gRPC call is aborted with a name',
  rules(
    `{ fault: { abort: { percentage: { value: 100 }, grpcStatus: UNAVAILABLE } }, route: [${to('v1')}] }`,
  ),
  {},
  {
    outcome: 'abort',
    fault: { delayMs: null, abortStatus: null, grpcStatus: 'UNAVAILABLE' },
  },
);
row(
  'one draw serves delay, abort and weights',
  rules(
    `{ fault: { delay: { percentage: { value: 50 }, fixedDelay: 7s }, abort: { percentage: { value: 30 }, httpStatus: 500 } }, route: [${to('v1', 50)}, ${to('v2', 50)}] }`,
  ),
  { random: 0.4 },
  {
    outcome: 'route',
    fault: { delayMs: 7000, abortStatus: null, grpcStatus: null },
    picked: cluster('v1'),
  },
);
row(
  'a fault without a share never fires',
  rules(`{ fault: { abort: { httpStatus: 500 } }, route: [${to('v1')}] }`),
  { random: 0 },
  { outcome: 'route', fault: null },
);

row(
  'every call is copied unless a share is said',
  rules(`{ mirror: { host: reviews, subset: v2 }, route: [${to('v1')}] }`),
  {},
  {
    mirrors: [{ cluster: cluster('v2'), percentage: 100 }],
  },
);
row(
  'copies have shares of their own',
  rules(
    `{ mirrors: [{ destination: { host: reviews, subset: v2 }, percentage: { value: 50 } }, { destination: { host: ratings }, percentage: { value: 0 } }, { destination: { host: details } }], route: [${to('v1')}] }`,
  ),
  {},
  {
    mirrors: [
      { cluster: cluster('v2'), percentage: 50 },
      { cluster: cluster('', 'details'), percentage: 100 },
    ],
  },
);
row(
  'a CORS policy is told in full',
  rules(
    `{ corsPolicy: { allowOrigins: [{ exact: "https://example.com" }], allowMethods: [POST, GET], allowCredentials: false, allowHeaders: [X-Foo-Bar], maxAge: 24h }, route: [${to('v1')}] }`,
  ),
  {},
  {
    cors: {
      allowOrigins: [{ exact: 'https://example.com' }],
      allowMethods: ['POST', 'GET'],
      allowHeaders: ['X-Foo-Bar'],
      exposeHeaders: [],
      maxAgeSeconds: 86_400,
      allowCredentials: false,
      unmatchedPreflights: 'FORWARD',
    },
  },
);

row(
  'no rule for the call is no route, and nothing behind it is asked',
  rules(`{ match: [{ uri: { prefix: /x } }], route: [${to('v1')}] }`),
  {},
  {
    outcome: 'noRoute',
    virtualService: 'default/reviews',
    route: null,
    clusters: [],
    picked: null,
  },
);
row(
  'a host that nobody knows is blocked',
  '',
  { authority: 'nobody.example' },
  {
    outcome: 'blocked',
    virtualService: null,
    route: null,
    clusters: [],
  },
);
row(
  'a host without rules has its own cluster, its retries and no rule',
  '',
  { authority: 'details:9080' },
  {
    outcome: 'route',
    virtualService: null,
    route: null,
    clusters: [
      {
        name: cluster('', 'details'),
        host: 'details.default.svc.cluster.local',
        subset: '',
        port: 9080,
        weight: 1,
      },
    ],
    picked: cluster('', 'details'),
  },
);
row(
  'a name with a dot is not made longer',
  vs(`{ hosts: [reviews.other], http: [{ route: [${to('v1')}] }] }`),
  {},
  {
    virtualService: null,
  },
);
row(
  'a second VirtualService for a host is not heard',
  JASON + vs(`{ hosts: [reviews], http: [{ route: [${to('v3')}] }] }`, 'second'),
  { headers: { 'end-user': 'x' } },
  {
    virtualService: 'default/reviews',
    picked: cluster('v1'),
  },
);
row(
  'a list of gateways masks the labels of callers',
  rules(`{ match: [{ gateways: [mesh], sourceLabels: { app: other } }], route: [${to('v2')}] }`),
  {},
  {
    picked: cluster('v2'),
  },
);
row(
  'labels of callers are asked otherwise',
  rules(`{ match: [{ sourceLabels: { app: other } }], route: [${to('v2')}] }, { route: [${to('v1')}] }`),
  {},
  {
    picked: cluster('v1'),
  },
);
row(
  'a call over HTTPS keeps its scheme and has port 443',
  `---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: wiki }
spec: { hosts: ["*.wikipedia.org"], ports: [{ number: 443, name: https, protocol: HTTPS }] }
`,
  { scheme: 'https', authority: 'en.wikipedia.org' },
  {
    outcome: 'route',
    clusters: [
      { name: 'outbound|443||*.wikipedia.org', host: '*.wikipedia.org', subset: '', port: 443, weight: 1 },
    ],
  },
);
