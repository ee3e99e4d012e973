import assert from 'node:assert/strict';
import { test } from 'node:test';
import { found, messagesOf } from './found.test.helper.js';

test('what Heddle has no use for is told as without effect', () => {
  assert.deepEqual(
    found(
      'Telemetry',
      '{ metrics: [{ reportingInterval: 5s, overrides: [{ match: { customMetric: orders } }] }], tracing: [{ useRequestIdForTraceSampling: true }] }',
    ),
    [
      'info HDL0006 spec.tracing[0].useRequestIdForTraceSampling',
      'info HDL0006 spec.metrics[0].overrides[0].match.customMetric',
      'info HDL0006 spec.metrics[0].reportingInterval',
    ],
  );
  assert.deepEqual(found('Telemetry', '{ tracing: [{ useRequestIdForTraceSampling: false }] }'), []);
});

test('providers that a process does not have are told as without effect', () => {
  const named = (block: string, name: string) =>
    found('Telemetry', `{ ${block}: [{ providers: [{ name: ${name} }] }] }`);
  const told = (block: string) => [`info HDL0006 spec.${block}[0].providers[0].name`];
  assert.deepEqual(named('accessLogging', 'envoy'), []);
  assert.deepEqual(named('accessLogging', 'otel'), told('accessLogging'));
  assert.deepEqual(named('metrics', 'prometheus'), []);
  assert.deepEqual(named('metrics', 'stackdriver'), told('metrics'));
  assert.deepEqual(named('tracing', 'zipkin'), told('tracing'));
});

test('metrics that a process does not make are told as without effect', () => {
  const about = (metric: string) =>
    found('Telemetry', `{ metrics: [{ overrides: [{ match: { metric: ${metric} }, disabled: true }] }] }`);
  for (const metric of ['ALL_METRICS', 'REQUEST_COUNT', 'REQUEST_DURATION', 'REQUEST_SIZE', 'RESPONSE_SIZE'])
    assert.deepEqual(about(metric), [], metric);
  for (const metric of ['GRPC_REQUEST_MESSAGES', 'GRPC_RESPONSE_MESSAGES'])
    assert.deepEqual(about(metric), [], metric);
  for (const metric of ['TCP_OPENED_CONNECTIONS', 'TCP_SENT_BYTES'])
    assert.deepEqual(about(metric), ['info HDL0006 spec.metrics[0].overrides[0].match.metric'], metric);
});

test('a tag by a format is refused where an operator of it is not known', () => {
  const by = (format: string) =>
    found('Telemetry', `{ tracing: [{ customTags: { t: { formatter: { value: '${format}' } } } }] }`);
  assert.deepEqual(by('%REQ(:METHOD)% from %DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%, 100%%'), []);
  const refused = ['error HDL0007 spec.tracing[0].customTags.t.formatter.value'];
  assert.deepEqual(by('%FILTER_STATE(a)%'), refused);
  assert.deepEqual(by('100%'), refused);
});

test('an expression for a tag that does not compile is a warning of our own: Istio finds it in the proxy', () => {
  const spec = (value: string) =>
    `{ metrics: [{ overrides: [{ tagOverrides: { t: { value: ${JSON.stringify(value)} } } }] }] }`;
  assert.deepEqual(found('Telemetry', spec("request.host + '/' + string(request.size)")), []);
  const path = 'spec.metrics[0].overrides[0].tagOverrides.t.value';
  assert.deepEqual(found('Telemetry', spec('request.host +')), [`warning HDL0008 ${path}`]);
  assert.deepEqual(found('Telemetry', spec(`${'('.repeat(5_000)}1`)), [`warning HDL0008 ${path}`]);
});

test('attributes that a process does not know are told', () => {
  const filter = '{ accessLogging: [{ filter: { expression: "metadata.a == 1 && response.code == 2" } }] }';
  assert.deepEqual(found('Telemetry', filter), ['info HDL0006 spec.accessLogging[0].filter.expression']);
  const tag =
    '{ metrics: [{ overrides: [{ tagOverrides: { t: { value: "node.id + source.address" } } }] }] }';
  assert.deepEqual(found('Telemetry', tag), [
    'info HDL0006 spec.metrics[0].overrides[0].tagOverrides.t.value',
  ]);
});

test('an expression that is nested very deep or is very long is refused in time', () => {
  const spec = (expression: string) =>
    `{ accessLogging: [{ filter: { expression: ${JSON.stringify(expression)} } }] }`;
  const path = 'spec.accessLogging[0].filter.expression';
  for (const expression of [
    '('.repeat(4_000),
    '['.repeat(4_000),
    'a ? '.repeat(1_000),
    `"${'a'.repeat(1_000_000)}"`,
  ])
    assert.deepEqual(found('Telemetry', spec(expression)), [`error IST0106 ${path}`], expression.slice(0, 9));
});

test('the words say what is wrong with an expression, without a drawing', () => {
  const [message] = messagesOf('Telemetry', '{ accessLogging: [{ filter: { expression: "a ==" } }] }');
  assert.match(message!.message, /^not an expression \(CEL\): /);
  assert.ok(!message!.message.includes('\n'));
});

test('Telemetry is known in both of its versions', () => {
  for (const version of ['v1', 'v1alpha1'])
    assert.deepEqual(found('Telemetry', '{}', undefined, version), []);
});
