import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FakeClock, seededRandom } from '../../base/testing.js';
import type { EndpointState } from '../../model/endpoint-state.js';
import { testEndpoint } from '../../model/testing.js';
import type { Balancer } from '../../ports/balancer.js';
import { createBalancer, type LocalityOptions } from './index.js';
import { localityLevels } from './locality.js';
import type { BalancerPolicy, LocalityPolicy } from './policy.js';

const HERE = { locality: 'eu/a/1', labels: {} };

function at(...localities: readonly string[]): EndpointState[] {
  return localities.map((locality, index) => testEndpoint(index + 1, { locality }));
}

/** Levels as lists of the localities in them. */
function levels(
  policy: LocalityPolicy | undefined,
  list: readonly EndpointState[],
  {
    caller = HERE,
    failover = true,
  }: { caller?: { locality: string; labels: object }; failover?: boolean } = {},
): string[][] {
  return localityLevels(policy, list, caller as typeof HERE, failover).map((level) =>
    level.flatMap(({ endpoints }) => endpoints.map(({ endpoint }) => endpoint.locality ?? '')),
  );
}

const WORLD = ['us/c/1', 'eu/a/2', 'ap/d/1', 'eu/a/1', 'eu/b/1'];

const table: readonly [string, LocalityPolicy | undefined, string[][]][] = [
  ['nearest first', undefined, [['eu/a/1'], ['eu/a/2'], ['eu/b/1'], ['us/c/1', 'ap/d/1']]],
  [
    'the region that stands in before the others',
    { failover: [{ from: 'eu', to: 'us' }] },
    [['eu/a/1'], ['eu/a/2'], ['eu/b/1'], ['us/c/1'], ['ap/d/1']],
  ],
  [
    'a failover of another region says nothing',
    { failover: [{ from: 'us', to: 'ap' }] },
    [['eu/a/1'], ['eu/a/2'], ['eu/b/1'], ['us/c/1', 'ap/d/1']],
  ],
  [
    'labels in their order',
    { failoverPriority: ['topology.kubernetes.io/region', 'topology.kubernetes.io/zone'] },
    [['eu/a/2', 'eu/a/1'], ['eu/b/1'], ['us/c/1', 'ap/d/1']],
  ],
  [
    'a label with a value, whatever the caller has',
    { failoverPriority: ['topology.kubernetes.io/region=us'] },
    [['us/c/1'], ['eu/a/2', 'ap/d/1', 'eu/a/1', 'eu/b/1']],
  ],
  [
    'regions only, and the one that stands in',
    { regions: true, failover: [{ from: 'eu', to: 'us' }] },
    [['eu/a/2', 'eu/a/1', 'eu/b/1'], ['us/c/1'], ['ap/d/1']],
  ],
];
for (const [name, policy, expected] of table)
  test(`levels of endpoints: ${name}`, () => assert.deepEqual(levels(policy, at(...WORLD)), expected));

test('without anything that ejects endpoints there is one level', () => {
  assert.deepEqual(levels(undefined, at(...WORLD), { failover: false }), [WORLD]);
  assert.equal(levels({ regions: true }, at(...WORLD), { failover: false }).length, 2);
});

test('a caller whose place is not known has all endpoints on one level', () => {
  assert.deepEqual(levels(undefined, at(...WORLD), { caller: { locality: '', labels: {} } }), [WORLD]);
});

test('labels of failover priority are compared with those of the caller; another network is behind everything', () => {
  const list = [
    testEndpoint(1, { labels: { 'topology.istio.io/network': 'n2', version: 'v1' } }),
    testEndpoint(2, { labels: { 'topology.istio.io/network': 'n2', version: 'v2' } }),
    testEndpoint(3, { labels: { 'topology.istio.io/network': 'n1', version: 'v2' } }),
    testEndpoint(4, { labels: { 'topology.istio.io/network': 'n1', version: 'v1' } }),
  ];
  const caller = { locality: '', labels: { 'topology.istio.io/network': 'n1', version: 'v1' } };
  const found = localityLevels(
    { failoverPriority: ['topology.istio.io/network', 'version'] },
    list,
    caller,
    true,
  );
  assert.deepEqual(
    found.map((level) => level.flatMap(({ endpoints }) => endpoints.map(({ endpoint }) => endpoint.key[7]))),
    [['4'], ['3'], ['1'], ['2']],
  );
});

test('a distribution gives shares to the localities it names and leaves the others out', () => {
  const policy: LocalityPolicy = {
    distribute: [
      { from: 'us/*', to: { 'us/*': 100 } },
      { from: 'eu/a/*', to: { 'eu/a/*': 80, 'eu/*': 20 } },
    ],
  };
  const [level, ...others] = localityLevels(policy, at(...WORLD), HERE, true);
  assert.deepEqual(others, []);
  assert.deepEqual(
    level!.map(({ weight, endpoints }) => [weight, endpoints.map(({ endpoint }) => endpoint.locality)]),
    [
      [80, ['eu/a/2', 'eu/a/1']],
      [20, ['eu/b/1']],
    ],
  );
  assert.deepEqual(levels(policy, at(...WORLD), { caller: { locality: 'ap/d/1', labels: {} } }), [WORLD]);
});

const BALANCER: BalancerPolicy = { kind: 'random' };

function balancer(
  list: readonly EndpointState[],
  changes: Partial<LocalityOptions> = {},
  panicPercent = 0,
): Balancer {
  const locality = { caller: HERE, policy: undefined, failover: true, ...changes };
  return createBalancer(BALANCER, list, {
    clock: new FakeClock(),
    random: seededRandom(7),
    panicPercent,
    locality,
  });
}

/** How many of 10,000 picks go to each region. */
function shares(subject: Balancer): Record<string, number> {
  const found: Record<string, number> = {};
  for (let pick = 0; pick < 10_000; pick += 1) {
    const region = subject.pick({ hash: undefined, tried: [] })?.endpoint.locality?.split('/')[0] ?? 'none';
    found[region] = (found[region] ?? 0) + 1;
  }
  return found;
}

/** So many healthy of 100 in `eu`, where the caller is, and in `us`. */
function regions(healthyHere: number, healthyThere: number): EndpointState[] {
  const list = Array.from({ length: 200 }, (_, index) =>
    testEndpoint(index, { key: `${index}`, locality: index < 100 ? 'eu/a/1' : 'us/c/1' }),
  );
  for (const [index, state] of list.entries())
    state.ejected = index % 100 >= (index < 100 ? healthyHere : healthyThere);
  return list;
}

// Envoy's own table of priority loads.
const loads: readonly [number, number, number, number][] = [
  [100, 100, 100, 0],
  [72, 72, 100, 0],
  [71, 71, 99, 1],
  [50, 50, 70, 30],
  [25, 100, 35, 65],
  [25, 25, 50, 50],
  [0, 100, 0, 100],
];
for (const [here, there, loadHere, loadThere] of loads)
  test(`with ${here} % healthy here and ${there} % there, ${loadHere} % of the picks stay`, () => {
    const { eu = 0, us = 0 } = shares(balancer(regions(here, there)));
    assert.ok(Math.abs(eu / 100 - loadHere) < 2.5 && Math.abs(us / 100 - loadThere) < 2.5, `${eu} ${us}`);
  });

test('where nobody is healthy nothing is picked, unless panic says so', () => {
  assert.deepEqual(shares(balancer(regions(0, 0))), { none: 10_000 });
});

// Envoy's `recalculateLoadInTotalPanic`: by the numbers of endpoints, healthy or not.
test('where panic is everywhere, near and far count alike; without it the near ones are left last', () => {
  for (const [here, there] of [
    [0, 0],
    [10, 20],
  ] as const) {
    const { eu = 0, us = 0 } = shares(balancer(regions(here, there), {}, 50));
    assert.ok(Math.abs(eu - 5_000) < 250 && eu + us === 10_000, `${eu} ${us}`);
  }
  // One level is out of panic: loads go by health, and the one in panic uses all of its endpoints.
  const list = regions(10, 60);
  const subject = balancer(list, {}, 50);
  let ejectedHere = 0;
  const picked = { eu: 0, us: 0 };
  for (let pick = 0; pick < 10_000; pick += 1) {
    const one = subject.pick({ hash: undefined, tried: [] })!;
    const region = one.endpoint.locality!.slice(0, 2) as 'eu' | 'us';
    picked[region] += 1;
    if (region === 'eu' && one.ejected) ejectedHere += 1;
    assert.ok(region === 'eu' || !one.ejected);
  }
  // 14 of 98 parts.
  assert.ok(Math.abs(picked.eu - 1_429) < 150, `${picked.eu}`);
  assert.ok(ejectedHere > 0.8 * picked.eu);
});

test('counts follow what changes, where endpoints say together that something did', () => {
  const availability = { changes: 0 };
  const list = Array.from({ length: 20 }, (_, index) =>
    testEndpoint(index, { key: `${index}`, locality: index < 10 ? 'eu/a/1' : 'us/c/1' }, 0, availability),
  );
  const subject = balancer(list);
  assert.deepEqual(shares(subject), { eu: 10_000 });
  for (const state of list.slice(0, 10)) state.ejected = true;
  assert.deepEqual(shares(subject), { us: 10_000 });
  for (const state of list.slice(0, 10)) state.ejected = false;
  assert.deepEqual(shares(subject), { eu: 10_000 });
});

test('panic is not for a level for which others stand in', () => {
  const list = regions(10, 100);
  const subject = balancer(list, {}, 50);
  for (let pick = 0; pick < 1_000; pick += 1)
    assert.equal(subject.pick({ hash: undefined, tried: [] })!.ejected, false);
});

test('a distribution is kept, and an unhealthy locality loses its part to the others', () => {
  const policy: LocalityPolicy = { distribute: [{ from: '*', to: { eu: 75, us: 25 } }] };
  const even = shares(balancer(regions(100, 100), { policy }));
  assert.ok(Math.abs(even.eu! - 7_500) < 250, JSON.stringify(even));
  // 75 × 0.7 to 25.
  const uneven = shares(balancer(regions(50, 100), { policy }));
  assert.ok(Math.abs(uneven.eu! - 6_774) < 250, JSON.stringify(uneven));
  assert.deepEqual(shares(balancer(regions(0, 100), { policy })), { us: 10_000 });
});

test('a distribution that names no locality there is leaves nothing to pick', () => {
  const policy: LocalityPolicy = { distribute: [{ from: '*', to: { ap: 100 } }] };
  assert.deepEqual(shares(balancer(regions(100, 100), { policy })), { none: 10_000 });
});

test('a retry that is to go elsewhere leaves a level after two attempts on it, and comes back when all were tried', () => {
  const list = regions(100, 100);
  const subject = balancer(list);
  const [a, b] = list as [EndpointState, EndpointState];
  const [c, d] = list.slice(100) as [EndpointState, EndpointState];
  const region = (tried: EndpointState[], elsewhere = true) =>
    subject.pick({ hash: undefined, tried, elsewhere })!.endpoint.locality!.slice(0, 2);
  assert.equal(region([a]), 'eu');
  assert.equal(region([a, b]), 'us');
  assert.equal(region([a, b], false), 'eu');
  assert.equal(region([a, b, c]), 'us');
  assert.equal(region([a, b, c, d]), 'eu');
});

test('the same hash stays on the same endpoint across levels', () => {
  const policy: BalancerPolicy = {
    kind: 'consistent-hash',
    hash: { from: 'source-ip' },
    table: 'ring',
    size: 1024,
  };
  const list = regions(50, 100);
  const make = (seed: number) =>
    createBalancer(policy, list, {
      clock: new FakeClock(),
      random: seededRandom(seed),
      panicPercent: 0,
      locality: { caller: HERE, policy: undefined, failover: true },
    });
  const [one, other] = [make(1), make(2)];
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffffffff }), (hash) => {
      const picked = one.pick({ hash, tried: [] });
      assert.equal(picked?.endpoint.key, other.pick({ hash, tried: [] })?.endpoint.key);
      assert.equal(picked?.ejected, false);
    }),
  );
});
