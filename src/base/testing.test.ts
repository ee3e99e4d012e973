import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sleep } from './clock.js';
import { FakeClock, seededRandom } from './testing.js';

test('timers fire in the order of their instants, and each sees its own instant', () => {
  const clock = new FakeClock();
  const seen: string[] = [];
  clock.after(30, () => seen.push(`c${clock.now()}`));
  clock.after(10, () => {
    seen.push(`a${clock.now()}`);
    clock.after(5, () => seen.push(`b${clock.now()}`));
  });
  clock.after(30, () => seen.push(`d${clock.now()}`));
  clock.advance(29);
  assert.deepEqual(seen, ['a10', 'b15']);
  clock.advance(1);
  assert.deepEqual(seen, ['a10', 'b15', 'c30', 'd30']);
  assert.equal(clock.pending, 0);
});

test('a cancelled timer does not fire, and cancelling again does nothing', () => {
  const clock = new FakeClock();
  let fired = 0;
  const timer = clock.after(5, () => {
    fired += 1;
  });
  timer.cancel();
  timer.cancel();
  clock.advance(10);
  assert.equal(fired, 0);
});

test('a timer cancelled by another one of the same instant does not fire', () => {
  const clock = new FakeClock();
  let fired = false;
  clock.after(5, () => second.cancel());
  const second = clock.after(5, () => {
    fired = true;
  });
  clock.advance(5);
  assert.equal(fired, false);
});

test('advanceAsync lets awaiting code set its next timer within the same stretch', async () => {
  const clock = new FakeClock();
  const seen: number[] = [];
  const loop = (async () => {
    for (let round = 0; round < 3; round += 1) {
      await sleep(clock, 10);
      seen.push(clock.now());
    }
  })();
  await clock.advanceAsync(30);
  await loop;
  assert.deepEqual(seen, [10, 20, 30]);
});

test('the wall clock moves with the monotonic one and may jump alone', () => {
  const clock = new FakeClock(1_000);
  clock.advance(5);
  clock.jumpWall(-500);
  assert.equal(clock.wallNow(), 505);
  assert.equal(clock.now(), 5);
});

test('the same seed draws the same sequence within [0, 1), another seed another one', () => {
  const draws = (seed: number) => {
    const random = seededRandom(seed);
    return Array.from({ length: 1_000 }, () => random.next());
  };
  assert.deepEqual(draws(7), draws(7));
  assert.notDeepEqual(draws(7), draws(8));
  assert.ok(draws(7).every((draw) => draw >= 0 && draw < 1));
  const mean = draws(7).reduce((sum, draw) => sum + draw, 0) / 1_000;
  assert.ok(Math.abs(mean - 0.5) < 0.05);
});
