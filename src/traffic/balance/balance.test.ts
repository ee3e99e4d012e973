import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FakeClock, seededRandom } from '../../base/testing.js';
import type { EndpointState } from '../../model/endpoint-state.js';
import { testEndpoint } from '../../model/testing.js';
import { createBalancer } from './index.js';
import type { BalancerPolicy } from './policy.js';

const POLICIES: readonly BalancerPolicy[] = [
  { kind: 'round-robin' },
  { kind: 'random' },
  { kind: 'least-request' },
  { kind: 'least-request', warmup: { durationMs: 100, minimumPercent: 10, aggression: 1 } },
  { kind: 'consistent-hash', hash: { from: 'source-ip' }, table: 'ring', size: 64 },
  { kind: 'consistent-hash', hash: { from: 'source-ip' }, table: 'maglev', size: 67 },
  { kind: 'peak-ewma', decayMs: 100 },
  { kind: 'round-robin', warmup: { durationMs: 100, minimumPercent: 10, aggression: 1 } },
];

function endpoints(count: number, weights: readonly number[] = []): EndpointState[] {
  const availability = { changes: 0 };
  return Array.from({ length: count }, (_, index) =>
    testEndpoint(index + 1, { weight: weights[index] ?? 1 }, 0, availability),
  );
}

function balancer(
  policy: BalancerPolicy,
  list: readonly EndpointState[],
  { seed = 1, panicPercent = 0, clock = new FakeClock(Date.UTC(2026, 0, 1), 1_000_000) } = {},
) {
  return createBalancer(policy, list, { clock, random: seededRandom(seed), panicPercent });
}

function counts(
  policy: BalancerPolicy,
  list: readonly EndpointState[],
  picks: number,
  options = {},
): number[] {
  const subject = balancer(policy, list, options);
  const result = new Array<number>(list.length).fill(0);
  for (let pick = 0; pick < picks; pick += 1) {
    result[list.indexOf(subject.pick({ hash: undefined, tried: [] })!)]! += 1;
  }
  return result;
}

const scenario = fc.record({
  policy: fc.constantFrom(...POLICIES),
  seed: fc.nat(),
  weights: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 8 }),
  ejected: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
  tried: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
  load: fc.array(fc.nat(5), { minLength: 8, maxLength: 8 }),
  hash: fc.option(fc.integer({ min: 0, max: 0xffffffff }), { nil: undefined }),
  panicPercent: fc.constantFrom(0, 50),
});

test('whatever the policy, a pick is never ejected without panic, and never tried while another can be had', () => {
  fc.assert(
    fc.property(scenario, ({ policy, seed, weights, ejected, tried, load, hash, panicPercent }) => {
      const list = endpoints(weights.length, weights);
      for (const [index, endpoint] of list.entries()) {
        endpoint.ejected = ejected[index]!;
        endpoint.inFlight = load[index]!;
      }
      const seen = list.filter((_, index) => tried[index]);
      const healthy = list.filter((endpoint) => !endpoint.ejected);
      const panic = healthy.length * 100 < panicPercent * list.length;
      const takable = panic ? list : healthy;
      const subject = balancer(policy, list, { seed, panicPercent });
      for (let pick = 0; pick < 4; pick += 1) {
        const picked = subject.pick({ hash, tried: seen });
        if (takable.length === 0) assert.equal(picked, undefined);
        else assert.ok(picked !== undefined && takable.includes(picked));
        if (takable.some((endpoint) => !seen.includes(endpoint))) assert.ok(!seen.includes(picked!));
      }
    }),
  );
});

test('no endpoint: nothing is picked', () => {
  for (const policy of POLICIES) {
    assert.equal(balancer(policy, []).pick({ hash: 1, tried: [] }), undefined);
  }
});

test('all ejected: none without panic, all of them in panic', () => {
  const list = endpoints(4);
  for (const endpoint of list) endpoint.ejected = true;
  for (const policy of POLICIES) {
    assert.equal(balancer(policy, list).pick({ hash: 7, tried: [] }), undefined);
    const inPanic = counts(policy, list, 400, { panicPercent: 50 });
    assert.ok(
      inPanic.every((count) => count > 0),
      policy.kind,
    );
  }
});

test('panic begins below the percentage, not at it', () => {
  const list = endpoints(4);
  list[0]!.ejected = true;
  list[1]!.ejected = true;
  assert.deepEqual(counts({ kind: 'round-robin' }, list, 40, { panicPercent: 50 }), [0, 0, 20, 20]);
  list[2]!.ejected = true;
  assert.deepEqual(counts({ kind: 'round-robin' }, list, 40, { panicPercent: 50 }), [10, 10, 10, 10]);
});

test('round robin rotates: each window of n picks has each of n endpoints once', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(), (count, seed) => {
      const list = endpoints(count);
      const subject = balancer({ kind: 'round-robin' }, list, { seed });
      for (let round = 0; round < 3; round += 1) {
        const picked = new Set(list.map(() => subject.pick({ hash: undefined, tried: [] })));
        assert.equal(picked.size, count);
      }
    }),
  );
});

test('round robin goes on where it was when an endpoint leaves and comes back', () => {
  const list = endpoints(4);
  const subject = balancer({ kind: 'round-robin' }, list);
  const pick = () => list.indexOf(subject.pick({ hash: undefined, tried: [] })!);
  const first = pick();
  const after = (steps: number) => (first + steps) % 4;
  list[after(1)]!.ejected = true;
  const three = [pick(), pick(), pick()];
  assert.deepEqual([...three].sort(), [after(0), after(2), after(3)].sort());
  list[after(1)]!.ejected = false;
  assert.equal(new Set([pick(), pick(), pick(), pick()]).size, 4);
});

test('round robin: endpoints that have nothing in common but the list take turns, too', () => {
  const list = [1, 2, 3].map((number) => testEndpoint(number));
  list[1]!.ejected = true;
  assert.deepEqual(counts({ kind: 'round-robin' }, list, 40), [20, 0, 20]);
});

test('round robin starts anywhere', () => {
  const list = endpoints(4);
  const starts = new Set<EndpointState | undefined>();
  for (let seed = 0; seed < 50; seed += 1) {
    starts.add(balancer({ kind: 'round-robin' }, list, { seed }).pick({ hash: undefined, tried: [] }));
  }
  assert.equal(starts.size, 4);
});

test('round robin gives shares by weight, spread evenly', () => {
  assert.deepEqual(counts({ kind: 'round-robin' }, endpoints(3, [5, 1, 2]), 80), [50, 10, 20]);
});

test('round robin gives the share of an ejected endpoint to all others alike', () => {
  const list = endpoints(5);
  list[2]!.ejected = true;
  assert.deepEqual(counts({ kind: 'round-robin' }, list, 40), [10, 10, 0, 10, 10]);
});

test('random and least request on idle endpoints are uniform, an ejected one left out', () => {
  for (const kind of ['random', 'least-request'] as const) {
    const list = endpoints(5);
    list[2]!.ejected = true;
    const seen = counts({ kind }, list, 4_000);
    assert.equal(seen[2], 0);
    for (const index of [0, 1, 3, 4]) assert.ok(Math.abs(seen[index]! - 1_000) < 150, `${kind} ${seen}`);
  }
});

test('least request never takes the busiest of two or more, since it never compares one with itself', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 10 }), fc.nat(), (count, seed) => {
      const list = endpoints(count);
      list[0]!.inFlight = 9;
      const subject = balancer({ kind: 'least-request' }, list, { seed });
      for (let pick = 0; pick < 20; pick += 1) {
        assert.notEqual(subject.pick({ hash: undefined, tried: [] }), list[0]);
      }
    }),
  );
});

test('least request keeps the load of equal endpoints within a few of each other', () => {
  const list = endpoints(10);
  const subject = balancer({ kind: 'least-request' }, list);
  for (let pick = 0; pick < 1_000; pick += 1) subject.pick({ hash: undefined, tried: [] })!.inFlight += 1;
  const loads = list.map((endpoint) => endpoint.inFlight);
  assert.ok(Math.max(...loads) - Math.min(...loads) <= 6, `${loads}`);
});

test('least request with weights gives idle endpoints their share, and busy ones load by weight', () => {
  const idle = counts({ kind: 'least-request' }, endpoints(2, [3, 1]), 4_000);
  assert.ok(Math.abs(idle[0]! - 3_000) < 150, `${idle}`);
  const list = endpoints(2, [3, 1]);
  const subject = balancer({ kind: 'least-request' }, list);
  for (let pick = 0; pick < 400; pick += 1) subject.pick({ hash: undefined, tried: [] })!.inFlight += 1;
  assert.ok(Math.abs(list[0]!.inFlight - 300) <= 10, `${list[0]!.inFlight}`);
});

test('an endpoint that warms up gets its part, all of it once the window is over', () => {
  const clock = new FakeClock(0, 10_000);
  const list = [testEndpoint(1), testEndpoint(2, {}, 10_000)];
  const policy: BalancerPolicy = {
    kind: 'round-robin',
    warmup: { durationMs: 1_000, minimumPercent: 10, aggression: 1 },
  };
  assert.deepEqual(counts(policy, list, 110, { clock }), [100, 10]);
  clock.advance(500);
  assert.deepEqual(counts(policy, list, 90, { clock }), [60, 30]);
  clock.advance(500);
  assert.deepEqual(counts(policy, list, 90, { clock }), [45, 45]);
});

for (const policy of POLICIES.slice(4, -2) as Extract<BalancerPolicy, { kind: 'consistent-hash' }>[]) {
  const facts = (hash: number) => ({ hash, tried: [] });
  const hashes = Array.from({ length: 500 }, (_, index) => Math.imul(index + 1, 0x9e3779b1) >>> 0);

  test(`${policy.table}: the same hash goes to the same endpoint, in every process`, () => {
    const one = balancer(policy, endpoints(5), { seed: 1 });
    const other = balancer(policy, endpoints(5), { seed: 2 });
    for (const hash of hashes) {
      assert.equal(one.pick(facts(hash))!.endpoint.key, other.pick(facts(hash))!.endpoint.key);
    }
  });

  test(`${policy.table}: an ejection moves only the keys of the ejected endpoint, and they come back with it`, () => {
    const list = endpoints(5);
    const subject = balancer({ ...policy, size: 1021 }, list);
    const before = hashes.map((hash) => subject.pick(facts(hash))!);
    list[1]!.ejected = true;
    const during = hashes.map((hash) => subject.pick(facts(hash))!);
    list[1]!.ejected = false;
    assert.ok(before.includes(list[1]!));
    assert.ok(!during.includes(list[1]!));
    for (const [index, endpoint] of before.entries()) {
      if (endpoint !== list[1]) assert.equal(during[index], endpoint);
      assert.equal(subject.pick(facts(hashes[index]!)), endpoint);
    }
  });

  test(`${policy.table}: a sixth endpoint takes about a sixth of the keys`, () => {
    const five = balancer({ ...policy, size: 1021 }, endpoints(5));
    const six = balancer({ ...policy, size: 1021 }, endpoints(6));
    const moved = hashes.filter(
      (hash) => five.pick(facts(hash))!.endpoint.key !== six.pick(facts(hash))!.endpoint.key,
    );
    assert.ok(moved.length < hashes.length / 3, `${moved.length}`);
  });

  test(`${policy.table}: shares follow the weights`, () => {
    const list = endpoints(2, [4, 1]);
    const subject = balancer({ ...policy, size: 4093 }, list);
    const heavy = hashes.filter((hash) => subject.pick(facts(hash)) === list[0]).length;
    assert.ok(Math.abs(heavy / hashes.length - 0.8) < 0.08, `${heavy}`);
  });

  test(`${policy.table}: a size that makes no sense still makes a table in which each endpoint is found`, () => {
    for (const size of [0, 1, 2, 4, 100]) {
      const list = endpoints(3);
      const subject = balancer({ ...policy, size }, list);
      assert.ok(hashes.every((hash) => list.includes(subject.pick(facts(hash))!)));
      list[0]!.ejected = true;
      list[1]!.ejected = true;
      assert.equal(subject.pick(facts(5)), list[2]);
    }
  });

  test(`${policy.table}: without a hash any endpoint may be picked`, () => {
    assert.ok(counts(policy, endpoints(3), 100).every((count) => count > 0));
  });
}
