/**
 * Telemetry against Istio's own validation.
 * @source Istio `pkg/config/validation/validation.go` ValidateTelemetry, `validation_istiod.go` validateTelemetryFilter; the rules in its
 *   resource definitions
 */
import { table } from './table.test.helper.js';

table('Telemetry', [
  ['valid', 'nothing', '{}'],
  ['valid', 'empty lists', '{ tracing: [], metrics: [], accessLogging: [] }'],
  ['valid', 'empty blocks', '{ tracing: [{}], metrics: [{}, {}], accessLogging: [{}, {}] }'],
  ['warning', 'two blocks of traces', '{ tracing: [{}, {}] }'],
  ['invalid', 'a block of null', '{ metrics: [null] }'],
  ['valid', 'a selector', '{ selector: { matchLabels: { app: a } } }'],
  ['warning', 'a selector without labels', '{ selector: {} }'],
  ['invalid', 'a selector with a wildcard', '{ selector: { matchLabels: { app: "*" } } }'],
  ['invalid', 'a selector with an empty key', '{ selector: { matchLabels: { "": a } } }'],
  ['invalid', 'a selector of null', '{ selector: { matchLabels: { app: null } } }'],
  ['invalid', 'a misspelt block', '{ tracings: [{}] }'],
]);

const GATEWAY = 'group: gateway.networking.k8s.io, kind: Gateway';

table('Telemetry', [
  ['valid', 'a target', `{ targetRef: { ${GATEWAY}, name: a } }`],
  ['valid', 'targets', `{ targetRefs: [{ ${GATEWAY}, name: a }, { kind: Service, name: b }] }`],
  [
    'valid',
    'a ServiceEntry for a target',
    '{ targetRefs: [{ group: networking.istio.io, kind: ServiceEntry, name: a }] }',
  ],
  ['invalid', 'a target without a name', `{ targetRef: { ${GATEWAY} } }`],
  ['invalid', 'a target in a namespace', `{ targetRef: { ${GATEWAY}, name: a, namespace: b } }`],
  ['invalid', 'a target of another group', '{ targetRef: { group: example.com, kind: Gateway, name: a } }'],
  [
    'invalid',
    'a target of another kind',
    '{ targetRef: { group: gateway.networking.k8s.io, kind: HTTPRoute, name: a } }',
  ],
  [
    'invalid',
    "Istio's own Gateway for a target",
    '{ targetRef: { group: networking.istio.io, kind: Gateway, name: a } }',
  ],
  [
    'invalid',
    'a target and a selector',
    `{ targetRef: { ${GATEWAY}, name: a }, selector: { matchLabels: { app: a } } }`,
  ],
  [
    'invalid',
    'targets and a selector',
    `{ targetRefs: [{ ${GATEWAY}, name: a }], selector: { matchLabels: { app: a } } }`,
  ],
  [
    'invalid',
    'a target and targets',
    `{ targetRef: { ${GATEWAY}, name: a }, targetRefs: [{ ${GATEWAY}, name: a }] }`,
  ],
]);

for (const block of ['tracing', 'metrics', 'accessLogging'])
  table(
    'Telemetry',
    [
      ['valid', `${block}: a provider`, '[{ name: otel }]'],
      ['valid', `${block}: no provider`, '[]'],
      ['invalid', `${block}: a provider with an empty name`, '[{ name: "" }]'],
      ['invalid', `${block}: a provider without a name`, '[{}]'],
      ['invalid', `${block}: a provider of null`, '[null]'],
      [block === 'tracing' ? 'warning' : 'valid', `${block}: two providers`, '[{ name: a }, { name: b }]'],
    ],
    (providers) => `{ ${block}: [{ providers: ${providers} }] }`,
  );

table(
  'Telemetry',
  [
    ['valid', 'callers only', 'match: { mode: CLIENT }'],
    ['invalid', 'an unknown side', 'match: { mode: BOTH }'],
    ['valid', 'no trace', 'randomSamplingPercentage: 0'],
    ['valid', 'every trace', 'randomSamplingPercentage: 100'],
    ['valid', 'a part of a percent', 'randomSamplingPercentage: 0.00001'],
    ['invalid', 'more than every trace', 'randomSamplingPercentage: 100.1'],
    ['invalid', 'less than no trace', 'randomSamplingPercentage: -1'],
    ['invalid', 'no number of traces', 'randomSamplingPercentage: .nan'],
    [
      'valid',
      'switches',
      'disableSpanReporting: true, useRequestIdForTraceSampling: true, enableIstioTags: false, disableContextPropagation: true',
    ],
    ['valid', 'a fixed tag', 'customTags: { env: { literal: { value: prod } } }'],
    [
      'valid',
      'a tag of the environment',
      'customTags: { env: { environment: { name: ENV, defaultValue: x } } }',
    ],
    ['valid', 'a tag of a header', 'customTags: { env: { header: { name: x-env, defaultValue: x } } }'],
    ['valid', 'a tag by a format', 'customTags: { env: { formatter: { value: "%REQ(:METHOD)%" } } }'],
    ['valid', 'a tag of nothing', 'customTags: { env: {} }'],
    ['invalid', 'a fixed tag of nothing', 'customTags: { env: { literal: { value: "" } } }'],
    ['invalid', 'a fixed tag without a value', 'customTags: { env: { literal: {} } }'],
    [
      'invalid',
      'a tag of the environment without a name',
      'customTags: { env: { environment: { defaultValue: x } } }',
    ],
    ['invalid', 'a tag of a header without a name', 'customTags: { env: { header: { name: "" } } }'],
    ['invalid', 'a tag of two kinds', 'customTags: { env: { literal: { value: a }, header: { name: b } } }'],
    ['invalid', 'a tag with an empty name', 'customTags: { "": { literal: { value: a } } }'],
    ['invalid', 'a tag of null', 'customTags: { env: null }'],
  ],
  (part) => `{ tracing: [{ ${part} }] }`,
);

table(
  'Telemetry',
  [
    ['valid', 'an override of nothing', '{}'],
    ['invalid', 'an override of null', 'null'],
    ['valid', 'a metric', '{ match: { metric: REQUEST_COUNT, mode: SERVER }, disabled: true }'],
    ['invalid', 'an unknown metric', '{ match: { metric: REQUESTS } }'],
    ['valid', 'a metric of their own', '{ match: { customMetric: orders } }'],
    ['invalid', 'a metric of their own without a name', '{ match: { customMetric: "" } }'],
    ['invalid', 'a metric, and one of their own', '{ match: { metric: ALL_METRICS, customMetric: orders } }'],
    ['valid', 'a tag', '{ tagOverrides: { host: { value: request.host } } }'],
    [
      'valid',
      'a tag that is added',
      '{ tagOverrides: { host: { operation: UPSERT, value: request.host } } }',
    ],
    ['valid', 'a tag that is removed', '{ tagOverrides: { host: { operation: REMOVE } } }'],
    [
      'invalid',
      'a tag that is removed, with a value',
      '{ tagOverrides: { host: { operation: REMOVE, value: a } } }',
    ],
    ['invalid', 'a tag without a value', '{ tagOverrides: { host: {} } }'],
    ['invalid', 'a tag with an empty value', '{ tagOverrides: { host: { operation: UPSERT, value: "" } } }'],
    ['invalid', 'an unknown operation', '{ tagOverrides: { host: { operation: SET, value: a } } }'],
    ['invalid', 'a tag of null', '{ tagOverrides: { host: null } }'],
  ],
  (override) => `{ metrics: [{ overrides: [${override}] }] }`,
);

table('Telemetry', [
  ['valid', 'an interval', '{ metrics: [{ reportingInterval: 5s }] }'],
  ['invalid', 'an interval of 0', '{ metrics: [{ reportingInterval: 0s }] }'],
  ['invalid', 'an interval that is none', '{ metrics: [{ reportingInterval: often }] }'],
]);

table(
  'Telemetry',
  [
    ['valid', 'a condition', 'response.code >= 400'],
    ['valid', 'a call of a function', "connection.mtls && request.url_path.contains('v1beta3')"],
    ['valid', 'what is no condition', 'response.code'],
    ['valid', 'a constant', 'true'],
    ['valid', 'a header', "has(request.headers['x-debug']) || request.headers['a'].startsWith('b')"],
    ['valid', 'a choice', 'response.code == 0 ? true : response.code in [500, 503]'],
    ['valid', 'a name that nobody knows', 'frobnicate(a.b.c, 1u, 2.5e3, b"x", {"k": [null]})'],
    ['invalid', 'no expression', ''],
    ['invalid', 'two operators', ')++++'],
    ['invalid', 'an open bracket', 'a.contains("b"'],
    ['invalid', 'an assignment', 'a = 1'],
    ['invalid', 'a word that is kept for later', 'if'],
    ['invalid', 'a text without its end', '"abc'],
  ],
  (expression) => `{ accessLogging: [{ filter: { expression: ${JSON.stringify(expression)} } }] }`,
);

table('Telemetry', [
  ['invalid', 'an empty filter', '{ accessLogging: [{ filter: {} }] }'],
  ['valid', 'no log', '{ accessLogging: [{ disabled: true, match: { mode: CLIENT } }] }'],
]);
