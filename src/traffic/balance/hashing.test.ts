/** Consistent hashing: the same key, the same endpoint, whoever asks and whatever else changes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock, seededRandom } from '../../base/testing.js';
import type { EndpointState } from '../../model/endpoint-state.js';
import { testEndpoint } from '../../model/testing.js';
import { hashText } from './hash.js';
import { createBalancer } from './index.js';

const KINDS = [
  { table: 'ring', size: 1_024 },
  { table: 'maglev', size: 65_537 },
] as const;
const KEYS = Array.from({ length: 5_000 }, (_, index) => hashText(`user-${index}`));

function list(numbers: readonly number[], weights: Readonly<Record<number, number>> = {}): EndpointState[] {
  const availability = { changes: 0 };
  return numbers.map((number) => testEndpoint(number, { weight: weights[number] ?? 1 }, 0, availability));
}

function picker(
  kind: (typeof KINDS)[number],
  endpoints: readonly EndpointState[],
  seed = 1,
  panicPercent = 0,
) {
  const balancer = createBalancer(
    { kind: 'consistent-hash', hash: { from: 'source-ip' }, ...kind },
    endpoints,
    { clock: new FakeClock(), random: seededRandom(seed), panicPercent },
  );
  return (hash: number, tried: readonly EndpointState[] = []) => balancer.pick({ hash, tried })!.endpoint.key;
}

const TEN = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const keyOf = (number: number) => `10.0.0.${number}:8080`;

/** These stand for all processes of all times: a change of them moves the users of whoever upgrades. */
const KNOWN = {
  ring: [2, 4, 3, 6, 3, 6],
  maglev: [3, 5, 6, 2, 4, 1],
} as const;

for (const kind of KINDS) {
  const { table } = kind;

  test(`${table}: known keys go to known endpoints`, () => {
    const pick = picker(kind, list(TEN));
    const picked = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank'].map((user) => pick(hashText(user)));
    assert.deepEqual(picked, KNOWN[table].map(keyOf));
  });

  test(`${table}: chance has no part in it`, () => {
    const [one, other] = [picker(kind, list(TEN), 1), picker(kind, list(TEN), 99)];
    for (const key of KEYS) assert.equal(one(key), other(key));
  });

  test(`${table}: an endpoint that leaves moves its own keys, and hardly any other`, () => {
    const [before, after] = [picker(kind, list(TEN)), picker(kind, list(TEN.filter((one) => one !== 4)))];
    const stayed = KEYS.filter((key) => before(key) !== keyOf(4));
    const moved = stayed.filter((key) => before(key) !== after(key)).length;
    // A ring keeps its size, so that each of the others has more points now, as in Envoy; Maglev trades a few for evenness.
    assert.ok(moved <= stayed.length / 10, `${moved} of ${stayed.length}`);
    assert.ok(KEYS.every((key) => after(key) !== keyOf(4)));
  });

  test(`${table}: an endpoint that joins takes its part, nearly all of it from others to itself`, () => {
    const [before, after] = [picker(kind, list(TEN)), picker(kind, list([...TEN, 11]))];
    const moved = KEYS.filter((key) => before(key) !== after(key));
    const taken = moved.filter((key) => after(key) === keyOf(11)).length;
    assert.ok(taken > KEYS.length / 22 && taken < KEYS.length / 6, `${taken}`);
    assert.ok(moved.length - taken <= KEYS.length / 10, `${moved.length - taken}`);
  });

  test(`${table}: shares follow the weights`, () => {
    const pick = picker(kind, list([1, 2, 3], { 1: 6, 2: 3, 3: 1 }));
    const share = (number: number) => KEYS.filter((key) => pick(key) === keyOf(number)).length / KEYS.length;
    for (const [number, expected] of [
      [1, 0.6],
      [2, 0.3],
      [3, 0.1],
    ] as const)
      assert.ok(Math.abs(share(number) - expected) < 0.05, `${share(number)}`);
  });

  test(`${table}: one that was tried is passed over for the next, always the same, if that is asked for`, () => {
    const endpoints = list(TEN);
    const [pick, again] = [picker(kind, endpoints), picker(kind, endpoints, 7)];
    for (const key of KEYS.slice(0, 500)) {
      const first = endpoints.find(({ endpoint }) => endpoint.key === pick(key))!;
      const second = pick(key, [first]);
      assert.notEqual(second, first.endpoint.key);
      assert.equal(again(key, [first]), second);
    }
  });

  test(`${table}: in panic each key goes where it goes when all are well`, () => {
    const endpoints = list(TEN);
    const pick = picker(kind, endpoints, 1, 50);
    const before = KEYS.map((key) => pick(key));
    for (const endpoint of endpoints.slice(0, 6)) endpoint.ejected = true;
    assert.deepEqual(
      KEYS.map((key) => pick(key)),
      before,
    );
    endpoints[0]!.ejected = false;
    const calm = KEYS.map((key) => pick(key));
    for (const [index, key] of before.entries())
      if (!endpoints.find(({ endpoint }) => endpoint.key === key)!.ejected) assert.equal(calm[index], key);
  });
}
