import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainInbound } from './explain-inbound.js';
import { explainOutbound } from './explain-outbound.js';

const document = (kind: string, spec: string, apiVersion = 'heddle.dev/v1', namespace = 'default') =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: it, namespace: ${namespace} }\nspec: ${spec}\n`;
const files = (...documents: string[]) => [{ file: 'a.yaml', text: documents.join('---\n') }];

const SERVICE = `apiVersion: v1\nkind: Service\nmetadata: { name: ratings, namespace: default }\nspec: { ports: [{ port: 80, name: http }] }\n`;

test('explain outbound says what holds for the call beside its route', () => {
  const { steps } = explainOutbound(
    files(
      SERVICE,
      document(
        'ResiliencePolicy',
        '{ host: ratings, deadline: 2s, hedging: { maxAttempts: 2, delay: 50ms, methods: [GET] }, concurrency: {} }',
      ),
      document('RateLimit', '{ host: ratings, limits: [{ name: calls, requests: 5, per: 1s }] }'),
    ),
    {
      source: { namespace: 'default', labels: {} },
      method: 'GET',
      scheme: 'http',
      authority: 'ratings',
      path: '/',
      headers: {},
    },
  );
  for (const expected of [
    "rate limit default/it 'calls': 5 requests each 1000 ms, burst 5",
    'deadline: the call ends after 2000 ms, whatever its route says',
    'hedging: another attempt after each 50 ms without an answer, 2 at most, for GET',
    'adaptive concurrency: between 3 and 1000 at once, adjusted each 100 ms; more are answered 503',
  ])
    assert.ok(steps.includes(expected), `${expected}\n\n${steps.join('\n')}`);
});

test('explain outbound says how endpoints are picked, compared and checked', () => {
  const { steps } = explainOutbound(
    files(
      SERVICE,
      document(
        'ResiliencePolicy',
        '{ host: ratings, loadBalancer: { peakEwma: {} }, subsetting: { minEndpoints: 20 }, outlierDetection: { successRate: {}, failurePercentage: {} }, healthCheck: { http: { path: /up } } }',
      ),
    ),
    {
      source: { namespace: 'default', labels: {} },
      method: 'GET',
      scheme: 'http',
      authority: 'ratings',
      path: '/',
      headers: {},
    },
  );
  assert.ok(
    steps.some((step) => step.includes('peak-ewma')),
    steps.join('\n'),
  );
  for (const expected of [
    'subsetting: of more than 40 endpoints this process works with 20, or more when they are busy',
    'outliers: each 10000 ms, endpoints whose success rate is 1.9 standard deviations below the mean are taken out',
    'outliers: each 10000 ms, endpoints with 85 % failures or more are taken out',
    'health checks: GET /up every 10000 ms; an endpoint is out after 3 failures in a row, back after 2 successes',
  ])
    assert.ok(steps.includes(expected), `${expected}\n\n${steps.join('\n')}`);
});

test('explain inbound says what an exchange that may come in has to pass beside', () => {
  const policies = files(
    document(
      'ResiliencePolicy',
      '{ selector: {}, deadline: 2s, concurrency: {}, priorities: [{ name: batch, priority: sheddable, match: { paths: [/batch/*] } }] }',
    ),
    document('RateLimit', '{ selector: {}, limits: [{ requests: 5, per: 1s, by: [principal] }] }'),
    document(
      'AuthorizationPolicy',
      '{ action: DENY, rules: [{ to: [{ operation: { paths: [/closed] } }] }] }',
      'security.istio.io/v1',
    ),
  );
  const explain = (path: string) =>
    explainInbound(policies, {
      workload: { namespace: 'default', labels: {}, service: 'ratings' },
      port: 80,
      peer: { principal: null, ip: '10.0.0.1' },
      method: 'GET',
      authority: 'ratings',
      path,
      headers: {},
    }).steps;
  assert.deepEqual(explain('/').slice(-5), [
    "rate limit default/it 'limit-0': 5 requests each 1000 ms, burst 5, for each principal",
    'adaptive concurrency: between 3 and 1000 at once, adjusted each 100 ms; more are answered 503',
    'queue: what finds no place, or a turn of the event loop that has taken 10 ms, waits, up to 1000 for 100 ms; in a standing queue for 20 ms, the newest next',
    "priority 'batch': sheddable, let in up to 70 % of the concurrency limit",
    'deadline: whoever is let in is answered within 2000 ms, else with 504',
  ]);
  assert.ok(!explain('/closed').some((step) => step.startsWith('rate limit')));
});
