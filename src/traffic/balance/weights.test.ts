import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock, seededRandom } from '../../base/testing.js';
import { testEndpoint } from '../../model/testing.js';
import { createBalancer } from './index.js';
import { Weights } from './weights.js';

const WINDOW_MS = 10_000;

// Envoy's slow start: weight × max(minimum, (elapsed / window)^(1 / aggression)), and never for less than a millisecond.
const table: readonly [elapsedMs: number, minimumPercent: number, aggression: number, factor: number][] = [
  [0, 10, 1, 0.1],
  [0, 0, 1, 0.0001],
  [1, 0, 1, 0.0001],
  [999, 10, 1, 0.1],
  [2_500, 10, 1, 0.25],
  [2_500, 10, 2, 0.5],
  [2_500, 10, 0.5, 0.1],
  [2_500, 0, 0.5, 0.0625],
  [2_500, 30, 1, 0.3],
  [9_999, 10, 1, 0.9999],
  [10_000, 10, 1, 1],
  [99_999, 10, 1, 1],
];
for (const [elapsedMs, minimumPercent, aggression, factor] of table)
  test(`${elapsedMs} of ${WINDOW_MS} ms, at least ${minimumPercent} %, aggression ${aggression}: ${factor} of the weight`, () => {
    const clock = new FakeClock();
    const endpoint = testEndpoint(1, { weight: 4 });
    const weights = new Weights([endpoint], { durationMs: WINDOW_MS, minimumPercent, aggression }, clock);
    clock.advance(elapsedMs);
    assert.ok(Math.abs(weights.of(endpoint, weights.warmingNow()) - 4 * factor) < 1e-9);
  });

test('weights are equal again once the youngest is warm, and are not looked up in time any more', () => {
  const clock = new FakeClock();
  const list = [testEndpoint(1), testEndpoint(2, {}, 5_000)];
  const weights = new Weights(list, { durationMs: WINDOW_MS, minimumPercent: 10, aggression: 1 }, clock);
  clock.advance(14_999);
  assert.equal(weights.allEqual(weights.warmingNow()), false);
  clock.advance(1);
  assert.equal(weights.allEqual(weights.warmingNow()), true);
  assert.equal(weights.warmingNow(), Number.POSITIVE_INFINITY);
});

test('slow start begins anew when health checks pass first, not when an ejection ends', () => {
  const clock = new FakeClock(0, 100_000);
  const availability = { changes: 0 };
  const list = [testEndpoint(1, {}, 0, availability), testEndpoint(2, {}, 0, availability)];
  const [, second] = list;
  const weights = new Weights(list, { durationMs: WINDOW_MS, minimumPercent: 10, aggression: 1 }, clock);
  const now = () => weights.of(second!, weights.warmingNow());
  assert.equal(weights.allEqual(weights.warmingNow()), true);
  second!.ejected = true;
  clock.advance(1_000);
  second!.ejected = false;
  assert.deepEqual([now(), weights.allEqual(weights.warmingNow())], [1, true]);
  second!.healthy = false;
  clock.advance(1_000);
  second!.healthy = true;
  second!.warmsFrom = clock.now();
  assert.deepEqual([now(), weights.allEqual(weights.warmingNow())], [0.1, false]);
  clock.advance(4_000);
  assert.equal(now(), 0.4);
  // An ejection in the window does not stop it, either.
  second!.ejected = true;
  assert.equal(now(), 1, 'what is not available is picked in panic alone, by its whole weight');
  clock.advance(2_000);
  second!.ejected = false;
  assert.equal(now(), 0.6);
  clock.advance(4_000);
  assert.deepEqual([now(), weights.allEqual(weights.warmingNow())], [1, true]);
});

test('least request: of two idle endpoints the one that warms up is given its part', () => {
  const clock = new FakeClock(0, 100_000);
  const availability = { changes: 0 };
  const list = [testEndpoint(1, {}, 0, availability), testEndpoint(2, {}, 100_000, availability)];
  const warmup = { durationMs: WINDOW_MS, minimumPercent: 10, aggression: 1 };
  for (const policy of [
    { kind: 'least-request', warmup } as const,
    { kind: 'peak-ewma', decayMs: 1e4, warmup } as const,
  ]) {
    const balancer = createBalancer(policy, list, { clock, random: seededRandom(1), panicPercent: 0 });
    for (const endpoint of list) [endpoint.latencyMs, endpoint.latencyAt] = [10, clock.now()];
    let fresh = 0;
    for (let pick = 0; pick < 11_000; pick += 1)
      if (balancer.pick({ hash: undefined, tried: [] }) === list[1]) fresh += 1;
    assert.ok(Math.abs(fresh - 1_000) < 120, `${policy.kind} ${fresh}`);
  }
});

test('weighted round robin spreads the turns of each endpoint: never two more than its part in any window', () => {
  const weights = [5, 1, 1, 3];
  const availability = { changes: 0 };
  const list = weights.map((weight, index) => testEndpoint(index, { weight }, 0, availability));
  for (let seed = 0; seed < 20; seed += 1) {
    const balancer = createBalancer({ kind: 'round-robin' }, list, {
      ...{ clock: new FakeClock(), random: seededRandom(seed), panicPercent: 0 },
    });
    const picks = Array.from({ length: 200 }, () =>
      list.indexOf(balancer.pick({ hash: undefined, tried: [] })!),
    );
    for (let from = 0; from < 100; from += 7)
      for (let length = 1; length <= 40; length += 1)
        for (const [index, weight] of weights.entries()) {
          const count = picks.slice(from, from + length).filter((picked) => picked === index).length;
          assert.ok(Math.abs(count - (length * weight) / 10) < 2, `seed ${seed}: ${count} of ${length}`);
        }
  }
});
