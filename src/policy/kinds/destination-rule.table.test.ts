/**
 * DestinationRule against Istio's own validation.
 * @source Istio `pkg/config/validation/validation_test.go` (TestValidateDestinationRule, …TrafficPolicy, …ConnectionPool, …LoadBalancer,
 *   …OutlierDetection, …exportTo), `agent/validation_test.go` (TestValidateTLS, …WildcardDomain), `testdata/crds/destinationrule-*.yaml`
 */
import { table } from './table.test.helper.js';

const rule = (part: string) => `{ host: reviews, ${part} }`;
const policy = (part: string) => rule(`trafficPolicy: ${part}`);
const V1 = '{ name: v1, labels: { version: v1 } }';
const GOOD =
  'loadBalancer: { simple: ROUND_ROBIN }, connectionPool: { tcp: { maxConnections: 7 }, http: { http2MaxRequests: 11 } }, outlierDetection: { minHealthPercent: 20 }';
const BAD =
  'loadBalancer: { simple: ROUND_ROBIN }, connectionPool: {}, outlierDetection: { minHealthPercent: 20 }';

table('DestinationRule', [
  ['valid', 'two subsets', rule(`subsets: [${V1}, { name: v2, labels: { version: v2 } }]`)],
  ['warning', 'a selector without labels', rule(`subsets: [${V1}], workloadSelector: {}`)],
  ['invalid', 'a selector with a star', rule('workloadSelector: { matchLabels: { app: "a*" } }')],
  ['invalid', 'no host', `{ subsets: [${V1}] }`],
  ['invalid', 'an empty host', `{ host: "", subsets: [${V1}] }`],
  ['invalid', 'a subset without a name', rule('subsets: [{ name: "", labels: { version: v1 } }]')],
  ['invalid', 'a subset twice', rule(`subsets: [${V1}, ${V1}]`)],
  ['invalid', 'a subset with a label that is none', rule('subsets: [{ name: v1, labels: { "a b": c } }]')],
  ['invalid', 'a subset with a label of null', rule('subsets: [{ name: v1, labels: { a: null } }]')],
  ['valid', 'a subset with an empty label', rule('subsets: [{ name: v1, labels: { a: "" } }]')],
  ['valid', 'a policy', policy(`{ ${GOOD} }`)],
  ['invalid', 'a policy with an empty pool', policy(`{ ${BAD} }`)],
  ['valid', 'a policy of a subset', rule(`subsets: [{ name: v1, trafficPolicy: { ${GOOD} } }]`)],
  [
    'invalid',
    'a policy of a subset with an empty pool',
    rule(`subsets: [{ name: v1, trafficPolicy: { ${BAD} } }]`),
  ],
  [
    'valid',
    'a policy at both levels',
    rule(`trafficPolicy: { ${GOOD} }, subsets: [{ name: v1, trafficPolicy: { ${GOOD} } }]`),
  ],
  ['invalid', 'an empty policy', policy('{}')],
  ['invalid', 'settings of no port', policy(`{ portLevelSettings: [{ ${GOOD} }] }`)],
  ['invalid', 'no settings of a port', policy('{ portLevelSettings: [{ port: { number: 80 } }] }')],
  ['valid', 'settings of a port', policy(`{ portLevelSettings: [{ port: { number: 80 }, ${GOOD} }] }`)],
  [
    'valid',
    'settings of a port, twice',
    policy(
      '{ portLevelSettings: [{ port: { number: 80 }, tls: { mode: DISABLE } }, { port: { number: 80 }, tls: { mode: SIMPLE } }] }',
    ),
  ],
]);

table(
  'DestinationRule',
  [
    ['valid', 'a label', `"${'x'.repeat(63)}"`],
    ['invalid', 'a long name', `"${'x'.repeat(256)}"`],
    ['valid', 'every host', '"*"'],
    ['valid', 'all of a domain', '"*.bar.example"'],
    ['valid', 'a wildcard in a lone label', '"*foo"'],
    ['valid', 'a wildcard in a label', '"*foo.bar.example"'],
    ['valid', 'a wildcard and a dash', '"*-foo.bar.example"'],
    ['invalid', 'a wildcard in the middle', '"foo.*.example"'],
    ['invalid', 'a wildcard at the end of a label', '"foo*.bar.example"'],
    ['invalid', 'an address', '1.1.1.1'],
    ['valid', 'a name written to its end', 'a.example.'],
  ],
  (host) => `{ host: ${host}, trafficPolicy: { tls: { mode: DISABLE } } }`,
);

table(
  'DestinationRule',
  [
    ['invalid', 'a selector for everybody', '["*"]'],
    ['valid', 'a selector for here', '["."]'],
    ['valid', 'a selector for here by name', '[ns5]'],
    ['invalid', 'a selector for elsewhere', '[somens]'],
    ['invalid', 'a selector for here and elsewhere', '[".", somens]'],
  ],
  (exportTo) => rule(`workloadSelector: { matchLabels: { app: a } }, exportTo: ${exportTo}`),
);

table(
  'DestinationRule',
  [
    [
      'valid',
      'a pool of both',
      '{ tcp: { maxConnections: 7, connectTimeout: 2s }, http: { http1MaxPendingRequests: 2, http2MaxRequests: 11, maxRequestsPerConnection: 5, maxRetries: 4, idleTimeout: 30s } }',
    ],
    ['valid', 'a pool of connections', '{ tcp: { maxConnections: 7, connectTimeout: 2s } }'],
    [
      'valid',
      'a pool of requests',
      '{ http: { http1MaxPendingRequests: 2, http2MaxRequests: 11, maxRequestsPerConnection: 5, maxRetries: 4 } }',
    ],
    ['invalid', 'an empty pool', '{}'],
    ['invalid', 'less than no connections', '{ tcp: { maxConnections: -1 } }'],
    ['invalid', 'a timeout of connections in nanoseconds', '{ tcp: { connectTimeout: 2.000000005s } }'],
    ['invalid', 'less than none waiting', '{ http: { http1MaxPendingRequests: -1 } }'],
    ['invalid', 'less than no requests', '{ http: { http2MaxRequests: -1 } }'],
    ['invalid', 'less than no requests a connection', '{ http: { maxRequestsPerConnection: -1 } }'],
    ['invalid', 'less than no retries', '{ http: { maxRetries: -1 } }'],
    ['invalid', 'idle in nanoseconds', '{ http: { idleTimeout: 30.000000005s } }'],
    ['valid', 'idle for ever', '{ tcp: { idleTimeout: 0s } }'],
    ['invalid', 'idle not at all', '{ http: { idleTimeout: 0s } }'],
    ['invalid', 'less than no streams', '{ http: { maxConcurrentStreams: -1 } }'],
    [
      'invalid',
      'two ways to choose the protocol',
      '{ http: { h2UpgradePolicy: UPGRADE, useClientProtocol: true } }',
    ],
    ['valid', 'a limit of streams', '{ http: { maxConcurrentStreams: 5 } }'],
    ['valid', 'an upgrade', '{ http: { h2UpgradePolicy: UPGRADE } }'],
    ['valid', 'pings', '{ http: { http2KeepAlive: { interval: 15s, timeout: 5s } } }'],
    ['invalid', 'pings without an interval', '{ http: { http2KeepAlive: { timeout: 5s } } }'],
    ['invalid', 'pings that need no answer', '{ http: { http2KeepAlive: { interval: 15s } } }'],
    ['invalid', 'pings all the time', '{ http: { http2KeepAlive: { interval: 0s, timeout: 5s } } }'],
    ['valid', 'a life of connections', '{ tcp: { maxConnectionDuration: 10m } }'],
    ['invalid', 'a life of connections in nanoseconds', '{ tcp: { maxConnectionDuration: 500ns } }'],
    ['valid', 'keep-alive probes', '{ tcp: { tcpKeepalive: { time: 1s, interval: 2s, probes: 3 } } }'],
    ['invalid', 'keep-alive probes at once', '{ tcp: { tcpKeepalive: { time: 0s } } }'],
    ['invalid', 'keep-alive probes without a pause', '{ tcp: { tcpKeepalive: { interval: 1us } } }'],
  ],
  (pool) => policy(`{ connectionPool: ${pool} }`),
);

table(
  'DestinationRule',
  [
    ['valid', 'in turns', '{ simple: ROUND_ROBIN }'],
    [
      'warning',
      'by a cookie, with a ring the old way',
      '{ consistentHash: { minimumRingSize: 1024, httpCookie: { name: c, ttl: 1h } } }',
    ],
    [
      'invalid',
      'by a nameless cookie',
      '{ consistentHash: { minimumRingSize: 1024, httpCookie: { ttl: 1h } } }',
    ],
    [
      'invalid',
      'by a table that is not prime',
      '{ consistentHash: { useSourceIp: true, maglev: { tableSize: 1000 } } }',
    ],
    [
      'valid',
      'by a table that is prime',
      '{ consistentHash: { useSourceIp: true, maglev: { tableSize: 65537 } } }',
    ],
    ['valid', 'by a table of one', '{ consistentHash: { useSourceIp: true, maglev: { tableSize: 1 } } }'],
    ['invalid', 'by a table without a size', '{ consistentHash: { useSourceIp: true, maglev: {} } }'],
    [
      'invalid',
      'by a table too large',
      '{ consistentHash: { useSourceIp: true, maglev: { tableSize: 5000011 } } }',
    ],
    [
      'invalid',
      'by a ring and the old ring',
      '{ consistentHash: { useSourceIp: true, minimumRingSize: 1, ringHash: { minimumRingSize: 1 } } }',
    ],
    ['invalid', 'by two things at once', '{ consistentHash: { useSourceIp: true, httpHeaderName: x } }'],
    ['valid', 'by nothing', '{ consistentHash: {} }'],
    ['invalid', 'in turns and by a hash', '{ simple: ROUND_ROBIN, consistentHash: { useSourceIp: true } }'],
    ['invalid', 'by two views of the world', '{ localityLbSetting: {}, zoneAwareLbSetting: {} }'],
    ['valid', 'a warm-up', '{ warmup: { duration: 300s } }'],
    ['valid', 'a warm-up from 5 percent', '{ warmup: { duration: 300s, minimumPercent: 5.0 } }'],
    [
      'valid',
      'a warm-up from 5 percent, fast',
      '{ warmup: { duration: 300s, minimumPercent: 5.0, aggression: 5.0 } }',
    ],
    ['valid', 'a warm-up and an old one', '{ warmup: { duration: 300s }, warmupDurationSecs: 3s }'],
    ['invalid', 'a warm-up from 150 percent', '{ warmup: { duration: 300s, minimumPercent: 150.0 } }'],
    ['invalid', 'a warm-up without an end', '{ warmup: { minimumPercent: 5.0 } }'],
    ['invalid', 'a warm-up that goes back', '{ warmup: { duration: 300s, aggression: -0.1 } }'],
    [
      'valid',
      'by a cookie with attributes',
      '{ consistentHash: { httpCookie: { name: c, ttl: 1h, attributes: [{ name: SameSite, value: Strict }, { name: Secure }] } } }',
    ],
    [
      'invalid',
      'by a cookie with one attribute twice',
      '{ consistentHash: { httpCookie: { name: c, ttl: 1h, attributes: [{ name: SameSite }, { name: SameSite }] } } }',
    ],
    [
      'invalid',
      'by a cookie with a nameless attribute',
      '{ consistentHash: { httpCookie: { name: c, attributes: [{ value: Strict }] } } }',
    ],
    ['valid', 'where the caller says', '{ simple: PASSTHROUGH }'],
    ['not done yet', 'by load reports', '{ backendUtilization: { weightUpdatePeriod: 1s } }'],
    ['invalid', 'by load reports and in turns', '{ backendUtilization: {}, simple: ROUND_ROBIN }'],
    [
      'not done yet',
      'by a ring that no proxy takes',
      '{ consistentHash: { useSourceIp: true, ringHash: { minimumRingSize: 8388609 } } }',
    ],
  ],
  (balancer) => policy(`{ loadBalancer: ${balancer} }`),
);

table(
  'DestinationRule',
  [
    ['valid', 'ejection', '{ interval: 2s, baseEjectionTime: 2s, maxEjectionPercent: 50 }'],
    ['invalid', 'an interval in nanoseconds', '{ interval: 2.000000005s }'],
    ['invalid', 'an ejection in nanoseconds', '{ baseEjectionTime: 2.000000005s }'],
    ['invalid', 'an ejection of more than all', '{ maxEjectionPercent: 105 }'],
    ['invalid', 'less than none healthy', '{ minHealthPercent: -1 }'],
    ['invalid', 'more than all healthy', '{ minHealthPercent: 101 }'],
    ['warning', 'errors counted the old way', '{ consecutiveErrors: 101 }'],
    ['valid', 'no errors counted the old way', '{ consecutiveErrors: 0 }'],
    ['invalid', 'local failures counted but not told apart', '{ consecutiveLocalOriginFailures: 10 }'],
  ],
  (outlier) => policy(`{ outlierDetection: ${outlier} }`),
);

table('DestinationRule', [
  ['valid', 'a tunnel', policy('{ tunnel: { targetHost: a.example, targetPort: 80 } }')],
  [
    'valid',
    'a tunnel to an address',
    policy('{ tunnel: { protocol: POST, targetHost: 10.0.0.1, targetPort: 80 } }'),
  ],
  ['invalid', 'a tunnel to nowhere', policy('{ tunnel: { targetPort: 80 } }')],
  ['invalid', 'a tunnel to every host', policy('{ tunnel: { targetHost: "*.a", targetPort: 80 } }')],
  ['invalid', 'a tunnel without a port', policy('{ tunnel: { targetHost: a.example } }')],
  [
    'invalid',
    'a tunnel of another kind',
    policy('{ tunnel: { protocol: GET, targetHost: a.example, targetPort: 80 } }'),
  ],
  ['valid', 'the PROXY protocol', policy('{ proxyProtocol: { version: V2 } }')],
  ['invalid', 'a PROXY protocol that does not exist', policy('{ proxyProtocol: { version: V3 } }')],
  ['invalid', 'a tunnel and the PROXY protocol', policy('{ tunnel: {}, proxyProtocol: {} }')],
  ['not done yet', 'a budget over a time', policy('{ retryBudget: { percent: 20, budgetInterval: 1s } }')],
  ['valid', 'a budget', policy('{ retryBudget: { percent: 20, minRetryConcurrency: 3 } }')],
  ['invalid', 'a budget of more than all', policy('{ retryBudget: { percent: 101 } }')],
  [
    'valid',
    'statuses that count as errors',
    policy('{ outlierDetection: { outlierDetectionHttpErrorCodes: [429, 503] } }'),
  ],
  [
    'invalid',
    'statuses that do not exist',
    policy('{ outlierDetection: { outlierDetectionHttpErrorCodes: [99] } }'),
  ],
  [
    'valid',
    'errors counted the old way by a subset',
    rule('subsets: [{ name: v1, trafficPolicy: { outlierDetection: { consecutiveErrors: 5 } } }]'),
  ],
  [
    'valid',
    'errors counted the old way at a port',
    policy('{ portLevelSettings: [{ port: { number: 80 }, outlierDetection: { consecutiveErrors: 5 } }] }'),
  ],
  [
    'valid',
    'settings of a port that no service has',
    policy('{ portLevelSettings: [{ port: { number: 70000 }, tls: { mode: SIMPLE } }] }'),
  ],
]);
