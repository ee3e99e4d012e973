import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EffectiveTelemetry } from '../effective.js';
import type { TelemetrySpec } from '../kinds/telemetry.js';
import { effectiveTelemetry } from './telemetry.js';

const SCOPE = { namespace: 'one', service: 'web', labels: { app: 'web' } };

/** @param specs of the root namespace, of the workload's, and of those that select it */
function merged(
  root: TelemetrySpec,
  namespace: TelemetrySpec = {},
  workload?: TelemetrySpec,
): EffectiveTelemetry {
  const named = (name: string, spec: TelemetrySpec) => ({
    id: name,
    metadata: { namespace: '', name },
    spec,
  });
  const selecting = workload && { ...workload, selector: { matchLabels: { app: 'web' } } };
  const of = {
    'istio-system': [named('root', root)],
    one: [named('namespace', namespace), ...(selecting ? [named('workload', selecting)] : [])],
  };
  const found = effectiveTelemetry(SCOPE, (where) => of[where as keyof typeof of] ?? []);
  return found ?? assert.fail('nothing speaks');
}

const named = (...names: string[]) => names.map((name) => ({ name }));

test('nothing speaks of a workload that no Telemetry is about', () => {
  assert.equal(
    effectiveTelemetry(SCOPE, () => []),
    undefined,
  );
  const other = {
    id: '',
    metadata: { namespace: 'one', name: 'o' },
    spec: { selector: { matchLabels: { app: 'api' } } },
  };
  assert.equal(
    effectiveTelemetry(SCOPE, (where) => (where === 'one' ? [other] : [])),
    undefined,
  );
});

test('of several for a whole namespace the oldest speaks', () => {
  const one = (samplingPercent: number) => ({
    id: `${samplingPercent}`,
    metadata: { namespace: 'one', name: `${samplingPercent}` },
    spec: { tracing: [{ randomSamplingPercentage: samplingPercent }] },
  });
  const found = effectiveTelemetry(SCOPE, (where) => (where === 'one' ? [one(1), one(2)] : []));
  assert.deepEqual(found?.client.tracing, { samplingPercent: 1 });
});

test('tracing is merged field by field, and each side by itself', () => {
  const { client, server } = merged(
    {
      tracing: [
        {
          providers: named('zipkin'),
          randomSamplingPercentage: 10,
          customTags: { a: { literal: { value: '1' } } },
        },
      ],
    },
    { tracing: [{ randomSamplingPercentage: 50, disableSpanReporting: true, match: { mode: 'CLIENT' } }] },
    {
      tracing: [
        { customTags: { b: { header: { name: 'X-B', defaultValue: 'none' } } }, enableIstioTags: false },
      ],
    },
  );
  const both = {
    provider: 'zipkin',
    customTags: { b: { header: 'x-b', defaultValue: 'none' } },
    istioTags: false,
  };
  assert.deepEqual(client.tracing, { ...both, samplingPercent: 50, reportingDisabled: true });
  assert.deepEqual(server.tracing, { ...both, samplingPercent: 10 });
});

test('what is switched off for spans can be switched on again further in', () => {
  const off = { tracing: [{ disableSpanReporting: true, disableContextPropagation: true }] };
  assert.deepEqual(merged(off).client.tracing, { reportingDisabled: true, propagationDisabled: true });
  assert.deepEqual(merged(off, { tracing: [{ disableSpanReporting: false }] }).client.tracing, {
    propagationDisabled: true,
  });
});

test('overrides of metrics: the later wins for a metric and a tag, all stands for each', () => {
  const { client, server } = merged(
    {
      metrics: [
        {
          providers: named('prometheus'),
          overrides: [{ tagOverrides: { a: { operation: 'REMOVE' }, b: { value: 'x' } } }],
        },
      ],
    },
    {
      metrics: [
        {
          reportingInterval: '10s',
          overrides: [
            {
              match: { metric: 'REQUEST_COUNT', mode: 'CLIENT' },
              tagOverrides: { a: { value: 'y' } },
              disabled: true,
            },
            { match: { customMetric: 'own' }, disabled: true },
          ],
        },
      ],
    },
  );
  const count = client.metrics?.[0]?.overrides.find(({ metric }) => metric === 'REQUEST_COUNT');
  assert.deepEqual(count, { metric: 'REQUEST_COUNT', disabled: true, tags: { a: 'y', b: 'x' } });
  const there = server.metrics?.[0]?.overrides.find(({ metric }) => metric === 'REQUEST_COUNT');
  assert.deepEqual(there, { metric: 'REQUEST_COUNT', tags: { a: null, b: 'x' } });
  assert.deepEqual(
    [server.metrics?.[0]?.provider, server.metrics?.[0]?.reportingIntervalMs],
    ['prometheus', 10_000],
  );
  assert.equal(server.metrics?.[0]?.overrides.at(-1)?.metric, 'own');
  assert.equal(server.metrics?.[0]?.overrides.length, 11);
});

test('all metrics off is the provider off, until something further in speaks of metrics', () => {
  const off = { metrics: [{ overrides: [{ disabled: true }] }] };
  assert.deepEqual(merged(off).client.metrics, [{ provider: '', disabled: true, overrides: [] }]);
  const on = { metrics: [{ overrides: [{ match: { metric: 'REQUEST_COUNT' as const }, disabled: false }] }] };
  assert.deepEqual(merged(off, on).client.metrics, [
    { provider: '', overrides: [{ metric: 'REQUEST_COUNT' }] },
  ]);
});

test('a list of providers replaces the one before; what was said of those that are gone is gone', () => {
  const disabled = { metrics: [{ providers: named('a'), overrides: [{ disabled: true }] }] };
  assert.deepEqual(merged(disabled, { metrics: [{ providers: named('b') }] }).client.metrics, [
    { provider: 'b', overrides: [] },
  ]);
  const { accessLogging } = merged(
    { accessLogging: [{ providers: named('a', 'b') }] },
    { accessLogging: [{ providers: named('b'), filter: { expression: 'response.code >= 400' } }] },
  ).server;
  assert.deepEqual(accessLogging, [{ provider: 'b', filter: 'response.code >= 400' }]);
});

test('logs without a provider are those of the one that was named before, or the process’s own', () => {
  assert.deepEqual(merged({ accessLogging: [{}] }).client.accessLogging, [{ provider: '' }]);
  assert.deepEqual(merged({ accessLogging: [{ filter: { expression: 'e' } }] }).client.accessLogging, [
    { provider: '', filter: 'e' },
  ]);
  const off = { accessLogging: [{ disabled: true, match: { mode: 'SERVER' as const } }] };
  const { client, server } = merged({ accessLogging: [{ providers: named('envoy') }] }, {}, off);
  assert.deepEqual(client.accessLogging, [{ provider: 'envoy' }]);
  assert.deepEqual(server.accessLogging, [{ provider: 'envoy', disabled: true }]);
});
