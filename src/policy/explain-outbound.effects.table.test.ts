/**
 * What a route does to a call, in the situations of Istio's own tests: weights, headers, timeouts, retries, faults, copies, CORS.
 * @source Istio `pilot/pkg/networking/core/route/route_test.go`, `route/retry/retry_test.go`
 */
import { cluster, row, rules, to } from './explain-outbound-rows.test.helper.js';

const forward = (more: string) => rules(`{ ${more}, route: [${to('v1')}] }`);
const split = (...weights: number[]) =>
  rules(`{ route: [${weights.map((weight, index) => to(`v${index + 1}`, weight)).join(', ')}] }`);
const shares = (...entries: [subset: string, weight: number][]) =>
  entries.map(([subset, weight]) => ({
    name: cluster(subset),
    host: 'reviews.default.svc.cluster.local',
    subset,
    port: 9080,
    weight,
  }));

row(
  'a single destination of weight 0 takes all',
  split(0),
  {},
  { clusters: shares(['v1', 1]), picked: cluster('v1') },
);
row(
  'weights need not add up to 100',
  split(1, 1, 2),
  { random: 0.5 },
  {
    clusters: shares(['v1', 0.25], ['v2', 0.25], ['v3', 0.5]),
    picked: cluster('v3'),
  },
);
row(
  'weights may be more than 100 together',
  split(300, 100),
  { random: 0.74 },
  {
    clusters: shares(['v1', 0.75], ['v2', 0.25]),
    picked: cluster('v1'),
  },
);
row(
  'thirds',
  split(1, 1, 1),
  { random: 0.34 },
  { clusters: shares(['v1', 1 / 3], ['v2', 1 / 3], ['v3', 1 / 3]), picked: cluster('v2') },
);
row(
  'a weight of 0 is left out',
  split(0, 60, 40),
  { random: 0 },
  { clusters: shares(['v2', 0.6], ['v3', 0.4]), picked: cluster('v2') },
);
row(
  'and what is left alone is certain',
  split(100, 0),
  {},
  { clusters: shares(['v1', 1]), picked: cluster('v1') },
);
row(
  'a destination without a weight among others has none',
  rules(`{ route: [{ destination: { host: reviews, subset: v1 } }, ${to('v2', 5)}] }`),
  {},
  {
    clusters: shares(['v2', 1]),
  },
);
row('a draw on the edge belongs to the next', split(50, 50), { random: 0.5 }, { picked: cluster('v2') });
row('without a draw none is picked', split(50, 50), {}, { outcome: 'route', picked: null });
row(
  'weights that are all 0 are refused, and the rule with them',
  split(0, 0),
  {},
  { virtualService: null, picked: cluster('') },
);

const RULE_AND_DESTINATION = (headers: string, others = '') =>
  rules(
    `{ headers: { request: { set: { x-both: rule, x-rule: "1" }, add: { x-add: rule }, remove: [x-gone] }, response: { set: { x-res: rule } } }, route: [{ destination: { host: reviews, subset: v1 }, ${headers} }${others}] }`,
  );
const DESTINATION =
  'headers: { request: { set: { x-both: destination }, add: { x-add: destination } }, response: { set: { x-res: destination } } }, weight: 100';
const SENT = { headers: { 'X-Gone': '1', 'X-Rule': '0', 'X-Add': 'caller' } };
const asSent = (headers: Readonly<Record<string, string | string[]>>) => ({
  request: { method: 'GET', scheme: 'http', authority: 'reviews:9080', path: '/reviews/0', headers },
});
row("with one destination its headers come after the rule's", RULE_AND_DESTINATION(DESTINATION), SENT, {
  ...asSent({ 'x-rule': '1', 'x-add': ['caller', 'rule', 'destination'], 'x-both': 'destination' }),
  responseHeaders: { set: { 'x-res': 'destination' }, add: {}, remove: [] },
});
row(
  "with several the rule's come last",
  RULE_AND_DESTINATION(DESTINATION, `, ${to('v2', 100)}`),
  { ...SENT, random: 0 },
  {
    ...asSent({ 'x-rule': '1', 'x-add': ['caller', 'destination', 'rule'], 'x-both': 'rule' }),
    responseHeaders: { set: { 'x-res': 'rule' }, add: {}, remove: [] },
  },
);
row(
  'a header that is removed and set is set',
  forward('headers: { request: { remove: [x-a], set: { x-a: new } } }'),
  { headers: { 'x-a': 'old' } },
  asSent({ 'x-a': 'new' }),
);
row(
  'a header that is set and added has both values',
  forward('headers: { request: { set: { x-a: one }, add: { x-a: two } } }'),
  { headers: { 'x-a': 'old' } },
  asSent({ 'x-a': ['one', 'two'] }),
);
row(
  'the authority cannot be removed',
  forward('headers: { request: { remove: [x-a] } }'),
  { headers: { 'x-a': '1' } },
  asSent({}),
);

row(
  'what rule and destination add to a response is a list',
  rules(
    '{ headers: { response: { add: { x: rule } } }, route: [{ destination: { host: reviews, subset: v1 }, headers: { response: { add: { x: dest } } } }] }',
  ),
  {},
  { responseHeaders: { set: {}, add: { x: 'rule, dest' }, remove: [] } },
);

row('no timeout unless one is set', forward('name: x'), {}, { timeoutMs: null });
row('a timeout in fractions', forward('timeout: 0.5s'), {}, { timeoutMs: 500 });
row('a timeout in minutes', forward('timeout: 1m30s'), {}, { timeoutMs: 90_000 });
row('a timeout of 0 is refused, and the rule with it', forward('timeout: 0s'), {}, { virtualService: null });

const retries = (what: string, policy: string, expected: object | null) =>
  row(`retries: ${what}`, forward(policy), {}, { retries: expected as never });
const DEFAULT_ON = [
  'connect-failure',
  'refused-stream',
  'unavailable',
  'cancelled',
  'retriable-status-codes',
];
retries('the default', 'name: x', { attempts: 2, perTryTimeoutMs: null, on: DEFAULT_ON });
retries('none for 0 attempts', 'retries: { attempts: 0 }', null);
retries('none without a number', 'retries: {}', null);
retries('the default conditions with another number', 'retries: { attempts: 5 }', {
  attempts: 5,
  perTryTimeoutMs: null,
  on: DEFAULT_ON,
});
retries(
  'conditions of their own',
  'retries: { attempts: 3, perTryTimeout: 2s, retryOn: "gateway-error,connect-failure" }',
  {
    attempts: 3,
    perTryTimeoutMs: 2000,
    on: ['gateway-error', 'connect-failure'],
  },
);
retries('status codes switch on their condition', 'retries: { attempts: 1, retryOn: "5xx,503" }', {
  attempts: 1,
  perTryTimeoutMs: null,
  on: ['5xx', 'retriable-status-codes'],
});
row(
  'retries: the default where nobody has a rule',
  '',
  { authority: 'details:9080' },
  {
    retries: { attempts: 2, perTryTimeoutMs: null, on: DEFAULT_ON },
    timeoutMs: null,
  },
);

const fault = (
  what: string,
  policy: string,
  random: number | undefined,
  expected: object | null,
  outcome = 'route',
) =>
  row(`fault: ${what}`, forward(`fault: ${policy}`), random === undefined ? {} : { random }, {
    fault: expected as never,
    outcome: outcome as never,
  });
fault('a delay without a share never fires', '{ delay: { fixedDelay: 1s } }', 0, null);
fault('a delay by the old share', '{ delay: { percent: 50, fixedDelay: 1s } }', 0.49, {
  delayMs: 1000,
  abortStatus: null,
  grpcStatus: null,
});
fault(
  'the new share goes before the old one',
  '{ delay: { percent: 100, percentage: { value: 0 }, fixedDelay: 1s } }',
  0,
  null,
);
fault('a share without a value is none', '{ abort: { percentage: {}, httpStatus: 500 } }', 0, null);
fault(
  'the smallest share',
  '{ abort: { percentage: { value: 0.0001 }, httpStatus: 500 } }',
  0.0000009,
  { delayMs: null, abortStatus: 500, grpcStatus: null },
  'abort',
);
fault(
  'just above the smallest share',
  '{ abort: { percentage: { value: 0.0001 }, httpStatus: 500 } }',
  0.000001,
  null,
);
fault(
  'all calls, and no draw is needed',
  '{ abort: { percentage: { value: 100 }, httpStatus: 500 } }',
  undefined,
  { delayMs: null, abortStatus: 500, grpcStatus: null },
  'abort',
);
fault(
  'some calls, and no draw was given',
  '{ abort: { percentage: { value: 99 }, httpStatus: 500 } }',
  undefined,
  null,
);
fault(
  'an abort without a status does nothing',
  '{ abort: { percentage: { value: 100 } }, delay: { percentage: { value: 100 }, fixedDelay: 2s } }',
  0,
  { delayMs: 2000, abortStatus: null, grpcStatus: null },
);
fault(
  'delay and abort',
  '{ abort: { percentage: { value: 100 }, grpcStatus: NOT_FOUND }, delay: { percentage: { value: 100 }, fixedDelay: 2s } }',
  0,
  { delayMs: 2000, abortStatus: null, grpcStatus: 'NOT_FOUND' },
  'abort',
);

const mirrors = (what: string, policy: string, expected: [subset: string, percentage: number][]) =>
  row(
    `copies: ${what}`,
    forward(policy),
    {},
    {
      mirrors: expected.map(([subset, percentage]) => ({ cluster: cluster(subset), percentage })),
    },
  );
mirrors('all of the calls', 'mirror: { host: reviews, subset: v2 }', [['v2', 100]]);
mirrors('a share', 'mirror: { host: reviews, subset: v2 }, mirrorPercentage: { value: 0.5 }', [['v2', 0.5]]);
mirrors('a share of 0', 'mirror: { host: reviews, subset: v2 }, mirrorPercentage: { value: 0 }', []);
mirrors('a share without a value is 0', 'mirror: { host: reviews, subset: v2 }, mirrorPercentage: {}', []);
mirrors('the old share', 'mirror: { host: reviews, subset: v2 }, mirrorPercent: 20', [['v2', 20]]);
mirrors(
  'the new share goes before the old one',
  'mirror: { host: reviews, subset: v2 }, mirrorPercent: 20, mirrorPercentage: { value: 30 }',
  [['v2', 30]],
);
mirrors(
  'several',
  'mirrors: [{ destination: { host: reviews, subset: v2 }, percentage: { value: 1 } }, { destination: { host: reviews, subset: v3 } }]',
  [
    ['v2', 1],
    ['v3', 100],
  ],
);

row(
  'CORS: what browsers are told',
  forward(
    'corsPolicy: { allowOrigins: [{ prefix: "https://a" }, { regex: "https://b.*" }], unmatchedPreflights: IGNORE, exposeHeaders: [x-a], maxAge: 61s, allowCredentials: true }',
  ),
  {},
  {
    cors: {
      allowOrigins: [{ prefix: 'https://a' }, { regex: 'https://b.*' }],
      allowMethods: [],
      allowHeaders: [],
      exposeHeaders: ['x-a'],
      maxAgeSeconds: 61,
      allowCredentials: true,
      unmatchedPreflights: 'IGNORE',
    },
  },
);
row(
  'CORS: an origin that is not allowed is not stopped',
  forward('corsPolicy: { allowOrigins: [{ exact: "https://a" }] }'),
  { headers: { origin: 'https://evil' } },
  {
    outcome: 'route',
    picked: cluster('v1'),
  },
);

row(
  'a destination whose subset does not exist is picked all the same',
  rules(`{ route: [${to('v9')}] }`),
  {},
  { outcome: 'route', picked: cluster('v9') },
);
row(
  'a destination nobody knows keeps the port that was called',
  rules('{ route: [{ destination: { host: nobody.example } }] }'),
  {},
  { picked: 'outbound|9080||nobody.example' },
);
row(
  'a destination of one port goes to that port',
  rules('{ route: [{ destination: { host: details } }] }'),
  { authority: 'reviews' },
  { picked: cluster('', 'details') },
);
row(
  'the port that is written goes before the only one',
  rules('{ route: [{ destination: { host: details, port: { number: 81 } } }] }'),
  {},
  { picked: 'outbound|81||details.default.svc.cluster.local' },
);
