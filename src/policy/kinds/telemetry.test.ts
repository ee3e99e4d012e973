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

test('an expression for a tag that does not compile is a warning of our own: Istio finds it in the proxy', () => {
  const spec = (value: string) =>
    `{ metrics: [{ overrides: [{ tagOverrides: { t: { value: ${JSON.stringify(value)} } } }] }] }`;
  assert.deepEqual(found('Telemetry', spec("request.host + '/' + string(request.size)")), []);
  const path = 'spec.metrics[0].overrides[0].tagOverrides.t.value';
  assert.deepEqual(found('Telemetry', spec('request.host +')), [`warning HDL0008 ${path}`]);
  assert.deepEqual(found('Telemetry', spec(`${'('.repeat(5_000)}1`)), [`warning HDL0008 ${path}`]);
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
