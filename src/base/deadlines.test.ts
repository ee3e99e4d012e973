import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Deadline, Deadlines } from './deadlines.js';
import { FakeClock } from './testing.js';

const TICK_MS = 4;

class Probe extends Deadline {
  readonly fired: number[] = [];
  readonly #clock: FakeClock;
  onExpire: () => void = () => {};
  constructor(clock: FakeClock) {
    super();
    this.#clock = clock;
  }
  override expire(): void {
    this.fired.push(this.#clock.now());
    this.onExpire();
  }
}

function make(start = 1_000.5) {
  const clock = new FakeClock(0, start);
  return { clock, deadlines: new Deadlines(clock), probe: () => new Probe(clock) };
}

test('a deadline fires once, not early and at most two ticks late', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 10_000, noNaN: true }), { minLength: 1, maxLength: 40 }),
      fc.double({ min: 0, max: 5, noNaN: true }),
      (delays, start) => {
        const { clock, deadlines, probe } = make(start);
        const armed = delays.map((delay) => {
          const deadline = probe();
          deadlines.arm(deadline, start + delay);
          return { deadline, at: start + delay };
        });
        clock.advance(10_100);
        for (const { deadline, at } of armed) {
          assert.equal(deadline.fired.length, 1);
          assert.ok(deadline.fired[0]! >= at, 'early');
          assert.ok(deadline.fired[0]! <= at + 2 * TICK_MS, 'late');
        }
        assert.equal(deadlines.size, 0);
        assert.equal(clock.pending, 0);
      },
    ),
  );
});

test('an instant that has passed fires with the next tick', () => {
  const { clock, deadlines, probe } = make();
  const deadline = probe();
  deadlines.arm(deadline, -50);
  assert.deepEqual(deadline.fired, []);
  clock.advance(2 * TICK_MS);
  assert.equal(deadline.fired.length, 1);
});

test('disarmed, it does not fire; disarming again does nothing', () => {
  const { clock, deadlines, probe } = make();
  const deadline = probe();
  deadlines.disarm(deadline);
  deadlines.arm(deadline, 1_100);
  deadlines.disarm(deadline);
  deadlines.disarm(deadline);
  clock.advance(1_000);
  assert.deepEqual(deadline.fired, []);
  assert.equal(deadlines.size, 0);
});

test('armed again, it moves', () => {
  const { clock, deadlines, probe } = make();
  const deadline = probe();
  deadlines.arm(deadline, 1_100);
  deadlines.arm(deadline, 5_000);
  assert.equal(deadlines.size, 1);
  clock.advance(3_900);
  assert.deepEqual(deadline.fired, []);
  clock.advance(200);
  assert.equal(deadline.fired.length, 1);
});

test('Infinity is never: nothing is kept, no timer runs', () => {
  const { clock, deadlines, probe } = make();
  const deadline = probe();
  deadlines.arm(deadline, 2_000);
  deadlines.arm(deadline, Number.POSITIVE_INFINITY);
  assert.equal(deadlines.size, 0);
  clock.advance(10_000);
  assert.deepEqual(deadline.fired, []);
  assert.equal(clock.pending, 0);
});

test('no timer runs while nothing is armed', () => {
  const { clock, deadlines, probe } = make();
  assert.equal(clock.pending, 0);
  const deadline = probe();
  deadlines.arm(deadline, 2_000);
  assert.equal(clock.pending, 1);
  deadlines.disarm(deadline);
  clock.advance(TICK_MS);
  assert.equal(clock.pending, 0);
});

test('after an idle time the wheel takes up at the present', () => {
  const { clock, deadlines, probe } = make();
  const first = probe();
  deadlines.arm(first, 1_010);
  clock.advance(60_000);
  const second = probe();
  deadlines.arm(second, clock.now() + 20);
  clock.advance(12);
  assert.deepEqual(second.fired, []);
  clock.advance(20);
  assert.equal(second.fired.length, 1);
});

test('expiries that disarm their neighbours, or arm others, disturb nothing', () => {
  const { clock, deadlines, probe } = make();
  const [a, b, c, d] = [probe(), probe(), probe(), probe()];
  for (const deadline of [a, b, c]) {
    deadlines.arm(deadline, 1_100);
    deadline.onExpire = () => {
      for (const other of [a, b, c]) deadlines.disarm(other);
      deadlines.arm(d, clock.now() + 100);
    };
  }
  clock.advance(150);
  assert.equal(a.fired.length + b.fired.length + c.fired.length, 1);
  clock.advance(100);
  assert.equal(d.fired.length, 1);
  assert.equal(deadlines.size, 0);
});

test('an expiry that arms itself again fires again', () => {
  const { clock, deadlines, probe } = make();
  const deadline = probe();
  deadline.onExpire = () => {
    if (deadline.fired.length < 3) deadlines.arm(deadline, clock.now() + 10);
  };
  deadlines.arm(deadline, 1_010);
  clock.advance(200);
  assert.equal(deadline.fired.length, 3);
});

test('random arming and disarming agrees with a naive list', () => {
  const step = fc.record({
    which: fc.nat(4),
    delay: fc.option(fc.integer({ min: -10, max: 6_000 }), { nil: undefined }),
    pause: fc.integer({ min: 0, max: 3_000 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const { clock, deadlines, probe } = make();
      const probes = Array.from({ length: 5 }, probe);
      const naive = new Map<number, number>();
      for (const { which, delay, pause } of steps) {
        const before = probes[which]!.fired.length;
        if (delay === undefined) {
          deadlines.disarm(probes[which]!);
          naive.delete(which);
        } else {
          deadlines.arm(probes[which]!, clock.now() + delay);
          naive.set(which, clock.now() + delay);
        }
        assert.equal(probes[which]!.fired.length, before);
        assert.equal(deadlines.size, naive.size);
        const counts = probes.map((one) => one.fired.length);
        clock.advance(pause);
        for (const [index, one] of probes.entries()) {
          const at = naive.get(index);
          const fired = one.fired.length > counts[index]!;
          if (at === undefined || clock.now() < at) assert.equal(fired, false);
          else if (clock.now() >= Math.max(at, clock.now() - pause) + 2 * TICK_MS) assert.equal(fired, true);
          if (fired) naive.delete(index);
        }
      }
    }),
  );
});
