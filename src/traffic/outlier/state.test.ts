import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Random } from '../../base/random.js';
import { FakeClock, seededRandom } from '../../base/testing.js';
import type { Outcome } from '../../model/outcome.js';
import { failed, responded, testAttempt, testCall, testEndpoint } from '../../model/testing.js';
import { outlierFilter } from './filter.js';
import type { OutlierPolicy } from './policy.js';
import { OutlierState } from './state.js';

const POLICY: OutlierPolicy = {
  consecutive5xx: 3,
  consecutiveGatewayErrors: 0,
  splitLocalOrigin: false,
  consecutiveLocalOriginFailures: 5,
  intervalMs: 10_000,
  baseEjectionTimeMs: 30_000,
  maxEjectionPercent: 100,
  minHealthPercent: 0,
};

function make(changes: Partial<OutlierPolicy> = {}, count = 3, random: Random = seededRandom(1)) {
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
  const record = (index: number, ...outcomes: Outcome[]) => {
    for (const outcome of outcomes) state.record(endpoints[index]!, outcome);
  };
  return { clock, endpoints, events, state, record };
}

const bad = () => responded(500);
const gateway = () => responded(503);
const good = () => responded(200);
const lost = () => failed('connection-failure', 'no');

test('the third 5xx in a row ejects, whatever their kind', () => {
  const { endpoints, events, record } = make();
  record(0, bad(), lost());
  assert.equal(endpoints[0]!.ejected, false);
  record(0, failed('per-try-timeout'));
  assert.equal(endpoints[0]!.ejected, true);
  assert.deepEqual(events, ['10.0.0.1 consecutive-5xx 30000']);
});

test('a success between them begins the count anew; endpoints are counted apart', () => {
  const { endpoints, record } = make();
  record(0, bad(), bad(), good(), bad(), bad());
  record(1, bad(), bad());
  assert.ok(endpoints.every((endpoint) => !endpoint.ejected));
});

test('a 4xx is a success', () => {
  const { endpoints, record } = make();
  record(0, bad(), bad(), responded(404), bad());
  assert.equal(endpoints[0]!.ejected, false);
});

test('gateway errors have their own threshold, which another 5xx begins anew', () => {
  const { endpoints, events, record } = make({ consecutive5xx: 0, consecutiveGatewayErrors: 2 });
  record(0, gateway(), bad(), gateway());
  assert.equal(endpoints[0]!.ejected, false);
  record(0, lost());
  assert.deepEqual(events, ['10.0.0.1 consecutive-gateway-errors 30000']);
});

test('thresholds of 0 eject nothing', () => {
  const { endpoints, record } = make({ consecutive5xx: 0 });
  for (let time = 0; time < 50; time += 1) record(0, gateway());
  assert.equal(endpoints[0]!.ejected, false);
});

test('split: local failures count apart and only a response begins them anew', () => {
  const { events, record } = make({ splitLocalOrigin: true, consecutiveLocalOriginFailures: 2 });
  record(0, lost(), bad(), lost(), good(), lost(), bad());
  assert.deepEqual(events, []);
  record(0, lost(), lost());
  assert.deepEqual(events, ['10.0.0.1 consecutive-local-origin-failures 30000']);
});

test('split: local failures are not charged to the 5xx counter', () => {
  const { events, record } = make({ splitLocalOrigin: true, consecutiveLocalOriginFailures: 100 });
  record(0, bad(), bad(), lost(), lost(), lost());
  assert.deepEqual(events, []);
  record(0, bad());
  assert.deepEqual(events, ['10.0.0.1 consecutive-5xx 30000']);
});

test('10 % of three endpoints ejects none, 50 % one', () => {
  const none = make({ maxEjectionPercent: 10 });
  none.record(0, bad(), bad(), bad());
  assert.deepEqual(none.events, ['10.0.0.1 consecutive-5xx overflow']);
  const one = make({ maxEjectionPercent: 50 });
  for (const index of [0, 1, 2]) one.record(index, bad(), bad(), bad());
  assert.deepEqual(
    one.endpoints.map((endpoint) => endpoint.ejected),
    [true, false, false],
  );
});

test('what the budget kept in is asked about again after as many failures', () => {
  const { events, record } = make({ maxEjectionPercent: 0 });
  for (let time = 0; time < 7; time += 1) record(0, bad());
  assert.equal(events.length, 2);
});

test('it comes back with the first sweep after its time, and the time grows', () => {
  const { clock, endpoints, events, record } = make({ baseEjectionTimeMs: 25_000 });
  record(0, bad(), bad(), bad());
  clock.advance(29_999);
  assert.equal(endpoints[0]!.ejected, true);
  clock.advance(1);
  assert.equal(endpoints[0]!.ejected, false);
  record(0, bad(), bad(), bad());
  clock.advance(50_000 - 1);
  assert.equal(endpoints[0]!.ejected, true);
  clock.advance(10_001);
  assert.deepEqual(events, [
    '10.0.0.1 consecutive-5xx 25000',
    '10.0.0.1 back',
    '10.0.0.1 consecutive-5xx 50000',
    '10.0.0.1 back',
  ]);
});

test('failures of an ejected endpoint do not count once it is back', () => {
  const { clock, endpoints, record } = make();
  record(0, bad(), bad(), bad(), bad(), bad());
  clock.advance(30_000);
  record(0, bad(), bad());
  assert.equal(endpoints[0]!.ejected, false);
});

test('the past fades by one ejection a healthy sweep, then no timer runs any more', () => {
  const { clock, events, record } = make();
  record(0, bad(), bad(), bad());
  clock.advance(30_000);
  record(0, bad(), bad(), bad());
  clock.advance(60_000);
  assert.equal(clock.pending, 1);
  clock.advance(10_000);
  record(0, bad(), bad(), bad());
  assert.equal(events.at(-1), '10.0.0.1 consecutive-5xx 60000');
  clock.advance(60_000 + 20_000);
  assert.equal(clock.pending, 0);
  record(0, bad(), bad(), bad());
  assert.equal(events.at(-1), '10.0.0.1 consecutive-5xx 30000');
});

test('no timer runs before the first ejection', () => {
  const { clock, record } = make();
  record(0, bad(), bad(), good());
  assert.equal(clock.pending, 0);
});

test('an endpoint that leaves makes room in the budget and is free if it returns', () => {
  const { endpoints, state, record } = make({ maxEjectionPercent: 50 });
  record(0, bad(), bad(), bad());
  state.update(endpoints.slice(1));
  assert.equal(state.ejected, 0);
  assert.equal(endpoints[0]!.ejected, false);
  record(1, bad(), bad(), bad());
  assert.equal(endpoints[1]!.ejected, true);
});

test('late outcomes of an endpoint that left are not remembered', () => {
  const { endpoints, state, record } = make();
  state.update(endpoints.slice(1));
  record(0, bad(), bad(), bad());
  assert.equal(endpoints[0]!.ejected, false);
});

test('a changed policy keeps the counts', () => {
  const { endpoints, state, record } = make();
  record(0, bad(), bad());
  state.setPolicy({ ...POLICY, consecutive5xx: 4 });
  record(0, bad());
  assert.equal(endpoints[0]!.ejected, false);
  record(0, bad());
  assert.equal(endpoints[0]!.ejected, true);
});

test('dispose stops the timer and frees every endpoint', () => {
  const { clock, endpoints, state, record } = make();
  record(0, bad(), bad(), bad());
  state.dispose();
  assert.equal(endpoints[0]!.ejected, false);
  assert.equal(clock.pending, 0);
});

test('the filter admits all and records what settles', () => {
  const { endpoints, state } = make();
  const filter = outlierFilter(state);
  for (let time = 0; time < 3; time += 1) {
    const attempt = testAttempt(testCall(), endpoints[0]!);
    assert.equal(filter.admit(attempt), null);
    filter.settle!(attempt, bad());
  }
  assert.equal(endpoints[0]!.ejected, true);
});

test('ejections agree with the flags, and stay within the share, whatever happens', () => {
  const step = fc.record({
    index: fc.nat(5),
    outcome: fc.constantFrom(bad, gateway, good, lost),
    pause: fc.constantFrom(0, 0, 0, 7_000, 40_000),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), fc.integer({ min: 0, max: 100 }), (steps, percent) => {
      const { clock, endpoints, state } = make({ maxEjectionPercent: percent, consecutive5xx: 2 }, 6);
      for (const { index, outcome, pause } of steps) {
        state.record(endpoints[index]!, outcome());
        clock.advance(pause);
        const ejected = endpoints.filter((endpoint) => endpoint.ejected).length;
        assert.equal(state.ejected, ejected);
        assert.ok(100 * ejected <= 6 * percent);
      }
      clock.advance(100_000_000);
      assert.equal(state.ejected, 0);
      assert.equal(clock.pending, 0);
    }),
  );
});

test('a health check that passes lets an ejected endpoint back at once, its counts begun anew and its past kept', () => {
  const { clock, endpoints, events, state, record } = make();
  record(0, bad(), bad(), bad());
  clock.advance(1);
  state.readmit(endpoints[0]!);
  state.readmit(endpoints[0]!);
  assert.equal(state.ejected, 0);
  record(0, bad(), bad());
  assert.equal(endpoints[0]!.ejected, false);
  record(0, bad());
  assert.deepEqual(events, [
    '10.0.0.1 consecutive-5xx 30000',
    '10.0.0.1 back',
    '10.0.0.1 consecutive-5xx 60000',
  ]);
});

test('both thresholds in one failure eject once; the other counter goes on, as the endpoint was out already', () => {
  const { events, state, record } = make({ consecutive5xx: 2, consecutiveGatewayErrors: 2 });
  record(0, gateway(), gateway());
  assert.deepEqual(events, ['10.0.0.1 consecutive-gateway-errors 30000']);
  assert.equal(state.ejected, 1);
});

test('endpoints that come and go change the share: what was ejected stays so', () => {
  const { endpoints, events, state, record } = make({ maxEjectionPercent: 50 }, 4);
  record(0, bad(), bad(), bad());
  record(1, bad(), bad(), bad());
  record(2, bad(), bad(), bad());
  assert.equal(events.at(-1), '10.0.0.3 consecutive-5xx overflow');
  state.update(endpoints.slice(0, 3));
  assert.equal(state.ejected, 2);
  state.update([...endpoints, testEndpoint(5), testEndpoint(6)]);
  record(2, bad(), bad(), bad());
  assert.equal(state.ejected, 3);
});
