import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HeaderFields } from '../../base/headers.js';
import { askedRetries, asksForRetries } from './asked.js';
import { DEFAULT_RETRY_POLICY, type RetryPolicy } from './policy.js';

const ROUTE: RetryPolicy = {
  attempts: 2,
  perTryTimeoutMs: 100,
  on: ['connect-failure'],
  statusCodes: [409],
  backoffMs: 10,
  ignorePreviousHosts: true,
  explicit: false,
};

const rows: readonly [string, HeaderFields, RetryPolicy | null, Partial<RetryPolicy> | null][] = [
  [
    'words are added to the route’s',
    { 'x-envoy-retry-on': '5xx, connect-failure,reset' },
    ROUTE,
    { on: ['connect-failure', '5xx', 'reset'], explicit: true },
  ],
  [
    'gRPC’s too',
    { 'x-envoy-retry-grpc-on': 'internal' },
    ROUTE,
    { on: ['connect-failure', 'internal'], explicit: true },
  ],
  ['unknown words are not', { 'x-envoy-retry-on': 'constructor,503,internal' }, ROUTE, {}],
  ['gRPC’s words do not hold in the other header', { 'x-envoy-retry-grpc-on': '5xx' }, ROUTE, {}],
  ['the number takes the place of the route’s', { 'x-envoy-max-retries': '7' }, ROUTE, { attempts: 7 }],
  ['0 is a number', { 'x-envoy-max-retries': ' 0 ' }, ROUTE, { attempts: 0 }],
  ['a bad number is none', { 'x-envoy-max-retries': '-1' }, ROUTE, {}],
  ['nor is one that is too large', { 'x-envoy-max-retries': '4294967296' }, ROUTE, {}],
  [
    'codes are added',
    { 'x-envoy-retriable-status-codes': '503, x,+504' },
    ROUTE,
    { statusCodes: [409, 503, 504] },
  ],
  [
    'names are added',
    { 'x-envoy-retriable-header-names': 'X-Busy, x-b' },
    ROUTE,
    { headerNames: ['x-busy', 'x-b'] },
  ],
  [
    'without a route’s retries there is one',
    { 'x-envoy-retry-on': '5xx' },
    null,
    { ...DEFAULT_RETRY_POLICY, attempts: 1, on: ['5xx'], explicit: true },
  ],
  ['a number alone asks for nothing', { 'x-envoy-max-retries': '3' }, null, null],
];

for (const [name, given, route, changes] of rows) {
  test(`${name}; the headers are gone afterwards`, () => {
    const headers: HeaderFields = { accept: '*/*', ...given };
    assert.equal(asksForRetries(headers), true);
    const asked = askedRetries(headers, route);
    assert.deepEqual(asked, changes === null ? null : { ...route, ...changes });
    assert.deepEqual(headers, { accept: '*/*' });
    assert.equal(asksForRetries(headers), false);
  });
}
