/** How a ResiliencePolicy has endpoints picked, compared and checked: what is right, what is odd and what is wrong. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { found, messagesOf } from './found.test.helper.js';
import { type Row, table } from './table.test.helper.js';

const EVERYTHING: readonly Row[] = [
  ['valid', 'peak EWMA with defaults', 'loadBalancer: { peakEwma: {} }'],
  ['valid', 'peak EWMA with everything', 'loadBalancer: { peakEwma: { decay: 5s } }'],
  ['valid', 'subsetting with defaults', 'subsetting: {}'],
  ['valid', 'subsetting with everything', 'subsetting: { enabled: true, minEndpoints: 20, threshold: 100 }'],
  [
    'valid',
    'outlier detection with everything',
    'outlierDetection: { successRate: { minimumHosts: 3, requestVolume: 20, stdevFactor: 1.2, enforcingPercent: 50 }, failurePercentage: { threshold: 50.5, minimumHosts: 3, requestVolume: 20, enforcingPercent: 0 }, interval: 5s, baseEjectionTime: 10s, maxEjectionTime: 60s, maxEjectionPercent: 50 }',
  ],
  [
    'valid',
    'a health check by HTTP with everything',
    'healthCheck: { http: { path: "/healthz?a=%20", method: HEAD, expectedStatuses: [{ start: 200, end: 300 }, { start: 404 }], headers: { x-check: "yes", Host: ratings } }, interval: 5s, timeout: 500ms, unhealthyThreshold: 2, healthyThreshold: 1, noTrafficInterval: 30s, unhealthyInterval: 1s, jitterPercent: 20, port: 9000 }',
  ],
  ['valid', 'a health check by TCP', 'healthCheck: { tcp: {} }'],
  ['valid', 'a health check by gRPC', 'healthCheck: { grpc: {} }'],
  ['valid', 'a health check by gRPC of a service', 'healthCheck: { grpc: { service: shop.Ratings } }'],
];

table('ResiliencePolicy', EVERYTHING, (part) => `{ host: ratings, ${part} }`);
table(
  'ResiliencePolicy',
  EVERYTHING.map(([, what, part]) => ['invalid', `${what}, of what comes in,`, part]),
  (part) => `{ selector: {}, ${part} }`,
);

table(
  'ResiliencePolicy',
  [
    ['invalid', 'a load balancer that names no way', 'loadBalancer: {}'],
    ['invalid', "a DestinationRule's way to balance", 'loadBalancer: { simple: RANDOM }'],
    ['invalid', 'peak EWMA that forgets at once', 'loadBalancer: { peakEwma: { decay: 0s } }'],
    ['invalid', 'peak EWMA with a number', 'loadBalancer: { peakEwma: { decay: 10 } }'],
    ['valid', 'no subsetting', 'subsetting: { enabled: false }'],
    ['warning', 'no subsetting, of a size,', 'subsetting: { enabled: false, minEndpoints: 10 }'],
    ['invalid', 'a subset of nothing', 'subsetting: { minEndpoints: 0 }'],
    ['invalid', 'a subset of half an endpoint', 'subsetting: { minEndpoints: 0.5 }'],
    ['valid', 'subsets of each list that is longer', 'subsetting: { minEndpoints: 10, threshold: 10 }'],
    ['invalid', 'a subset longer than the list', 'subsetting: { minEndpoints: 10, threshold: 9 }'],
    ['valid', 'subsetting at a length alone', 'subsetting: { threshold: 1000 }'],
    ['invalid', 'outlier detection that says nothing', 'outlierDetection: {}'],
    ['invalid', "a DestinationRule's counter", 'outlierDetection: { consecutive5xxErrors: 3 }'],
    ['valid', 'times of ejection alone', 'outlierDetection: { maxEjectionTime: 60s }'],
    ['warning', 'a longest ejection below the usual first', 'outlierDetection: { maxEjectionTime: 20s }'],
    [
      'warning',
      'a longest ejection below the first',
      'outlierDetection: { baseEjectionTime: 61s, maxEjectionTime: 60s }',
    ],
    ['invalid', 'sweeps without a pause', 'outlierDetection: { interval: 0s }'],
    ['invalid', 'ejections of no length', 'outlierDetection: { baseEjectionTime: 0s }'],
    ['valid', 'ejections of nobody', 'outlierDetection: { maxEjectionPercent: 0 }'],
    ['invalid', 'ejections of more than all', 'outlierDetection: { maxEjectionPercent: 101 }'],
    ['valid', 'success rates with defaults', 'outlierDetection: { successRate: {} }'],
    ['invalid', 'success rates of nobody', 'outlierDetection: { successRate: { minimumHosts: 0 } }'],
    ['invalid', 'success rates of no request', 'outlierDetection: { successRate: { requestVolume: 0 } }'],
    ['invalid', 'all below the mean', 'outlierDetection: { successRate: { stdevFactor: 0 } }'],
    ['invalid', 'a deviation in thousandths', 'outlierDetection: { successRate: { stdevFactor: 1900 } }'],
    ['invalid', 'more than all by lot', 'outlierDetection: { successRate: { enforcingPercent: 101 } }'],
    ['valid', 'failures with defaults', 'outlierDetection: { failurePercentage: {} }'],
    ['invalid', 'no failures', 'outlierDetection: { failurePercentage: { threshold: 0 } }'],
    ['invalid', 'more than all failures', 'outlierDetection: { failurePercentage: { threshold: 101 } }'],
    ['invalid', 'failures of nobody', 'outlierDetection: { failurePercentage: { minimumHosts: 0 } }'],
    ['invalid', 'failures of no request', 'outlierDetection: { failurePercentage: { requestVolume: 0 } }'],
    [
      'invalid',
      'failures by negative lot',
      'outlierDetection: { failurePercentage: { enforcingPercent: -1 } }',
    ],
  ],
  (part) => `{ host: ratings, ${part} }`,
);

table(
  'ResiliencePolicy',
  [
    ['invalid', 'a health check that asks nothing', '{}'],
    ['invalid', 'a health check with a time and nothing to ask', '{ interval: 5s }'],
    ['invalid', 'two health checks', '{ http: { path: / }, tcp: {} }'],
    ['invalid', 'a health check by a name that nobody knows', '{ redis: {} }'],
    ['invalid', 'a health check by HTTP without a path', '{ http: {} }'],
    ['invalid', 'a path without a slash', '{ http: { path: healthz } }'],
    ['invalid', 'a path with a space', '{ http: { path: "/a b" } }'],
    ['invalid', 'a path with a fragment', '{ http: { path: "/a#b" } }'],
    ['invalid', 'a path beyond ASCII', '{ http: { path: /ä } }'],
    ['invalid', 'a path with a line break', '{ http: { path: "/a\\r\\nb" } }'],
    ['invalid', 'a path of 2049 characters', `{ http: { path: /${'a'.repeat(2_048)} } }`],
    ['valid', 'a path of 2048 characters', `{ http: { path: /${'a'.repeat(2_047)} } }`],
    ['invalid', 'a tunnel as a check', '{ http: { path: /, method: CONNECT } }'],
    ['invalid', 'a method in lower case', '{ http: { path: /, method: get } }'],
    ['invalid', 'a method that nobody knows', '{ http: { path: /, method: PROBE } }'],
    ['invalid', 'no status', '{ http: { path: /, expectedStatuses: [] } }'],
    ['invalid', 'a status that is none', '{ http: { path: /, expectedStatuses: [{ start: 99 }] } }'],
    ['valid', 'all statuses', '{ http: { path: /, expectedStatuses: [{ start: 100, end: 600 }] } }'],
    ['invalid', 'statuses beyond', '{ http: { path: /, expectedStatuses: [{ start: 100, end: 601 }] } }'],
    ['invalid', 'an empty range', '{ http: { path: /, expectedStatuses: [{ start: 200, end: 200 }] } }'],
    ['invalid', 'a range without a start', '{ http: { path: /, expectedStatuses: [{ end: 200 }] } }'],
    ['invalid', 'a bare status', '{ http: { path: /, expectedStatuses: [200] } }'],
    ['invalid', 'a header with a space in its name', '{ http: { path: /, headers: { "a b": c } } }'],
    ['invalid', 'a pseudo-header', '{ http: { path: /, headers: { ":path": c } } }'],
    ['invalid', 'a header of the connection', '{ http: { path: /, headers: { Connection: close } } }'],
    ['invalid', 'a header that breaks the line', '{ http: { path: /, headers: { a: "b\\nc: d" } } }'],
    ['invalid', 'a TCP check with a payload', '{ tcp: { send: abc } }'],
    ['invalid', 'a service of 2049 characters', `{ grpc: { service: ${'a'.repeat(2_049)} } }`],
    ['invalid', 'checks without a pause', '{ tcp: {}, interval: 0s }'],
    ['invalid', 'a storm of checks', '{ tcp: {}, interval: 9ms }'],
    ['valid', 'a check each 10 ms', '{ tcp: {}, interval: 10ms }'],
    ['invalid', 'a storm of checks of the unhealthy', '{ tcp: {}, unhealthyInterval: 1ms }'],
    ['invalid', 'a storm of checks without calls', '{ tcp: {}, noTrafficInterval: 1ms }'],
    ['invalid', 'a check without time', '{ tcp: {}, timeout: 0s }'],
    ['invalid', 'out after no failure', '{ tcp: {}, unhealthyThreshold: 0 }'],
    ['invalid', 'back after no success', '{ tcp: {}, healthyThreshold: 0 }'],
    ['invalid', 'back after very many', '{ tcp: {}, healthyThreshold: 1001 }'],
    ['invalid', 'more jitter than the interval', '{ tcp: {}, jitterPercent: 101 }'],
    ['invalid', 'a port that is none', '{ tcp: {}, port: 65536 }'],
    ['invalid', 'port 0', '{ tcp: {}, port: 0 }'],
  ],
  (part) => `{ host: ratings, healthCheck: ${part} }`,
);

test('each finding has its place', () => {
  const spec =
    '{ host: a, subsetting: { minEndpoints: 10, threshold: 9 }, outlierDetection: { successRate: { stdevFactor: 0 } }, ' +
    'healthCheck: { http: { path: a, expectedStatuses: [{ start: 300, end: 200 }], headers: { te: x } }, port: 0 } }';
  assert.deepEqual(found('ResiliencePolicy', spec), [
    'error IST0106 spec.subsetting.threshold',
    'error IST0106 spec.outlierDetection.successRate.stdevFactor',
    'error IST0106 spec.healthCheck.http.path',
    'error IST0106 spec.healthCheck.http.expectedStatuses[0].end',
    'error IST0106 spec.healthCheck.http.headers.te',
    'error IST0106 spec.healthCheck.port',
  ]);
});

test('a finding says what was expected and what to do', () => {
  const say = (part: string) =>
    messagesOf('ResiliencePolicy', `{ host: a, ${part} }`).map(({ message }) => message);
  assert.deepEqual(say('healthCheck: {}'), ['nothing is asked: set one of http, tcp, grpc']);
  assert.deepEqual(say('healthCheck: { tcp: {}, grpc: {} }'), ['tcp, grpc exclude each other; keep one']);
  assert.match(say('loadBalancer: {}').join(), /set 'peakEwma'.*DestinationRule/);
  assert.deepEqual(say('healthCheck: { http: { path: /, expectedStatuses: [{ start: 300, end: 200 }] } }'), [
    'no status is from 300 up to, and without, 200: write the number after the last one',
  ]);
});
