import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock, seededRandom } from '../../base/testing.js';
import type { EndpointState } from '../../model/endpoint-state.js';
import { noteLatency } from '../../model/latency.js';
import { failed, responded, testAttempt, testCall, testEndpoint } from '../../model/testing.js';
import { measuringLoadFilter } from '../load/measuring-filter.js';
import { createBalancer } from './index.js';

const DECAY_MS = 10_000;

function make(count: number, changes: readonly object[] = [], seed = 1) {
  const clock = new FakeClock();
  const endpoints = Array.from({ length: count }, (_, index) => testEndpoint(index, changes[index] ?? {}));
  const balancer = createBalancer({ kind: 'peak-ewma', decayMs: DECAY_MS }, endpoints, {
    ...{ clock, random: seededRandom(seed), panicPercent: 0 },
  });
  const pick = () => balancer.pick({ hash: undefined, tried: [] })!;
  return { clock, endpoints, pick };
}

/** Picks while nothing changes, by number of the endpoint. */
function shares(pick: () => EndpointState, endpoints: readonly EndpointState[], picks = 1_000): number[] {
  const counts = endpoints.map(() => 0);
  for (let time = 0; time < picks; time += 1) counts[endpoints.indexOf(pick())]! += 1;
  return counts;
}

/**
 * Calls at a steady rate in virtual time; each takes as long as `serves` says of its endpoint.
 * @returns how many calls each endpoint was given
 */
function run(
  { clock, endpoints, pick }: ReturnType<typeof make>,
  {
    calls,
    everyMs,
    serves,
  }: {
    readonly calls: number;
    readonly everyMs: number;
    readonly serves: (index: number) => { readonly ms: number; readonly status?: number };
  },
): number[] {
  const filter = measuringLoadFilter(clock, DECAY_MS, endpoints);
  const counts = endpoints.map(() => 0);
  for (let call = 0; call < calls; call += 1) {
    clock.advance(everyMs);
    const endpoint = pick();
    const index = endpoints.indexOf(endpoint);
    counts[index]! += 1;
    const attempt = testAttempt(testCall({}, clock.now()), endpoint);
    filter.admit(attempt);
    const { ms, status = 200 } = serves(index);
    clock.after(ms, () => {
      filter.settle!(attempt, status === 0 ? failed('connection-failure', 'no') : responded(status));
      filter.release!(attempt);
    });
  }
  return counts;
}

test('of two endpoints the faster one, unless it is busier by more than it is faster', () => {
  const { endpoints, pick } = make(2);
  const [fast, slow] = endpoints as [EndpointState, EndpointState];
  noteLatency(fast, 10, 0, DECAY_MS);
  noteLatency(slow, 40, 0, DECAY_MS);
  assert.deepEqual(shares(pick, endpoints, 100), [100, 0]);
  fast.inFlight = 2;
  assert.deepEqual(shares(pick, endpoints, 100), [100, 0]);
  fast.inFlight = 4;
  assert.deepEqual(shares(pick, endpoints, 100), [0, 100]);
});

test('a latency that was seen fades: the slow endpoint is asked again after decay × ln(40 / 10)', () => {
  const { clock, endpoints, pick } = make(2);
  const [fast, slow] = endpoints as [EndpointState, EndpointState];
  noteLatency(slow, 40, 0, DECAY_MS);
  clock.advance(13_862);
  noteLatency(fast, 10, clock.now(), DECAY_MS);
  assert.equal(pick(), fast);
  clock.advance(1);
  noteLatency(fast, 10, clock.now(), DECAY_MS);
  assert.equal(pick(), slow);
});

test('an endpoint of which nothing is known is asked at once, and by one attempt until it has answered', () => {
  const { endpoints, pick } = make(2);
  const [known, fresh] = endpoints as [EndpointState, EndpointState];
  noteLatency(known, 10, 0, DECAY_MS);
  assert.deepEqual(shares(pick, endpoints, 100), [0, 100]);
  fresh.inFlight = 1;
  known.inFlight = 1_000;
  assert.deepEqual(shares(pick, endpoints, 100), [100, 0]);
  noteLatency(fresh, 500, 0, DECAY_MS);
  assert.deepEqual(shares(pick, endpoints, 100), [0, 100]);
});

test('what was seen long ago is as good as unknown', () => {
  const { clock, endpoints, pick } = make(2);
  const [one, other] = endpoints as [EndpointState, EndpointState];
  for (const endpoint of endpoints) noteLatency(endpoint, 10, 0, DECAY_MS);
  clock.advance(60_001);
  one.inFlight = 3;
  other.inFlight = 2;
  assert.deepEqual(shares(pick, endpoints, 100), [0, 100]);
});

test('where nothing is known at all, attempts spread by what is in flight', () => {
  const { endpoints, pick } = make(10);
  for (let attempt = 0; attempt < 1_000; attempt += 1) pick().inFlight += 1;
  const loads = endpoints.map(({ inFlight }) => inFlight);
  assert.ok(Math.max(...loads) - Math.min(...loads) <= 6, `${loads}`);
});

test('one of ten endpoints that is ten times slower gets a small share, and its part again once it is well', () => {
  const story = make(10);
  const even = run(story, { calls: 20_000, everyMs: 1, serves: () => ({ ms: 20 }) });
  for (const count of even) assert.ok(Math.abs(count - 2_000) < 400, `${even}`);
  const slow = run(story, { calls: 60_000, everyMs: 1, serves: (index) => ({ ms: index === 3 ? 200 : 20 }) });
  assert.ok(slow[3]! < 0.02 * 60_000, `${slow}`);
  // It has been believed to be slow for 10 s × ln 10.
  run(story, { calls: 30_000, everyMs: 1, serves: () => ({ ms: 20 }) });
  const well = run(story, { calls: 20_000, everyMs: 1, serves: () => ({ ms: 20 }) });
  assert.ok(well[3]! > 1_500, `${well}`);
});

test('least request gives the slow one more than peak EWMA does where there is little load', () => {
  const clock = new FakeClock();
  const endpoints = Array.from({ length: 10 }, (_, index) => testEndpoint(index));
  const balancer = createBalancer({ kind: 'least-request' }, endpoints, {
    ...{ clock, random: seededRandom(1), panicPercent: 0 },
  });
  const pick = () => balancer.pick({ hash: undefined, tried: [] })!;
  const light = { calls: 5_000, everyMs: 50, serves: (index: number) => ({ ms: index === 3 ? 200 : 20 }) };
  const [byLoad, byLatency] = [run({ clock, endpoints, pick }, light), run(make(10), light)];
  assert.ok(byLatency[3]! * 4 < byLoad[3]!, `${byLoad} ${byLatency}`);
});

test('an endpoint that fails at once draws no calls: about one in each seven seconds, and its part again once it is well', () => {
  for (const status of [0, 503, 429]) {
    const story = make(10);
    run(story, { calls: 5_000, everyMs: 2, serves: () => ({ ms: 20 }) });
    const bad = run(story, {
      ...{ calls: 30_000, everyMs: 2 },
      serves: (index) => (index === 7 ? { ms: 1, status } : { ms: 20 }),
    });
    // 60 s: 9, and some while it is found out.
    assert.ok(bad[7]! <= 20, `${status}: ${bad}`);
    run(story, { calls: 10_000, everyMs: 2, serves: () => ({ ms: 20 }) });
    const well = run(story, { calls: 10_000, everyMs: 2, serves: () => ({ ms: 20 }) });
    assert.ok(well[7]! > 700, `${status}: ${well}`);
  }
});

test('an endpoint that fails from its first attempt on is no faster than the others', () => {
  const story = make(10);
  const bad = run(story, {
    ...{ calls: 30_000, everyMs: 2 },
    serves: (index) => (index === 7 ? { ms: 1, status: 0 } : { ms: 20 }),
  });
  assert.ok(bad[7]! <= 30, `${bad}`);
});

test('few failures among many successes cost an endpoint little', () => {
  const story = make(10);
  let calls = 0;
  const counts = run(story, {
    ...{ calls: 50_000, everyMs: 2 },
    serves: (index) => {
      calls += 1;
      return index === 7 && calls % 1_000 === 0 ? { ms: 20, status: 500 } : { ms: 20 };
    },
  });
  assert.ok(counts[7]! > 4_000, `${counts}`);
});

test('weights: idle endpoints that are equally fast get their shares, and a slow one loses its own', () => {
  const { endpoints, pick } = make(4, [{ weight: 4 }, { weight: 2 }, { weight: 1 }, { weight: 1 }]);
  for (const [index, endpoint] of endpoints.entries()) noteLatency(endpoint, 20 + index, 0, DECAY_MS);
  const even = shares(pick, endpoints, 8_000);
  for (const [index, count] of even.entries())
    assert.ok(Math.abs(count - [4_000, 2_000, 1_000, 1_000][index]!) < 200, `${even}`);
  noteLatency(endpoints[0]!, 200, 0, DECAY_MS);
  assert.ok(shares(pick, endpoints, 8_000)[0]! === 0);
});

test('weights: with as much in flight for its weight, the heavier endpoint counts no more than the lighter', () => {
  const { endpoints, pick } = make(2, [{ weight: 3 }, { weight: 1 }]);
  const [heavy, light] = endpoints as [EndpointState, EndpointState];
  for (const endpoint of endpoints) noteLatency(endpoint, 20, 0, DECAY_MS);
  [heavy.inFlight, light.inFlight] = [30, 10];
  const even = shares(pick, endpoints, 4_000);
  assert.ok(Math.abs(even[0]! - 3_000) < 150, `${even}`);
  light.inFlight = 30;
  assert.deepEqual(shares(pick, endpoints, 100), [100, 0]);
});

test('an ejected endpoint is not picked, however fast it is', () => {
  const { endpoints, pick } = make(3);
  for (const [index, endpoint] of endpoints.entries()) noteLatency(endpoint, 1 + 100 * index, 0, DECAY_MS);
  endpoints[0]!.ejected = true;
  assert.equal(shares(pick, endpoints, 100)[0], 0);
});
