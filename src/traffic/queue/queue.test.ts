import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isStanding, longestWaitMs, wouldBeLate } from './decide.js';
import { Queue, type Queued } from './index.js';
import { describeQueue, type QueuePolicy, queuePolicyFrom } from './policy.js';

const POLICY = queuePolicyFrom({});
const FACTS = { now: 1_000, calmAt: 1_000, standing: false, intervalMs: 0 };
const any = () => true;

function queueOf(changes: Partial<QueuePolicy> = {}) {
  const queue = new Queue<string>({ ...POLICY, ...changes }, 3, 0);
  const join = (item: string, now: number, rank = 0, deadlineAt = Number.POSITIVE_INFINITY) =>
    queue.join(item, { rank, now, deadlineAt });
  return { queue, join };
}

/** As it would be without a reason not to. */
function placed<T>(joined: T | string): T {
  assert.notEqual(typeof joined, 'string');
  return joined as T;
}

test('what a policy leaves open is filled in, and no wait in a standing queue is longer than the longest', () => {
  assert.deepEqual(POLICY, { maxLength: 1_000, maxWaitMs: 100, standingWaitMs: 20, maxLoopDelayMs: 10 });
  assert.equal(queuePolicyFrom({ maxWaitMs: 8 }).standingWaitMs, 8);
});

test('a queue is a standing one when no wait was short for as long as the longest', () => {
  assert.equal(isStanding(POLICY, { ...FACTS, calmAt: 900 }), false);
  assert.equal(isStanding(POLICY, { ...FACTS, calmAt: 899 }), true);
  assert.equal(isStanding(POLICY, { ...FACTS, calmAt: 1_000, standing: true }), true);
});

test('a wait lasts as long as four exchanges take to begin, whatever policy says', () => {
  assert.equal(longestWaitMs(POLICY, FACTS), 100);
  assert.equal(longestWaitMs(POLICY, { ...FACTS, standing: true }), 20);
  assert.equal(longestWaitMs(POLICY, { ...FACTS, standing: true, intervalMs: 50 }), 200);
  assert.equal(isStanding(POLICY, { ...FACTS, calmAt: 850, intervalMs: 50 }), false);
});

test('who would begin after its deadline is late, whether few or many are before it', () => {
  const facts = { ...FACTS, intervalMs: 10 };
  assert.equal(wouldBeLate(POLICY, { ...facts, ahead: 3, deadlineAt: 1_041 }), false);
  assert.equal(wouldBeLate(POLICY, { ...facts, ahead: 4, deadlineAt: 1_041 }), true);
  assert.equal(wouldBeLate(POLICY, { ...facts, standing: true, ahead: 4, deadlineAt: 1_041 }), false);
  assert.equal(wouldBeLate(POLICY, { ...FACTS, ahead: 0, deadlineAt: 1_000 }), true);
});

test('the oldest is next in a burst, the newest in a standing queue, until it was empty', () => {
  const { queue, join } = queueOf();
  for (const [at, item] of ['a', 'b', 'c', 'd'].entries()) join(item, at);
  assert.equal(queue.next(10, any), 'a');
  assert.equal(queue.isStanding(110), false);
  assert.equal(queue.isStanding(111), true);
  assert.equal(queue.next(111, any), 'd');
  assert.equal(queue.next(112, any), 'c');
  join('e', 113);
  assert.equal(queue.next(113, any), 'e');
  assert.equal(queue.next(114, any), 'b');
  assert.equal(queue.next(115, any), null);
  assert.equal(queue.isStanding(116), false);
  join('f', 120);
  join('g', 121);
  assert.equal(queue.next(122, any), 'f');
});

test('a higher rank is served first, and a lower one not in the stead of a higher one that finds no room', () => {
  const { queue, join } = queueOf();
  join('low', 0, 2);
  join('middle', 1, 1);
  join('high', 2, 0);
  assert.equal(queue.waitsBefore(0), true);
  assert.equal(
    queue.next(3, (rank) => rank > 0),
    null,
  );
  assert.deepEqual([queue.next(3, any), queue.next(3, any), queue.next(3, any)], ['high', 'middle', 'low']);
  join('low', 4, 2);
  assert.equal(queue.waitsBefore(1), false);
  assert.equal(queue.waitsBefore(2), true);
});

test('a full queue takes a higher rank in the stead of a lower one, and of its own only when it stands', () => {
  const { queue, join } = queueOf({ maxLength: 2 });
  placed(join('low', 0, 2));
  placed(join('middle', 1, 1));
  assert.equal(placed(join('high', 2, 0)).displaced?.item, 'low');
  assert.equal(join('low', 3, 2), 'queue_full');
  assert.equal(placed(join('higher', 4, 0)).displaced?.item, 'middle');
  assert.equal(join('more', 5, 0), 'queue_full');
  assert.equal(placed(join('later', 200, 0)).displaced?.item, 'high', 'of a standing queue the oldest goes');
  assert.equal(queue.length, 2);
});

test('what was measured once does not hold for ever where nobody is served', () => {
  const { queue, join } = queueOf();
  for (const item of ['a', 'b', 'c']) join(item, 0);
  queue.next(0, any);
  queue.next(8_000, any);
  let refused = 0;
  while (typeof join('d', 8_000, 0, 8_500) === 'string') refused += 1;
  assert.ok(refused > 0 && refused < 50, `${refused}`);
});

test('nobody waits beyond its deadline', () => {
  const { join } = queueOf();
  assert.equal(placed(join('a', 0, 0, 30)).until, 30);
  assert.equal(placed(join('b', 0)).until, 100);
});

test('whoever joins is served, displaced or leaves, exactly once', () => {
  const steps = fc.array(
    fc.tuple(fc.constantFrom('join', 'next', 'leave'), fc.nat(2), fc.integer({ min: 0, max: 60 })),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 5 }), (all, maxLength) => {
      const { queue, join } = queueOf({ maxLength });
      const waiting = new Map<string, Queued<string>>();
      let now = 0;
      for (const [number, [step, rank, ms]] of all.entries()) {
        now += ms;
        if (step === 'join') {
          const joined = join(`${number}`, now, rank);
          if (typeof joined === 'string') continue;
          if (joined.displaced !== null) assert.ok(waiting.delete(joined.displaced.item));
          waiting.set(`${number}`, joined);
        } else if (step === 'next') {
          const item = queue.next(now, any);
          if (item === null) assert.equal(waiting.size, 0);
          else assert.ok(waiting.delete(item));
        } else {
          const [first] = waiting;
          if (first === undefined) continue;
          waiting.delete(first[0]);
          queue.leave(first[1], now);
          queue.leave(first[1], now);
        }
        assert.equal(queue.length, waiting.size);
        assert.ok(queue.length <= maxLength);
      }
    }),
  );
});

test('it is described in a line', () => {
  assert.equal(
    describeQueue(POLICY),
    'queue: what finds no place, or a turn of the event loop that has taken 10 ms, waits, up to 1000 for 100 ms; in a standing queue for 20 ms, the newest next',
  );
  assert.equal(
    describeQueue({ ...POLICY, maxLength: 0 }),
    'queue: none; what finds no place, or a turn of the event loop that has taken 10 ms, is refused',
  );
});
