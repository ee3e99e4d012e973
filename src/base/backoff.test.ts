import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { backoffMs } from './backoff.js';
import { seededRandom } from './testing.js';

const ENVOY = { baseDelayMs: 25, maxDelayMs: 250 };
const ALMOST_ONE = { next: () => 1 - Number.EPSILON };

test("the longest waits are Envoy's: 24, 49, 99, 199, then the cap", () => {
  const longest = [1, 2, 3, 4, 5, 6, 60].map((retry) => backoffMs(ENVOY, retry, ALMOST_ONE));
  assert.deepEqual(longest, [24, 49, 99, 199, 249, 249, 249]);
});

test('the shortest wait is none', () => {
  assert.equal(backoffMs(ENVOY, 3, { next: () => 0 }), 0);
});

test('a wait is a whole number from zero up to, and without, the ceiling', () => {
  const milliseconds = fc.integer({ min: 1, max: 10_000 });
  fc.assert(
    fc.property(
      milliseconds,
      milliseconds,
      fc.integer({ min: 1, max: 2_000 }),
      fc.nat(),
      (base, max, retry, seed) => {
        const wait = backoffMs({ baseDelayMs: base, maxDelayMs: max }, retry, seededRandom(seed));
        assert.ok(Number.isInteger(wait) && wait >= 0);
        assert.ok(wait < Math.min(max, base * 2 ** (retry - 1)));
      },
    ),
  );
});
