import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FakeClock, seededRandom } from '../../base/testing.js';
import type { EndpointState } from '../../model/endpoint-state.js';
import { testEndpoint } from '../../model/testing.js';
import { decideWidth, rendezvousOrder, type WidthVerdict } from './aperture.js';
import { createBalancer, type Width } from './index.js';
import { type BalancerPolicy, type LocalityPolicy, type SubsettingPolicy, subsettingFrom } from './policy.js';

const keysOf = (count: number) =>
  Array.from({ length: count }, (_, index) => `10.1.${index >> 8}.${index & 255}:8080`);

test('1,000 clients with 50 each of 5,000 endpoints: none is left out, none has more than 2.5 times its part', () => {
  const keys = keysOf(5_000);
  const counts = new Int32Array(keys.length);
  for (let client = 0; client < 1_000; client += 1)
    for (const index of rendezvousOrder(`web-${client}`, keys).slice(0, 50)) counts[index]! += 1;
  const [most, least] = [Math.max(...counts), Math.min(...counts)];
  // By lot: 10 ± 3.1.
  assert.ok(most <= 25 && least >= 1, `${least} to ${most}`);
});

test('an order has each endpoint once, and a change of the list moves none of the others', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 50 }),
      fc.string(),
      fc.nat(),
      (keys, client, at) => {
        const ordered = rendezvousOrder(client, keys).map((index) => keys[index]!);
        assert.deepEqual([...ordered].sort(), [...keys].sort());
        const gone = keys[at % keys.length];
        const left = keys.filter((key) => key !== gone);
        const without = rendezvousOrder(client, left).map((index) => left[index]!);
        assert.deepEqual(
          without,
          ordered.filter((key) => key !== gone),
        );
      },
    ),
  );
});

const widths: readonly [what: string, facts: [number, number, number], quietMs: number, WidthVerdict][] = [
  ['nothing is known', [0, 50, 0], 0, { width: 50, because: 'load fits' }],
  ['one attempt for each', [50, 50, 50], 0, { width: 50, because: 'load fits' }],
  ['just below the mark', [50, 50, 99], 0, { width: 50, because: 'load fits' }],
  ['two attempts for each', [50, 50, 100], 0, { width: 100, because: 'load is high' }],
  ['more than there are endpoints', [50, 50, 5_000], 0, { width: 1_000, because: 'load is high' }],
  ['all there are, and high', [1_000, 50, 9_000], 0, { width: 1_000, because: 'load is high' }],
  ['low at the minimum', [50, 50, 0], 99_999, { width: 50, because: 'load fits' }],
  ['low for a moment', [450, 50, 10], 9_999, { width: 450, because: 'load is low now' }],
  ['low for one step', [450, 50, 10], 10_000, { width: 400, because: 'load is low' }],
  ['low for two steps', [450, 50, 10], 20_000, { width: 356, because: 'load is low' }],
  ['low for an hour', [450, 50, 10], 3_600_000, { width: 50, because: 'load is low' }],
  ['just above the low mark', [450, 50, 226], 3_600_000, { width: 450, because: 'load fits' }],
  ['wider than the list has become', [2_000, 50, 600], 0, { width: 1_000, because: 'load fits' }],
  ['a minimum beyond the list', [0, 2_000, 0], 0, { width: 1_000, because: 'load fits' }],
];
for (const [what, [width, minimum, inFlight], quietMs, expected] of widths)
  test(`width of 1,000: ${what}: ${expected.width}, ${expected.because}`, () =>
    assert.deepEqual(decideWidth({ width, minimum, endpoints: 1_000, inFlight, quietMs }), expected));

test('a width is never below the minimum, nor beyond the list', () => {
  const count = fc.nat({ max: 5_000 });
  fc.assert(
    fc.property(
      count,
      fc.integer({ min: 1, max: 5_000 }),
      fc.integer({ min: 1, max: 5_000 }),
      count,
      fc.nat(),
      (width, minimum, endpoints, inFlight, quietMs) => {
        const now = decideWidth({ width, minimum, endpoints, inFlight, quietMs }).width;
        assert.ok(now >= Math.min(minimum, endpoints) && now <= endpoints && Number.isInteger(now));
      },
    ),
  );
});

interface Setting {
  readonly count?: number;
  readonly policy?: BalancerPolicy;
  readonly subsetting?: SubsettingPolicy | undefined;
  readonly panicPercent?: number;
  readonly client?: string;
  readonly locality?: (index: number) => string;
  readonly localityPolicy?: LocalityPolicy;
}

function make({
  count = 1_000,
  policy = { kind: 'least-request' },
  panicPercent = 0,
  ...more
}: Setting = {}) {
  const clock = new FakeClock();
  const availability = { changes: 0 };
  const endpoints = keysOf(count).map((key, index) =>
    testEndpoint(index, { key, ...(more.locality && { locality: more.locality(index) }) }, 0, availability),
  );
  const kept: Width[] = [];
  const over = (list: readonly EndpointState[]) => {
    const balancer = createBalancer(policy, list, {
      ...{ clock, random: seededRandom(1), panicPercent },
      subsetting: { policy: more.subsetting, client: more.client ?? 'web-1', widths: kept },
      ...(more.locality && {
        locality: { caller: { locality: 'eu/a/1', labels: {} }, policy: more.localityPolicy, failover: true },
      }),
    });
    return () => balancer.pick({ hash: undefined, tried: [] });
  };
  return { clock, endpoints, over, kept, pick: over(endpoints) };
}

/** The endpoints that so many picks come upon. */
function met(pick: () => EndpointState | undefined, picks = 5_000): Set<EndpointState> {
  const found = new Set<EndpointState>();
  for (let time = 0; time < picks; time += 1) found.add(pick()!);
  return found;
}

for (const kind of ['least-request', 'round-robin', 'random'] as const)
  test(`${kind}: a client with little to do meets 50 of 1,000 endpoints`, () => {
    assert.equal(met(make({ policy: { kind } }).pick).size, 50);
  });

test('peak EWMA: the same', () => {
  assert.equal(met(make({ policy: { kind: 'peak-ewma', decayMs: 10_000 } }).pick).size, 50);
});

test('a list of 100 is worked with whole, one of 101 in part; policy says otherwise', () => {
  assert.equal(met(make({ count: 100 }).pick).size, 100);
  assert.equal(met(make({ count: 101 }).pick).size, 50);
  assert.equal(met(make({ count: 101, subsetting: subsettingFrom({ threshold: 101 }) }).pick).size, 101);
  assert.equal(met(make({ subsetting: subsettingFrom({ minEndpoints: 8 }) }).pick).size, 8);
  assert.equal(met(make({ subsetting: subsettingFrom({ enabled: false }) }).pick, 20_000).size, 1_000);
});

test('two clients work with different endpoints', () => {
  const of = (client: string) => new Set([...met(make({ client }).pick)].map(({ endpoint }) => endpoint.key));
  const [one, other] = [of('web-1'), of('web-2')];
  assert.ok([...one].filter((key) => other.has(key)).length < 15);
});

test('a hash finds its endpoint among all', () => {
  const { endpoints } = make();
  const policy = {
    kind: 'consistent-hash',
    hash: { from: 'source-ip' },
    table: 'ring',
    size: 1_024,
  } as const;
  const balancer = createBalancer(policy, endpoints, {
    ...{ clock: new FakeClock(), random: seededRandom(1), panicPercent: 0 },
    subsetting: { policy: undefined, client: 'web-1', widths: [] },
  });
  const found = new Set<EndpointState>();
  for (let time = 0; time < 2_000; time += 1)
    found.add(balancer.pick({ hash: time * 2_147_483, tried: [] })!);
  assert.ok(found.size > 400);
});

test('a client that becomes busy works with more endpoints: none has much more than two attempts; a busy gateway uses all', () => {
  const { endpoints, kept, pick } = make();
  for (let attempt = 0; attempt < 300; attempt += 1) pick()!.inFlight += 1;
  assert.ok(kept[0]!.endpoints >= 150 && kept[0]!.endpoints <= 300, `${kept[0]!.endpoints}`);
  assert.ok(Math.max(...endpoints.map(({ inFlight }) => inFlight)) <= 5);
  for (let attempt = 0; attempt < 9_700; attempt += 1) pick()!.inFlight += 1;
  assert.equal(kept[0]!.endpoints, 1_000);
  assert.ok(endpoints.every(({ inFlight }) => inFlight > 0));
});

test('once it has less to do, it works with fewer, by steps of ten seconds', () => {
  const { clock, endpoints, kept, pick } = make();
  for (let attempt = 0; attempt < 450; attempt += 1) pick()!.inFlight += 1;
  const wide = kept[0]!.endpoints;
  for (const endpoint of endpoints) endpoint.inFlight = 0;
  met(pick, 1_000);
  assert.equal(kept[0]!.endpoints, wide);
  clock.advance(10_000);
  met(pick, 1_000);
  const step = kept[0]!.endpoints;
  assert.ok(step < wide && step >= Math.floor(50 + ((wide - 50) * 7) / 8), `${wide} ${step}`);
  for (let time = 0; time < 60; time += 1) {
    clock.advance(10_000);
    met(pick, 1_000);
  }
  assert.equal(kept[0]!.endpoints, 50);
  assert.equal(met(pick).size, 50);
});

test('an endpoint that is ejected is replaced by the next at once, and comes back in its place', () => {
  const { pick } = make();
  const before = met(pick);
  const gone = [...before].slice(0, 20);
  for (const endpoint of gone) endpoint.ejected = true;
  const meanwhile = met(pick);
  assert.equal(meanwhile.size, 50);
  assert.ok(gone.every((endpoint) => !meanwhile.has(endpoint)));
  assert.equal([...before].filter((endpoint) => meanwhile.has(endpoint)).length, 30);
  for (const endpoint of gone) endpoint.ejected = false;
  assert.deepEqual(met(pick), before);
});

test('as long as one endpoint is available it is found, wherever it stands', () => {
  const { endpoints, pick } = make();
  assert.notEqual(pick(), undefined);
  for (const endpoint of endpoints) endpoint.healthy = false;
  assert.equal(pick(), undefined);
  endpoints[617]!.healthy = true;
  assert.equal(pick(), endpoints[617]);
});

test('where most are unavailable, panic is over the part, too: nobody connects to all', () => {
  const { endpoints, pick } = make({ panicPercent: 50 });
  for (const endpoint of endpoints) endpoint.ejected = true;
  assert.equal(met(pick).size, 100);
  for (const [index, endpoint] of endpoints.entries()) endpoint.ejected = index % 10 !== 0;
  const found = met(pick);
  assert.ok(found.size <= 100 && found.size >= 90, `${found.size}`);
});

test('a tenth of the endpoints is replaced: about a tenth of those worked with is', () => {
  const { endpoints, over, pick } = make();
  const before = met(pick);
  const fresh = Array.from({ length: 100 }, (_, index) =>
    testEndpoint(index, { key: `10.2.0.${index}:8080` }, 0, endpoints[0]!.availability),
  );
  const after = met(over([...endpoints.slice(100), ...fresh]));
  const kept = [...before].filter((endpoint) => after.has(endpoint)).length;
  assert.ok(kept >= 38 && after.size === 50, `${kept}`);
});

test('a new list goes on with the width that the load asked for', () => {
  const { endpoints, kept, over, pick } = make();
  for (let attempt = 0; attempt < 300; attempt += 1) pick()!.inFlight += 1;
  const wide = kept[0]!.endpoints;
  assert.equal(met(over(endpoints.slice(1)), 20_000).size >= wide - 1, true);
});

test('each level has a part of its own, and each share of a distribution', () => {
  const locality = (index: number) => (index < 300 ? 'eu/a/1' : index < 320 ? 'eu/a/2' : 'us/c/1');
  const near = make({ locality });
  const found = met(near.pick);
  assert.equal(found.size, 50);
  assert.ok([...found].every(({ endpoint }) => endpoint.locality === 'eu/a/1'));
  for (const endpoint of near.endpoints.slice(0, 320)) endpoint.ejected = true;
  const far = met(near.pick);
  assert.equal(far.size, 50);
  assert.ok([...far].every(({ endpoint }) => endpoint.locality === 'us/c/1'));
  const shares = make({
    locality,
    localityPolicy: { distribute: [{ from: '*', to: { 'eu/a/1': 50, 'eu/a/2': 10, us: 40 } }] },
  });
  const by = [...met(shares.pick, 20_000)].map(({ endpoint }) => endpoint.locality);
  const counted = ['eu/a/1', 'eu/a/2', 'us/c/1'].map((where) => by.filter((one) => one === where).length);
  assert.deepEqual(counted, [50, 20, 50]);
});
