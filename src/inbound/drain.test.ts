import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../base/testing.js';
import { OpenSet } from './drain.js';

test('an empty set need not be waited for', async () => {
  assert.equal(await new OpenSet().emptyWithin(new FakeClock(), 0), true);
});

test('waiting ends when the last one is gone, and leaves no timer behind', async () => {
  const clock = new FakeClock();
  const open = new OpenSet<string>();
  open.add('a');
  open.add('b');
  const empty = open.emptyWithin(clock, 1_000);
  open.delete('a');
  assert.deepEqual([...open], ['b']);
  open.delete('b');
  assert.equal(await empty, true);
  assert.equal(clock.pending, 0);
});

test('waiting ends with false after its time, and what is deleted later disturbs nobody', async () => {
  const clock = new FakeClock();
  const open = new OpenSet<string>();
  open.add('a');
  const empty = open.emptyWithin(clock, 1_000);
  clock.advance(1_000);
  assert.equal(await empty, false);
  open.delete('a');
  assert.equal(open.size, 0);
});

test('what is added twice to a set is open once, and what is not in it leaves nothing', async () => {
  const open = new OpenSet<string>();
  open.add('a');
  open.add('a');
  open.delete('b');
  assert.equal(open.size, 1);
  open.delete('a');
  assert.equal(await open.emptyWithin(new FakeClock(), 0), true);
});
