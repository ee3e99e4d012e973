/**
 * What becomes of calls under the rules of Istio's own documentation: what a rule does with the calls that it takes.
 * @source Istio `networking/v1alpha3/virtual_service.proto` (examples), tasks/traffic-management
 */
import { cluster, row, rules, to, vs } from './explain-outbound-rows.test.helper.js';

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
