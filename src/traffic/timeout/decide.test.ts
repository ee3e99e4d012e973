import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type DeadlineFacts,
  decideAttemptDeadline,
  decideDeadline,
  expectedTimeout,
  grpcTimeout,
  incomingTimeoutMs,
  parseGrpcTimeout,
} from './decide.js';

const NEVER = Number.POSITIVE_INFINITY;

const deadlines: readonly [string, Partial<DeadlineFacts>, number][] = [
  ['nothing: never', {}, NEVER],
  ['a route timeout', { routeTimeoutMs: 500 }, 1_500],
  ["Istio's 0, no timeout", { routeTimeoutMs: 0 }, NEVER],
  ["the caller's, shorter", { routeTimeoutMs: 500, callerTimeoutMs: 100 }, 1_100],
  ["the caller's, longer", { routeTimeoutMs: 500, callerTimeoutMs: 900 }, 1_500],
  ['a caller without any time', { callerTimeoutMs: 0 }, 1_000],
  ['what is left of the exchange', { routeTimeoutMs: 500, exchangeDeadlineAt: 1_200 }, 1_200],
  ['an exchange that is over', { routeTimeoutMs: 500, exchangeDeadlineAt: 900 }, 900],
];

for (const [name, facts, at] of deadlines) {
  test(`deadline with ${name}`, () => {
    const all = {
      now: 1_000,
      routeTimeoutMs: null,
      callerTimeoutMs: null,
      exchangeDeadlineAt: NEVER,
      ...facts,
    };
    assert.equal(decideDeadline(all), at);
  });
}

test('a per-try timeout holds only if it ends before the call does', () => {
  assert.equal(decideAttemptDeadline(1_000, 100, NEVER), 1_100);
  assert.equal(decideAttemptDeadline(1_000, 100, 1_200), 1_100);
  assert.equal(decideAttemptDeadline(1_000, 100, 1_100), NEVER);
  assert.equal(decideAttemptDeadline(1_000, 100, 1_050), NEVER);
  assert.equal(decideAttemptDeadline(1_000, null, 1_050), NEVER);
  assert.equal(decideAttemptDeadline(1_000, 0, NEVER), NEVER);
});

test('the peer is told the smaller of both times, at least 1, nothing without a deadline', () => {
  assert.equal(expectedTimeout(1_000, NEVER, NEVER), undefined);
  assert.equal(expectedTimeout(1_000, 1_100.9, NEVER), '100');
  assert.equal(expectedTimeout(1_000, 1_100, 1_050), '50');
  assert.equal(expectedTimeout(1_000, NEVER, 1_000.4), '1');
  assert.equal(expectedTimeout(1_000, NEVER, 900), '1');
});

const grpc: readonly [string | undefined, number | undefined][] = [
  ['1H', 3_600_000],
  ['2M', 120_000],
  ['3S', 3_000],
  ['4m', 4],
  ['500u', 0.5],
  ['1000000n', 1],
  ['0S', 0],
  ['99999999H', 99_999_999 * 3_600_000],
  ['100000000S', undefined],
  ['-1S', undefined],
  ['1.5S', undefined],
  ['1', undefined],
  ['S', undefined],
  ['1s', undefined],
  [' 1S', undefined],
  ['', undefined],
  [undefined, undefined],
];
for (const [text, ms] of grpc) {
  test(`grpc-timeout ${text} is ${ms} ms`, () => assert.equal(parseGrpcTimeout(text), ms));
}

test('what grpcTimeout writes has at most eight digits, and reads as no more than was left', () => {
  assert.equal(grpcTimeout(NEVER), undefined);
  assert.equal(grpcTimeout(0), '1m');
  fc.assert(
    fc.property(fc.double({ min: 1, max: 1e15, noNaN: true }), (leftMs) => {
      const text = grpcTimeout(leftMs)!;
      assert.match(text, /^\d{1,8}[mSH]$/);
      assert.ok(parseGrpcTimeout(text)! <= leftMs);
    }),
  );
});

const incoming: readonly [string, Record<string, string | string[]>, number | undefined][] = [
  ['nothing', {}, undefined],
  ["Heddle's header", { 'x-heddle-deadline-ms': '120' }, 120],
  ["Heddle's, over already", { 'x-heddle-deadline-ms': '0' }, 0],
  ["Envoy's header", { 'x-envoy-expected-rq-timeout-ms': '80' }, 80],
  ["Envoy's 0: no limit", { 'x-envoy-expected-rq-timeout-ms': '0' }, undefined],
  ["gRPC's", { 'grpc-timeout': '2S' }, 2_000],
  ["gRPC's 0: over", { 'grpc-timeout': '0m' }, 0],
  [
    'the least of all',
    { 'x-heddle-deadline-ms': '90', 'x-envoy-expected-rq-timeout-ms': '80', 'grpc-timeout': '1S' },
    80,
  ],
  [
    'what cannot be read',
    { 'x-heddle-deadline-ms': 'soon', 'x-envoy-expected-rq-timeout-ms': '-1', 'grpc-timeout': '1' },
    undefined,
  ],
  ['a repeated header', { 'x-heddle-deadline-ms': ['1', '2'] }, undefined],
  ['far too many digits', { 'x-heddle-deadline-ms': '9'.repeat(400) }, undefined],
];
for (const [name, headers, ms] of incoming) {
  test(`time left by ${name}`, () => assert.equal(incomingTimeoutMs(headers), ms));
}
