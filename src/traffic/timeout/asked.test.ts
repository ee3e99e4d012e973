import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HeaderFields } from '../../base/headers.js';
import { askedTimes, asksForTimes } from './asked.js';
import { isGrpc } from './decide.js';

const NOTHING = { timeoutMs: undefined, perTryTimeoutMs: undefined, noContent: false, hedge: false };

const rows: readonly [HeaderFields, object][] = [
  [{ 'x-envoy-upstream-rq-timeout-ms': '250' }, { timeoutMs: 250 }],
  [{ 'x-envoy-upstream-rq-timeout-ms': '0' }, { timeoutMs: 0 }],
  [{ 'x-envoy-upstream-rq-timeout-ms': '1s' }, {}],
  [{ 'x-envoy-upstream-rq-timeout-ms': '-1' }, {}],
  [{ 'x-envoy-upstream-rq-per-try-timeout-ms': '20' }, { perTryTimeoutMs: 20 }],
  [{ 'x-envoy-upstream-rq-per-try-timeout-ms': '9'.repeat(16) }, {}],
  [{ 'x-envoy-upstream-rq-timeout-alt-response': 'whatever' }, { noContent: true }],
  [{ 'x-envoy-hedge-on-per-try-timeout': 'true' }, { hedge: true }],
  [{ 'x-envoy-hedge-on-per-try-timeout': 'TRUE' }, {}],
];

for (const [given, expected] of rows) {
  const [[name, value]] = Object.entries(given) as [[string, string]];
  test(`${name}: ${value.slice(0, 20)}`, () => {
    const headers: HeaderFields = { accept: '*/*', ...given };
    assert.equal(asksForTimes(headers), true);
    assert.deepEqual(askedTimes(headers), { ...NOTHING, ...expected });
    assert.deepEqual(headers, { accept: '*/*' });
    assert.equal(asksForTimes(headers), false);
  });
}

test('a gRPC call is known by its content type', () => {
  const yes = ['application/grpc', 'application/grpc+proto', 'application/grpc;charset=x'];
  const no = [
    'application/grpc-web',
    'application/json',
    'application/grpcx',
    undefined,
    ['application/grpc'],
  ];
  assert.deepEqual([yes.map(isGrpc), no.map(isGrpc)], [yes.map(() => true), no.map(() => false)]);
});
