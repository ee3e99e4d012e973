/** The kinds of `heddle.dev/v1`: what is right, what is odd and what is wrong. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseResources } from '../parse.js';
import { validateResource } from '../validate.js';
import { table } from './table.test.helper.js';

const out = (part: string) => `{ host: ratings, ${part} }`;
const into = (part: string) => `{ selector: {}, ${part} }`;

table('ResiliencePolicy', [
  ['valid', 'a deadline of a host', '{ host: ratings, deadline: 2s }'],
  ['valid', 'a deadline of a wildcard host', '{ host: "*.example", deadline: 2s }'],
  ['valid', 'a deadline of an address', '{ host: 10.0.0.1, deadline: 2s }'],
  ['invalid', 'a host that is none', '{ host: "a b", deadline: 2s }'],
  ['valid', 'a deadline of a namespace', '{ selector: {}, deadline: 2s }'],
  ['valid', 'a deadline of some workloads', '{ selector: { matchLabels: { app: a } }, deadline: 2s }'],
  ['invalid', 'a selector with a star', '{ selector: { matchLabels: { app: "*" } }, deadline: 2s }'],
  ['invalid', 'both a host and a selector', '{ host: ratings, selector: {}, deadline: 2s }'],
  ['invalid', 'neither a host nor a selector', '{ deadline: 2s }'],
  ['invalid', 'a selector of null', '{ selector: null, deadline: 2s }'],
  ['invalid', 'a host and nothing else', '{ host: ratings }'],
  ['invalid', 'a selector and nothing else', '{ selector: {} }'],
  ['invalid', 'a field that nobody knows', '{ host: ratings, deadlines: 2s }'],
  ['valid', 'an export to the own namespace', '{ host: ratings, exportTo: ["."], deadline: 2s }'],
  ['invalid', 'an export to nowhere', '{ host: ratings, exportTo: ["a b"], deadline: 2s }'],
  ['invalid', 'an export of what is selected', '{ selector: {}, exportTo: ["."], deadline: 2s }'],
  ['invalid', 'a breaker of what comes in', '{ selector: {}, breaker: {} }'],
  ['invalid', 'a retry budget of what comes in', '{ selector: {}, retryBudget: {} }'],
  ['invalid', 'hedging of what comes in', '{ selector: {}, hedging: { maxAttempts: 2, delay: 1s } }'],
  [
    'invalid',
    'priorities of calls out',
    '{ host: ratings, concurrency: {}, priorities: [{ name: a, priority: critical }] }',
  ],
  ['invalid', 'no time at all', '{ host: ratings, deadline: 0s }'],
  ['invalid', 'less than a millisecond', '{ host: ratings, deadline: 10us }'],
  ['invalid', 'a time that is none', '{ host: ratings, deadline: soon }'],
]);

table(
  'ResiliencePolicy',
  [
    ['valid', 'a breaker with defaults', '{}'],
    [
      'valid',
      'a breaker',
      '{ errorThresholdPercent: 50, volumeThreshold: 5, window: 10s, openDuration: 1s }',
    ],
    ['invalid', 'a breaker beyond 100 %', '{ errorThresholdPercent: 101 }'],
    ['invalid', 'a breaker with a negative threshold', '{ volumeThreshold: -1 }'],
    ['invalid', 'a breaker that never opens', '{ openDuration: 0s }'],
    ['valid', 'a breaker that ramps up', '{ rampDuration: 10s }'],
    ['valid', 'a breaker that lets all through at once', '{ rampDuration: 0s }'],
    ['invalid', 'a breaker that ramps down', '{ rampDuration: -1s }'],
  ],
  (part) => out(`breaker: ${part}`),
);

table(
  'ResiliencePolicy',
  [
    ['valid', 'a second attempt', '{ maxAttempts: 2, delay: 50ms }'],
    ['valid', 'as many attempts as there may be', '{ maxAttempts: 5, delay: 50ms }'],
    ['invalid', 'more attempts', '{ maxAttempts: 6, delay: 50ms }'],
    ['warning', 'hedging by one attempt', '{ maxAttempts: 1, delay: 50ms }'],
    ['invalid', 'hedging by no attempt', '{ maxAttempts: 0, delay: 50ms }'],
    ['invalid', 'hedging without a number', '{ delay: 50ms }'],
    ['invalid', 'hedging without a delay', '{ maxAttempts: 2 }'],
    ['invalid', 'hedging at once', '{ maxAttempts: 2, delay: 0s }'],
    ['valid', 'hedging of some methods', '{ maxAttempts: 2, delay: 50ms, methods: [GET, HEAD] }'],
    [
      'warning',
      'hedging of what may not be repeated',
      '{ maxAttempts: 2, delay: 50ms, methods: [GET, POST] }',
    ],
    ['invalid', 'hedging of no method', '{ maxAttempts: 2, delay: 50ms, methods: [] }'],
    ['invalid', 'hedging of a method in lower case', '{ maxAttempts: 2, delay: 50ms, methods: [get] }'],
    ['invalid', 'hedging of tunnels', '{ maxAttempts: 2, delay: 50ms, methods: [CONNECT] }'],
    ['invalid', 'hedging of an empty method', '{ maxAttempts: 2, delay: 50ms, methods: [""] }'],
    ['valid', 'a deadline after the delay', '{ maxAttempts: 2, delay: 50ms }, deadline: 51ms'],
    ['warning', 'a deadline before the delay', '{ maxAttempts: 2, delay: 50ms }, deadline: 50ms'],
  ],
  (part) => out(`hedging: ${part}`),
);

for (const wrap of [out, into])
  table(
    'ResiliencePolicy',
    [
      ['valid', 'concurrency with defaults', '{}'],
      [
        'valid',
        'concurrency with everything',
        '{ minLimit: 5, maxLimit: 50, initialLimit: 10, sampleWindow: 200ms, percentile: 90, minRttInterval: 30s, minRttRequests: 20, jitterPercent: 10, bufferPercent: 50 }',
      ],
      ['valid', 'a least limit above the usual greatest', '{ minLimit: 2000 }'],
      ['invalid', 'a least limit of 0', '{ minLimit: 0 }'],
      ['invalid', 'a greatest limit below the least', '{ minLimit: 10, maxLimit: 5 }'],
      ['invalid', 'a greatest limit below the usual least', '{ maxLimit: 2 }'],
      ['valid', 'a limit that does not move', '{ minLimit: 5, maxLimit: 5 }'],
      ['invalid', 'an initial limit out of bounds', '{ minLimit: 5, maxLimit: 10, initialLimit: 11 }'],
      ['invalid', 'no latency', '{ percentile: 0 }'],
      ['invalid', 'more than all latencies', '{ percentile: 101 }'],
      ['invalid', 'a measurement without requests', '{ minRttRequests: 0 }'],
      ['invalid', 'a window of no length', '{ sampleWindow: 0s }'],
      ['invalid', 'a negative buffer', '{ bufferPercent: -1 }'],
    ],
    (part) => wrap(`concurrency: ${part}`),
  );

table(
  'ResiliencePolicy',
  [
    ['valid', 'a priority for all', '[{ name: a, priority: sheddable }]'],
    [
      'valid',
      'priorities by everything there is',
      '[{ name: a, priority: critical, match: { paths: [/a, /b/*, "*/c"], methods: [GET], headers: { x-a: { exact: b } }, principals: ["*/sa/x"] } }, { name: b, priority: exempt, match: { paths: [/up] } }, { name: c, priority: default }]',
    ],
    ['invalid', 'no priority', '[]'],
    ['invalid', 'a priority that nobody knows', '[{ name: a, priority: high }]'],
    ['invalid', 'a priority without a name', '[{ priority: critical }]'],
    ['invalid', 'a name that is empty', '[{ name: "", priority: critical }]'],
    [
      'invalid',
      'two of one name',
      '[{ name: a, priority: critical, match: { paths: [/a] } }, { name: a, priority: default }]',
    ],
    [
      'warning',
      'a priority behind one that takes all',
      '[{ name: a, priority: critical }, { name: b, priority: default, match: { paths: [/a] } }]',
    ],
    [
      'invalid',
      'a path that does not start with a slash',
      '[{ name: a, priority: critical, match: { paths: [a] } }]',
    ],
    ['invalid', 'a path with a star in it', '[{ name: a, priority: critical, match: { paths: [/a/*/b] } }]'],
    ['invalid', 'a path that is empty', '[{ name: a, priority: critical, match: { paths: [""] } }]'],
    ['invalid', 'no path', '[{ name: a, priority: critical, match: { paths: [] } }]'],
    ['invalid', 'a method in lower case', '[{ name: a, priority: critical, match: { methods: [get] } }]'],
    [
      'invalid',
      'a header by a pattern',
      '[{ name: a, priority: critical, match: { headers: { x: { regex: a } } } }]',
    ],
    ['valid', 'a header that is there', '[{ name: a, priority: critical, match: { headers: { x: {} } } }]'],
    ['invalid', 'a header of null', '[{ name: a, priority: critical, match: { headers: { x: null } } }]'],
    [
      'invalid',
      'a header that starts with nothing',
      '[{ name: a, priority: critical, match: { headers: { x: { prefix: "" } } } }]',
    ],
    [
      'invalid',
      'a header by two values',
      '[{ name: a, priority: critical, match: { headers: { x: { exact: a, prefix: b } } } }]',
    ],
    [
      'invalid',
      'a header without a name',
      '[{ name: a, priority: critical, match: { headers: { "a b": {} } } }]',
    ],
  ],
  (part) => into(`concurrency: {}, priorities: ${part}`),
);

table(
  'ResiliencePolicy',
  [
    ['valid', 'a queue with its defaults', '{}'],
    ['valid', 'all of a queue', '{ maxLength: 10, maxWait: 1s, standingWait: 50ms, maxLoopDelay: 20ms }'],
    ['valid', 'a queue for nobody', '{ maxLength: 0 }'],
    ['invalid', 'a queue of less than nobody', '{ maxLength: -1 }'],
    ['invalid', 'a wait of no time', '{ maxWait: 0s }'],
    ['invalid', 'a wait in a standing queue that is no time', '{ standingWait: soon }'],
    ['invalid', 'an event loop that is never late', '{ maxLoopDelay: 0s }'],
    ['invalid', 'a field that is none', '{ length: 3 }'],
  ],
  (part) => into(`concurrency: {}, queue: ${part}`),
);

table('ResiliencePolicy', [
  ['invalid', 'a queue of calls out', '{ host: ratings, concurrency: {}, queue: {} }'],
  ['invalid', 'a queue without a limit to wait for', into('queue: {}')],
  ['invalid', 'priorities without a limit to share', into('priorities: [{ name: a, priority: critical }]')],
]);

table('RateLimit', [
  ['valid', 'a limit of what comes in', into('limits: [{ requests: 10, per: 1s }]')],
  ['valid', 'a limit of calls out', out('limits: [{ requests: 10, per: 1s }]')],
  ['invalid', 'both a host and a selector', '{ host: a, selector: {}, limits: [{ requests: 10, per: 1s }] }'],
  ['invalid', 'a limit of nothing', '{ limits: [{ requests: 10, per: 1s }] }'],
  ['invalid', 'no limits', into('limits: []')],
  ['invalid', 'limits that are missing', '{ selector: {} }'],
]);

table(
  'RateLimit',
  [
    ['valid', 'a burst', '{ requests: 10, per: 1s, burst: 50 }'],
    ['valid', 'a small burst', '{ requests: 10, per: 1s, burst: 1 }'],
    ['invalid', 'a burst of 0', '{ requests: 10, per: 1s, burst: 0 }'],
    ['invalid', 'no requests', '{ requests: 0, per: 1s }'],
    ['invalid', 'requests that are missing', '{ per: 1s }'],
    ['invalid', 'a fraction of a request', '{ requests: 0.5, per: 1s }'],
    ['invalid', 'a time that is missing', '{ requests: 1 }'],
    ['invalid', 'no time', '{ requests: 1, per: 0s }'],
    ['valid', 'a limit for each caller', '{ requests: 1, per: 1s, by: [principal] }'],
    [
      'valid',
      'a limit for each tenant at each address',
      '{ requests: 1, per: 1s, by: [remoteIp, "header:X-Tenant"] }',
    ],
    ['invalid', 'a limit by something else', '{ requests: 1, per: 1s, by: [cookie] }'],
    ['invalid', 'a limit by a header without a name', '{ requests: 1, per: 1s, by: ["header:"] }'],
    ['invalid', 'a limit by one thing twice', '{ requests: 1, per: 1s, by: ["header:a", "header:A"] }'],
    ['invalid', 'a limit by nothing', '{ requests: 1, per: 1s, by: [] }'],
    [
      'valid',
      'a limit of some requests',
      '{ name: writes, requests: 1, per: 1s, match: { methods: [POST] } }',
    ],
    ['invalid', 'a limit with a match that is wrong', '{ requests: 1, per: 1s, match: { methods: [post] } }'],
    ['invalid', 'a name that is empty', '{ name: "", requests: 1, per: 1s }'],
    ['invalid', 'two of one name', '{ name: a, requests: 1, per: 1s }, { name: a, requests: 2, per: 1s }'],
    [
      'invalid',
      'a name that another has by its place',
      '{ name: limit-1, requests: 1, per: 1s }, { requests: 2, per: 1s }',
    ],
  ],
  (part) => into(`limits: [${part}]`),
);

table(
  'RateLimit',
  [
    ['valid', 'a limit of calls out by header', '{ requests: 1, per: 1s, by: ["header:x-tenant"] }'],
    ['invalid', 'a limit of calls out by caller', '{ requests: 1, per: 1s, by: [principal] }'],
    ['invalid', 'a limit of calls out by address', '{ requests: 1, per: 1s, by: [remoteIp] }'],
    [
      'invalid',
      'a limit of calls out of some callers',
      '{ requests: 1, per: 1s, match: { principals: ["*"] } }',
    ],
  ],
  (part) => out(`limits: [${part}]`),
);

function said(spec: string): string[] {
  const text = `apiVersion: heddle.dev/v1\nkind: ResiliencePolicy\nmetadata: { name: x, namespace: ns }\nspec: ${spec}\n`;
  const { resources } = parseResources([{ file: 'x.yaml', text }]);
  return resources
    .flatMap(validateResource)
    .map(({ level, path, message }) => `${level} ${path}: ${message}`);
}

test('a finding has its place and says what to do', () => {
  assert.deepEqual(
    said('{ host: ratings, hedging: { maxAttempts: 9, delay: 50ms, methods: [post] }, deadline: 20ms }'),
    [
      'error spec.hedging.maxAttempts: 9 is out of range: expected 1 to 5',
      'warning spec.hedging.delay: the deadline (20ms) is over before a second attempt could begin (after 50ms)',
      "error spec.hedging.methods[0]: 'post' is not a method: write POST",
    ],
  );
  assert.deepEqual(said('{ selector: {}, hedging: { maxAttempts: 2, delay: 50ms } }'), [
    "error spec.hedging: 'hedging' is for calls out: attach the policy with 'host'",
  ]);
  assert.deepEqual(said('{ deadline: 1s }'), [
    "error spec: it is attached to nothing: set 'host' (calls out) or 'selector' (calls in; '{}' for all workloads of the namespace)",
  ]);
});
