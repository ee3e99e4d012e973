import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pickWeighted, totalWeight } from './decide.js';

const of = (...weights: number[]) => weights.map((weight) => ({ weight }));

function pick(weights: number[], draw: number): number {
  const choices = of(...weights);
  return pickWeighted(choices, totalWeight(choices), { next: () => draw });
}

/** @source Mulberry32, a small generator with a seed */
function seeded(seed: number) {
  let state = seed;
  return {
    next: () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
    },
  };
}

test('a single choice is taken without a draw, whatever its weight', () => {
  const choices = of(0);
  const refuse = { next: () => assert.fail('nothing is drawn') };
  assert.equal(pickWeighted(choices, 0, refuse), 0);
});

test('weights 1, 1 and 2 share the draws 25, 25 and 50', () => {
  assert.deepEqual(
    [0, 0.24, 0.25, 0.49, 0.5, 0.99].map((draw) => pick([1, 1, 2], draw)),
    [0, 0, 1, 1, 2, 2],
  );
});

test('a weight of 0 is never chosen', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (draw) => {
      assert.notEqual(pick([3, 0, 7, 0], draw), 1);
      assert.notEqual(pick([3, 0, 7, 0], draw), 3);
    }),
  );
});

test('frequencies of 20 000 draws lie within four standard deviations of the weights', () => {
  const weights = [80, 15, 5];
  const choices = of(...weights);
  const random = seeded(42);
  const counts = [0, 0, 0];
  const draws = 20_000;
  for (let draw = 0; draw < draws; draw += 1) counts[pickWeighted(choices, 100, random)]! += 1;
  for (const [index, weight] of weights.entries()) {
    const share = weight / 100;
    const bound = 4 * Math.sqrt(draws * share * (1 - share));
    assert.ok(Math.abs(counts[index]! - draws * share) < bound, `${counts[index]} of ${draws * share}`);
  }
});
