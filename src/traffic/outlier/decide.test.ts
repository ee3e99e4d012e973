import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Outcome } from '../../model/outcome.js';
import { cancelled, failed, rejected, responded } from '../../model/testing.js';
import {
  countedStatus,
  ejectionMs,
  isGatewayError,
  mayEject,
  NO_VERDICT,
  nextMultiplier,
  statusOf,
} from './decide.js';
import type { OutlierPolicy } from './policy.js';

const table: readonly [string, Outcome, number][] = [
  ['a response', responded(204), 204],
  ['a server error', responded(500), 500],
  ['a gRPC response that is fine', responded(200, { 'grpc-status': '0' }), 200],
  ['a gRPC response that is not', responded(200, { 'grpc-status': '14' }), 503],
  ['a gRPC status that is none', responded(200, { 'grpc-status': 'x' }), 500],
  ['a failed connection', failed('connection-failure', 'no'), 503],
  ['a connection that took too long', failed('connection-timeout', 'no'), 503],
  ['a lost connection', failed('connection-termination'), 503],
  ['a reset', failed('remote-reset'), 503],
  ['a refused stream', failed('refused-stream', 'no'), 503],
  ['nonsense', failed('protocol-error'), 503],
  ['a per-try timeout', failed('per-try-timeout'), 504],
  ['a timeout', failed('timeout'), 504],
  ['what we broke off', failed('local-reset'), NO_VERDICT],
  ['an overflow', rejected('HEDDLE_OVERLOADED', 'overflow'), NO_VERDICT],
  ['an open circuit', rejected('HEDDLE_CIRCUIT_OPEN', 'circuit-open'), NO_VERDICT],
  ['a caller that gave up', cancelled, NO_VERDICT],
  ["the mesh's own answer", { ...responded(503), local: 'FI' }, NO_VERDICT],
];

for (const [name, outcome, status] of table) {
  test(`${name} counts as ${status}`, () => assert.equal(statusOf(outcome), status));
}

test('gateway errors are 502, 503 and 504', () => {
  assert.deepEqual([500, 501, 502, 503, 504, 505].filter(isGatewayError), [502, 503, 504]);
});

test('three endpoints: 33 % ejects none, 34 % one, 66 % one, 67 % two, 100 % all: shares are exact', () => {
  const ejectable = (percent: number) => [0, 1, 2].filter((ejected) => mayEject(ejected, 3, percent)).length;
  assert.deepEqual([0, 10, 33, 34, 50, 66, 67, 100, 200].map(ejectable), [0, 0, 0, 1, 1, 1, 2, 3, 3]);
});

test('ten endpoints and 10 %: one; nine: none; no endpoint: none', () => {
  assert.equal(mayEject(0, 10, 10), true);
  assert.equal(mayEject(1, 10, 10), false);
  assert.equal(mayEject(0, 9, 10), false);
  assert.equal(mayEject(0, 0, 100), false);
});

test('following mayEject never ejects a larger share than allowed, and all that is allowed', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 0, max: 100 }), (endpoints, percent) => {
      let ejected = 0;
      while (ejected < endpoints && mayEject(ejected, endpoints, percent)) ejected += 1;
      assert.equal(ejected, Math.floor((percent * endpoints) / 100));
    }),
  );
});

test('times grow by the base up to 300 s, or stay at a base that is longer', () => {
  const times = (baseEjectionTimeMs: number) => {
    const policy = { baseEjectionTimeMs } as OutlierPolicy;
    const result: number[] = [];
    for (let multiplier = 0; result.length < 12; ) {
      multiplier = nextMultiplier(policy, multiplier);
      result.push(ejectionMs(policy, multiplier));
    }
    return result;
  };
  assert.deepEqual(times(30_000).slice(0, 4), [30_000, 60_000, 90_000, 120_000]);
  assert.deepEqual(times(30_000).slice(9), [300_000, 300_000, 300_000]);
  assert.deepEqual(times(400_000).slice(0, 3), [400_000, 400_000, 400_000]);
});

test('policy may say how long an ejection lasts at most, which is never less than the base', () => {
  const policy = { baseEjectionTimeMs: 30_000, maxEjectionTimeMs: 50_000 } as OutlierPolicy;
  assert.deepEqual(
    [1, 2, 3].map((multiplier) => ejectionMs(policy, multiplier)),
    [30_000, 50_000, 50_000],
  );
  assert.equal(ejectionMs({ ...policy, maxEjectionTimeMs: 10_000 }, 1), 30_000);
});

test('a multiplier stops growing once it has no effect, so that it fades in bounded time', () => {
  const policy = { baseEjectionTimeMs: 30_000 } as OutlierPolicy;
  let multiplier = 0;
  for (let time = 0; time < 100; time += 1) multiplier = nextMultiplier(policy, multiplier);
  assert.equal(multiplier, 11);
});

test('where policy names the errors, they alone are errors, and failures without a response stay what they are', () => {
  assert.equal(countedStatus(responded(503), undefined), 503);
  assert.equal(countedStatus(responded(503), [429]), 200);
  assert.equal(countedStatus(responded(429), [429]), 500);
  assert.equal(countedStatus(failed('per-try-timeout'), [429]), 504);
  assert.equal(countedStatus({ ...responded(429), local: 'FI' }, [429]), NO_VERDICT);
});
