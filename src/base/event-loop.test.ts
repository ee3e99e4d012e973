import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SystemEventLoop, unwatchedLoop } from './event-loop.js';
import { FakeClock } from './testing.js';

const immediate = () => new Promise<void>((resolve) => setImmediate(resolve));

test('a turn counts from its first question, and the next one from its own beginning', async () => {
  const clock = new FakeClock();
  const loop = new SystemEventLoop(clock);
  const turns: number[] = [];
  loop.watch((turnMs) => turns.push(turnMs));
  assert.equal(loop.turnMs(), 0);
  clock.advance(12);
  assert.equal(loop.turnMs(), 12);
  await immediate();
  assert.deepEqual(turns, [12]);
  clock.advance(3);
  assert.equal(loop.turnMs(), 3, 'what this turn did before anybody asked counts, too');
});

test('nobody watches a loop that nobody asks about', async () => {
  const clock = new FakeClock();
  const loop = new SystemEventLoop(clock);
  const turns: number[] = [];
  loop.watch((turnMs) => turns.push(turnMs));
  loop.turnMs();
  for (let left = 5; left > 0; left -= 1) await immediate();
  clock.advance(10_000);
  assert.deepEqual(turns, [0]);
  assert.equal(loop.turnMs(), 0, 'time without work is no delay');
});

test('work that is put off runs once, in a turn that has just begun', async () => {
  const clock = new FakeClock();
  const loop = new SystemEventLoop(clock);
  const seen: number[] = [];
  loop.turnMs();
  clock.advance(50);
  loop.afterTurn(() => seen.push(loop.turnMs()));
  assert.deepEqual(seen, []);
  for (let left = 3; left > 0; left -= 1) await immediate();
  assert.deepEqual(seen, [0]);
});

test('a loop that nobody watches is never late, and puts work off by a moment', async () => {
  const done: string[] = [];
  unwatchedLoop.watch(() => done.push('told'));
  unwatchedLoop.afterTurn(() => done.push('work'));
  assert.equal(unwatchedLoop.turnMs(), 0);
  assert.deepEqual(done, []);
  await null;
  assert.deepEqual(done, ['work']);
});
