import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FakeClock, seededRandom } from '../../base/testing.js';
import { failed, responded, testEndpoint } from '../../model/testing.js';
import type { FailurePercentagePolicy, OutlierPolicy, SuccessRatePolicy } from './policy.js';
import { OutlierState } from './state.js';
import {
  isFailurePercentageOutlier,
  isSuccessRateOutlier,
  mayCompareFailures,
  successRateThreshold,
} from './statistics.js';

const RATE: SuccessRatePolicy = {
  minimumHosts: 5,
  requestVolume: 100,
  stdevFactor: 1.9,
  enforcingPercent: 100,
};
const SHARE: FailurePercentagePolicy = {
  thresholdPercent: 85,
  minimumHosts: 5,
  requestVolume: 50,
  enforcingPercent: 100,
};
const POLICY: OutlierPolicy = {
  consecutive5xx: 0,
  consecutiveGatewayErrors: 0,
  splitLocalOrigin: false,
  consecutiveLocalOriginFailures: 0,
  intervalMs: 10_000,
  baseEjectionTimeMs: 30_000,
  maxEjectionPercent: 100,
  minHealthPercent: 0,
};

const of100 = (...succeeded: number[]) => succeeded.map((ok) => ({ total: 100, succeeded: ok }));

test('rates of 50, 100, 100, 100, 100: mean 90, deviation 20, threshold 52', () => {
  const tallies = of100(50, 100, 100, 100, 100);
  assert.equal(successRateThreshold(tallies, RATE), 52);
  assert.deepEqual(
    tallies.map((tally) => isSuccessRateOutlier(tally, RATE, 52)),
    [true, false, false, false, false],
  );
});

test('an endpoint at the threshold stays; below it goes', () => {
  assert.equal(isSuccessRateOutlier({ total: 100, succeeded: 52 }, RATE, 52), false);
  assert.equal(isSuccessRateOutlier({ total: 1_000, succeeded: 519 }, RATE, 52), true);
});

test('with fewer endpoints of enough volume nothing is compared', () => {
  assert.equal(successRateThreshold(of100(0, 100, 100, 100), RATE), null);
  assert.equal(successRateThreshold([...of100(0, 100, 100, 100), { total: 99, succeeded: 99 }], RATE), null);
  assert.equal(mayCompareFailures(of100(0, 0, 0, 0), SHARE), false);
  assert.equal(mayCompareFailures(of100(0, 0, 0, 0, 0), SHARE), true);
});

test('an endpoint without attempts has no success rate, whatever volume policy asks for', () => {
  const idle = { total: 0, succeeded: 0 };
  assert.equal(successRateThreshold([idle], { ...RATE, minimumHosts: 0, requestVolume: 0 }), null);
  assert.equal(mayCompareFailures([idle], { ...SHARE, minimumHosts: 0, requestVolume: 0 }), false);
  assert.equal(isFailurePercentageOutlier(idle, { ...SHARE, requestVolume: 0 }), false);
});

test('85 % of failures are an outlier, 84 % are none', () => {
  assert.equal(isFailurePercentageOutlier({ total: 100, succeeded: 15 }, SHARE), true);
  assert.equal(isFailurePercentageOutlier({ total: 100, succeeded: 16 }, SHARE), false);
  assert.equal(isFailurePercentageOutlier({ total: 49, succeeded: 0 }, SHARE), false);
});

test('the threshold lies never above the mean, and endpoints that are alike have no outlier', () => {
  const tally = fc
    .tuple(fc.integer({ min: 100, max: 1_000 }), fc.double({ min: 0, max: 1, noNaN: true }))
    .map(([total, share]) => ({ total, succeeded: Math.floor(total * share) }));
  fc.assert(
    fc.property(fc.array(tally, { minLength: 5, maxLength: 30 }), (tallies) => {
      const threshold = successRateThreshold(tallies, RATE)!;
      const outliers = tallies.filter((one) => isSuccessRateOutlier(one, RATE, threshold));
      assert.ok(outliers.length < tallies.length / 2, 'most are never outliers of themselves');
    }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 64 }), fc.integer({ min: 5, max: 9 }), (succeeded, count) => {
      const tallies = Array.from({ length: count }, () => ({ total: 128, succeeded }));
      const threshold = successRateThreshold(tallies, RATE)!;
      assert.ok(tallies.every((one) => !isSuccessRateOutlier(one, RATE, threshold)));
    }),
  );
});

function make(changes: Partial<OutlierPolicy>, count = 5, random = seededRandom(1)) {
  const clock = new FakeClock();
  const endpoints = Array.from({ length: count }, (_, index) => testEndpoint(index + 1));
  const events: string[] = [];
  const state = new OutlierState({
    clock,
    random,
    policy: { ...POLICY, ...changes },
    onEjected: ({ endpoint }, reason, ms) => events.push(`${endpoint.address} ${reason} ${ms}`),
    onReturned: ({ endpoint }) => events.push(`${endpoint.address} back`),
    onOverflow: ({ endpoint }, reason) => events.push(`${endpoint.address} ${reason} overflow`),
    onSpared: ({ endpoint }, reason) => events.push(`${endpoint.address} ${reason} spared`),
  });
  state.update(endpoints);
  /** `failures` of 100 attempts fail, spread so that they do not follow on each other. */
  const serve = (index: number, failures: number, attempts = 100, status = 500) => {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const fails = Math.floor(((attempt + 1) * failures) / 100) > Math.floor((attempt * failures) / 100);
      state.record(endpoints[index]!, responded(fails ? status : 200));
    }
  };
  return { clock, endpoints, events, state, serve };
}

test('the sweep ejects who answers well less often than the others, no sooner and nobody else', () => {
  const { clock, events, serve } = make({ successRate: RATE });
  serve(0, 50);
  for (const index of [1, 2, 3, 4]) serve(index, 0);
  clock.advance(9_999);
  assert.deepEqual(events, []);
  clock.advance(1);
  assert.deepEqual(events, ['10.0.0.1 success-rate 30000']);
});

test('99 attempts on the fifth endpoint: nothing is compared', () => {
  const { clock, events, serve } = make({ successRate: RATE });
  serve(0, 50);
  for (const index of [1, 2, 3]) serve(index, 0);
  serve(4, 0, 99);
  clock.advance(10_000);
  assert.deepEqual(events, []);
});

test('what was counted before the last sweep is forgotten', () => {
  const { clock, events, serve } = make({ successRate: RATE });
  for (const index of [0, 1, 2, 3, 4]) serve(index, index === 0 ? 50 : 0, 60);
  clock.advance(10_000);
  for (const index of [0, 1, 2, 3, 4]) serve(index, index === 0 ? 50 : 0, 60);
  clock.advance(10_000);
  assert.deepEqual(events, []);
});

test('an ejected endpoint is not compared: the mean is that of the others', () => {
  const { clock, events, serve } = make({ successRate: { ...RATE, minimumHosts: 4 } });
  serve(0, 50);
  for (const index of [1, 2, 3, 4]) serve(index, 0);
  clock.advance(10_000);
  serve(0, 100);
  serve(1, 20);
  for (const index of [2, 3, 4]) serve(index, 0);
  // Mean 95, deviation 8.66: the threshold is 78.5, so 80 stays. With the ejected one among them it would be lower still.
  clock.advance(10_000);
  assert.deepEqual(events, ['10.0.0.1 success-rate 30000']);
});

test('failure percentage ejects all who fail too often, as far as the budget goes', () => {
  const { clock, events, serve } = make({ failurePercentage: SHARE, maxEjectionPercent: 40 });
  for (const index of [0, 1, 2]) serve(index, 90, 50);
  for (const index of [3, 4]) serve(index, 80, 50);
  clock.advance(10_000);
  assert.deepEqual(events, [
    '10.0.0.1 failure-percentage 30000',
    '10.0.0.2 failure-percentage 30000',
    '10.0.0.3 failure-percentage overflow',
  ]);
});

test('whom the success rate ejected the failure percentage does not eject again', () => {
  const { clock, events, state, serve } = make({ successRate: RATE, failurePercentage: SHARE });
  serve(0, 100);
  for (const index of [1, 2, 3, 4]) serve(index, 0);
  clock.advance(10_000);
  assert.deepEqual(events, ['10.0.0.1 success-rate 30000']);
  assert.equal(state.ejected, 1);
});

test('enforcing 0 % only tells, 50 % draws', () => {
  const none = make({ failurePercentage: { ...SHARE, enforcingPercent: 0 } });
  for (const index of [0, 1, 2, 3, 4]) none.serve(index, 90);
  none.clock.advance(10_000);
  assert.deepEqual(none.events.length, 5);
  assert.ok(none.events.every((event) => event.endsWith('failure-percentage spared')));
  const draws = [0.49, 0.5, 0.1, 0.9, 0.3];
  const half = make({ failurePercentage: { ...SHARE, enforcingPercent: 50 } }, 5, {
    next: () => draws.shift()!,
  });
  for (const index of [0, 1, 2, 3, 4]) half.serve(index, 90);
  half.clock.advance(10_000);
  assert.deepEqual(
    half.endpoints.map(({ ejected }) => ejected),
    [true, false, true, false, true],
  );
});

test('failures without a response count as failures; where they are counted apart they count neither way', () => {
  const together = make({ failurePercentage: { ...SHARE, minimumHosts: 1 } });
  const apart = make({ failurePercentage: { ...SHARE, minimumHosts: 1 }, splitLocalOrigin: true });
  for (const { clock, endpoints, state } of [together, apart]) {
    for (let time = 0; time < 100; time += 1) state.record(endpoints[0]!, failed('connection-failure', 'no'));
    clock.advance(10_000);
  }
  assert.deepEqual(together.events, ['10.0.0.1 failure-percentage 30000']);
  assert.deepEqual(apart.events, []);
});

test('who comes back in a sweep is compared by what it answered since the one before', () => {
  const { clock, events, serve } = make({ failurePercentage: { ...SHARE, minimumHosts: 1 } });
  serve(0, 100, 50);
  clock.advance(30_000);
  serve(0, 100, 50);
  clock.advance(10_000);
  assert.deepEqual(events, [
    '10.0.0.1 failure-percentage 30000',
    '10.0.0.1 back',
    '10.0.0.1 failure-percentage 60000',
  ]);
});

test('without calls no timer runs', () => {
  const { clock, serve } = make({ successRate: RATE });
  assert.equal(clock.pending, 0);
  serve(0, 0, 1);
  assert.equal(clock.pending, 1);
  clock.advance(20_000);
  assert.equal(clock.pending, 0);
});
