import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attributes, Counter, Histogram } from '@opentelemetry/api';
import type { ExpressionFacts } from '../expression.js';
import type { MetricOverride, MetricsPolicy } from '../policy.js';
import { compileMetrics, LabelRule, type MetricRules } from './decide.js';
import type { Instruments } from './instruments.js';
import { recordIstio } from './record.js';

const LABELS: Attributes = { reporter: 'source', response_code: '404', destination_service: 'ratings' };
const FACTS: ExpressionFacts = { request: { host: 'ratings:9080', method: 'GET' }, response: { code: 404n } };

function rulesOf(...overrides: readonly MetricOverride[]): MetricRules | null {
  return compileMetrics([{ provider: 'prometheus', overrides }]);
}

/** What a sample is recorded as: labels by metric. */
function recorded(rules: MetricRules | null, asked: () => ExpressionFacts = () => FACTS) {
  const seen: Record<string, Attributes> = {};
  const histogram = (name: string) => ({ record: (_: number, labels: Attributes) => (seen[name] = labels) });
  const to: Pick<Instruments, 'requests' | 'requestMs' | 'requestBytes' | 'responseBytes'> = {
    requests: { add: (_: number, labels: Attributes) => (seen.requests = labels) } as unknown as Counter,
    requestMs: histogram('requestMs') as unknown as Histogram,
    requestBytes: histogram('requestBytes') as unknown as Histogram,
    responseBytes: histogram('responseBytes') as unknown as Histogram,
  };
  const sample = { durationMs: 1, requestBytes: 2, responseBytes: 3 };
  recordIstio(to as Instruments, sample, LABELS, rules && { rules, facts: asked });
  return seen;
}

const ALL = ['requests', 'requestMs', 'requestBytes', 'responseBytes'];

test('without policy every metric has the labels that it has', () => {
  assert.deepEqual(recorded(null), Object.fromEntries(ALL.map((name) => [name, LABELS])));
});

const NOTHING: readonly [what: string, policy: readonly MetricsPolicy[] | undefined][] = [
  ['no policy', undefined],
  ['a provider that this process has not', [{ provider: 'stackdriver', disabled: true, overrides: [] }]],
  ['its own, with nothing to say', [{ provider: '', overrides: [] }]],
  ['another interval', [{ provider: '', reportingIntervalMs: 5_000, overrides: [] }]],
  [
    'metrics that are not made here',
    [
      {
        provider: '',
        overrides: [
          { metric: 'TCP_SENT_BYTES', disabled: true },
          { metric: 'orders', disabled: true },
        ],
      },
    ],
  ],
];
for (const [what, policy] of NOTHING)
  test(`${what} changes nothing`, () => assert.equal(compileMetrics(policy), null));

const DISABLED: readonly [metric: string, name: string][] = [
  ['REQUEST_COUNT', 'requests'],
  ['REQUEST_DURATION', 'requestMs'],
  ['REQUEST_SIZE', 'requestBytes'],
  ['RESPONSE_SIZE', 'responseBytes'],
];
for (const [metric, name] of DISABLED)
  test(`${metric} that is disabled is not recorded, and the others are`, () => {
    const seen = recorded(rulesOf({ metric, disabled: true }));
    assert.deepEqual(
      Object.keys(seen),
      ALL.filter((other) => other !== name),
    );
  });

test('all of them off: none is recorded', () => {
  for (const provider of ['', 'prometheus'])
    assert.deepEqual(recorded(compileMetrics([{ provider, disabled: true, overrides: [] }])), {});
});

test('a label is left out of the metric that it is said of, without asking anything of the call', () => {
  const rules = rulesOf({ metric: 'REQUEST_COUNT', tags: { destination_service: null, none: null } });
  const seen = recorded(rules, () => assert.fail('asked'));
  assert.deepEqual(seen.requests, { reporter: 'source', response_code: '404' });
  assert.equal(seen.requestMs, LABELS);
  // Made once, for a database knows a series by its labels.
  assert.equal(recorded(rules).requests, seen.requests);
});

test('a label is written: a new one, one that there is, one that nobody knows', () => {
  const tags = {
    request_host: 'request.host',
    response_code: "response.code >= 400 ? '4xx' : 'other'",
    secret: "request.headers['x']",
    broken: ')++++',
    list: '[1]',
  };
  assert.deepEqual(recorded(rulesOf({ metric: 'REQUEST_SIZE', tags })).requestBytes, {
    ...LABELS,
    request_host: 'ratings:9080',
    response_code: '4xx',
    secret: 'unknown',
    broken: 'unknown',
    list: 'unknown',
  });
});

test('metrics with the same labels are worked out once', () => {
  let asked = 0;
  const tags = { method: 'request.method', reporter: null };
  const overrides = DISABLED.map(([metric]) => ({ metric, tags: { ...tags } }));
  const seen = recorded(rulesOf(...overrides), () => {
    asked += 1;
    return FACTS;
  });
  assert.equal(asked, 1);
  for (const name of ALL)
    assert.deepEqual(seen[name], { response_code: '404', destination_service: 'ratings', method: 'GET' });
});

test('what callers send does not become labels without end: after 1000 values of a label the rest is unknown', () => {
  const rule = new LabelRule({ host: 'request.host', fixed: "'a'" });
  const hostOf = (host: string) => rule.apply({}, () => ({ request: { host } }));
  for (let index = 0; index < 1_000; index += 1) assert.equal(hostOf(`h${index}`).host, `h${index}`);
  assert.deepEqual(hostOf('one-more'), { host: 'unknown', fixed: 'a' });
  assert.equal(hostOf('h7').host, 'h7');
});

test('a value is cut: a label is a name, not a text', () => {
  const rule = new LabelRule({ host: 'request.host' });
  const { host } = rule.apply({}, () => ({ request: { host: 'x'.repeat(10_000) } }));
  assert.equal(String(host).length, 256);
});

test('a label without a name is left out', () => {
  const rules = rulesOf({ metric: 'REQUEST_COUNT', tags: { '': "'x'", shard: "'a'" } });
  assert.deepEqual(recorded(rules).requests, { ...LABELS, shard: 'a' });
});
