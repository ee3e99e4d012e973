import assert from 'node:assert/strict';
import { mock, type TestContext, test } from 'node:test';
import { LONGEST_TIMER_MS } from '../../base/clock.js';
import type { Random } from '../../base/random.js';
import { FakeClock, seededRandom } from '../../base/testing.js';
import type { Attempt } from '../../model/attempt.js';
import type { Outcome } from '../../model/outcome.js';
import { cancelled, failed, rejected, responded, testAttempt } from '../../model/testing.js';
import { rampShare } from './decide.js';
import { breakerFilter } from './filter.js';
import type { BreakerPolicy } from './policy.js';
import { BreakerState, type CircuitState } from './state.js';

const POLICY: BreakerPolicy = {
  errorThresholdPercent: 50,
  volumeThreshold: 4,
  windowMs: 10_000,
  openMs: 5_000,
};

/** opossum takes its time from the platform: here the platform's is virtual. */
function make(t: TestContext, changes: Partial<BreakerPolicy> = {}, random: Random = seededRandom(7)) {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] });
  const clock = new FakeClock();
  const moves: CircuitState[] = [];
  const state = new BreakerState(
    { ...POLICY, ...changes },
    {
      clock,
      random,
      onTransition: (to) => moves.push(to),
    },
  );
  const filter = breakerFilter(state);
  t.after(() => {
    state.dispose();
    mock.timers.reset();
  });
  const advance = (ms: number) => {
    clock.advance(ms);
    mock.timers.tick(ms);
  };
  const admit = (): Attempt | null => {
    const attempt = testAttempt();
    return filter.admit(attempt) === null ? attempt : null;
  };
  const end = async (attempt: Attempt | null, outcome: Outcome) => {
    assert.ok(attempt !== null, 'the attempt was refused');
    filter.settle!(attempt, outcome);
    filter.release!(attempt);
    await settled();
  };
  const run = async (...outcomes: Outcome[]) => {
    for (const outcome of outcomes) await end(admit(), outcome);
  };
  return { state, filter, moves, advance, admit, end, run };
}

/** setImmediate is not virtual. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const bad = () => responded(503);
const good = () => responded(200);

test('it opens above the error rate, once the window holds enough attempts', async (t) => {
  const { state, moves, run, admit } = make(t);
  await run(bad(), bad(), bad());
  assert.equal(state.state, 'closed');
  await run(bad());
  assert.equal(state.state, 'open');
  assert.deepEqual(moves, ['open']);
  assert.equal(admit(), null);
});

test('a rate at the threshold does not open it, one above it does', async (t) => {
  const { state, run } = make(t);
  await run(good(), good(), good(), bad(), bad(), bad());
  assert.equal(state.state, 'closed');
  await run(bad());
  assert.equal(state.state, 'open');
});

test('a threshold of 100 opens when every attempt of the window failed', async (t) => {
  const { state, run } = make(t, { errorThresholdPercent: 100 });
  await run(bad(), bad(), bad(), bad());
  assert.equal(state.state, 'open');
});

test('a threshold of 100 stays closed with one success among failures', async (t) => {
  const { state, run } = make(t, { errorThresholdPercent: 100 });
  await run(good(), bad(), bad(), bad(), bad(), bad());
  assert.equal(state.state, 'closed');
});

test('failures are 5xx and what broke; a 4xx is a success', async (t) => {
  const { state, run } = make(t);
  await run(
    responded(404),
    responded(429),
    responded(499),
    responded(302),
    failed('connection-failure', 'no'),
  );
  assert.equal(state.state, 'closed');
  await run(failed('per-try-timeout'), failed('timeout'), failed('remote-reset'), responded(500));
  assert.equal(state.state, 'open');
});

test('what was given up, refused further on, or broken off by us counts as nothing', async (t) => {
  const { state, run } = make(t);
  const nothing = [cancelled, rejected('HEDDLE_OVERLOADED', 'overflow'), failed('local-reset')];
  await run(...nothing, ...nothing, ...nothing, bad(), bad(), bad());
  assert.equal(state.state, 'closed');
  await run(bad());
  assert.equal(state.state, 'open');
});

test('failures that left the window are forgotten', async (t) => {
  const { state, run, advance } = make(t);
  await run(bad(), bad(), bad());
  advance(10_000);
  await run(bad(), bad(), bad());
  assert.equal(state.state, 'closed');
});

test('an open circuit refuses with the time that is left', async (t) => {
  const { filter, run, advance } = make(t);
  await run(bad(), bad(), bad(), bad());
  advance(1_000);
  assert.deepEqual(filter.admit(testAttempt()), {
    kind: 'rejected',
    code: 'HEDDLE_CIRCUIT_OPEN',
    flag: 'UO',
    status: 503,
    because: 'circuit-open',
    retryAfterMs: 4_000,
  });
});

test('after openMs, not before, one probe goes; its success closes the circuit', async (t) => {
  const { state, filter, moves, run, advance, admit, end } = make(t);
  await run(bad(), bad(), bad(), bad());
  advance(4_999);
  assert.equal(admit(), null);
  advance(1);
  assert.equal(state.state, 'half-open');
  const probe = admit();
  const refusal = filter.admit(testAttempt());
  assert.ok(refusal !== null && !('retryAfterMs' in refusal));
  await end(probe, good());
  assert.equal(state.state, 'closed');
  assert.deepEqual(moves, ['open', 'half-open', 'closed']);
  assert.notEqual(admit(), null);
});

test('a probe that fails opens the circuit for another openMs', async (t) => {
  const { state, moves, run, advance, admit, end } = make(t);
  await run(bad(), bad(), bad(), bad());
  advance(5_000);
  await end(admit(), bad());
  assert.equal(state.state, 'open');
  advance(4_999);
  assert.equal(admit(), null);
  advance(1);
  await end(admit(), good());
  assert.deepEqual(moves, ['open', 'half-open', 'open', 'half-open', 'closed']);
});

test('a probe that tells nothing leaves its place to another', async (t) => {
  const { state, run, advance, admit, end } = make(t);
  await run(bad(), bad(), bad(), bad());
  advance(5_000);
  for (const outcome of [cancelled, rejected('HEDDLE_OVERLOADED', 'overflow')]) {
    await end(admit(), outcome);
    assert.equal(state.state, 'half-open');
  }
  await end(admit(), good());
  assert.equal(state.state, 'closed');
});

test('a probe that is released without having settled leaves its place too', async (t) => {
  const { filter, run, advance, admit } = make(t);
  await run(bad(), bad(), bad(), bad());
  advance(5_000);
  filter.release!(admit()!);
  assert.notEqual(admit(), null);
});

test('an attempt from before the circuit opened neither closes it nor keeps it open', async (t) => {
  const { state, run, advance, admit, end } = make(t);
  const [one, other, third] = [admit(), admit(), admit()];
  await run(bad(), bad(), bad(), bad());
  await end(one, good());
  assert.equal(state.state, 'open');
  advance(5_000);
  await end(other, good());
  assert.equal(state.state, 'half-open');
  await end(third, bad());
  assert.equal(state.state, 'half-open');
  await end(admit(), good());
  assert.equal(state.state, 'closed');
});

test('between a probe that settled and the move of the circuit no second one slips in', async (t) => {
  const { filter, run, advance, admit } = make(t);
  await run(bad(), bad(), bad(), bad());
  advance(5_000);
  const probe = admit()!;
  filter.settle!(probe, bad());
  assert.equal(admit(), null);
  await settled();
  assert.equal(admit(), null);
});

test('a new snapshot makes a new filter on the same memory: the probe of the old one still counts', async (t) => {
  const { state, run, advance, admit, end } = make(t);
  await run(bad(), bad(), bad(), bad());
  advance(5_000);
  const probe = admit();
  assert.notEqual(breakerFilter(state).admit(testAttempt()), null);
  await end(probe, good());
  assert.equal(breakerFilter(state).admit(testAttempt()), null);
});

test('memory follows a policy only as long as it says the same', (t) => {
  const { state } = make(t);
  assert.equal(state.follows({ ...POLICY }), true);
  assert.equal(state.follows({ ...POLICY, rampMs: 7 }), false);
  for (const key of Object.keys(POLICY) as (keyof BreakerPolicy)[]) {
    assert.equal(state.follows({ ...POLICY, [key]: 7 }), false, key);
  }
});

/** A circuit that has just closed. */
async function justClosed(t: TestContext, changes: Partial<BreakerPolicy> = {}, random?: Random) {
  const made = make(t, changes, random);
  await made.run(bad(), bad(), bad(), bad());
  made.advance(5_000);
  await made.end(made.admit(), good());
  assert.equal(made.state.state, 'closed');
  return made;
}

test('after the probe the share of attempts grows from a tenth to all of them, in openMs unless policy says otherwise', async (t) => {
  const { admit, advance, end } = await justClosed(t, {}, { next: () => 0.55 });
  // One is under way all the time, so that no other is let through for being alone.
  const alone = admit();
  assert.notEqual(alone, null);
  advance(2_499);
  assert.equal(admit(), null, 'a share of just below 0.55');
  advance(2);
  const second = admit();
  assert.notEqual(second, null, 'a share of just above');
  await end(second, good());
  await end(alone, good());
});

test('of 1,000 attempts in each tenth of the ramp the share that it says is let through, by seed', async (t) => {
  const { admit, advance, filter } = await justClosed(t, { rampMs: 10_000 }, seededRandom(20_260_101));
  const alone = admit();
  assert.notEqual(alone, null);
  const admitted: number[] = [];
  for (let tenth = 0; tenth < 11; tenth += 1) {
    let count = 0;
    for (let i = 0; i < 1_000; i += 1) {
      const attempt = admit();
      if (attempt === null) continue;
      count += 1;
      filter.settle!(attempt, cancelled);
    }
    admitted.push(count);
    advance(1_000);
  }
  for (const [tenth, count] of admitted.entries())
    assert.ok(Math.abs(count - (100 + 90 * tenth)) < 50, `${count} in tenth ${tenth} of ${admitted}`);
  assert.equal(admitted[10], 1_000);
});

test('a caller that comes alone is let through however small the share; two at once are not', async (t) => {
  const { admit, end } = await justClosed(t, {}, { next: () => 0.999 });
  for (let i = 0; i < 20; i += 1) await end(admit(), good());
  const first = admit();
  assert.notEqual(first, null);
  assert.equal(admit(), null);
  await end(first, cancelled);
  assert.notEqual(admit(), null);
});

test('refused by the ramp, nobody is told how long to wait', async (t) => {
  const { filter, admit } = await justClosed(t, {}, { next: () => 0.999 });
  admit();
  const refusal = filter.admit(testAttempt());
  assert.ok(refusal !== null && !('retryAfterMs' in refusal));
  assert.equal(refusal.code, 'HEDDLE_CIRCUIT_OPEN');
});

test('failures while it fills open it again by the rule of the window, and the next ramp begins anew', async (t) => {
  const { state, run, advance, admit, end } = await justClosed(t, {}, { next: () => 0.5 });
  await run(bad());
  assert.equal(state.state, 'open');
  advance(5_000);
  await end(admit(), good());
  const alone = admit();
  assert.equal(admit(), null);
  await end(alone, good());
});

test('rampMs of 0 lets all through at once', async (t) => {
  const { admit } = await justClosed(t, { rampMs: 0 }, { next: () => 0.999 });
  assert.ok(Array.from({ length: 100 }, admit).every((attempt) => attempt !== null));
});

test('attempts from before the circuit opened are under way until they end', async (t) => {
  const { admit, end, run, advance } = make(t, {}, { next: () => 0.999 });
  const old = admit();
  await run(bad(), bad(), bad(), bad());
  advance(5_000);
  await end(admit(), good());
  assert.equal(admit(), null);
  await end(old, good());
  assert.notEqual(admit(), null);
});

test('a circuit that never opened refuses nobody', (t) => {
  const { admit } = make(t, {}, { next: () => 0.999 });
  assert.ok(Array.from({ length: 100 }, admit).every((attempt) => attempt !== null));
});

test('rampShare grows evenly', () => {
  const shares = [-1, 0, 500, 1_000, 2_000].map((elapsed) => rampShare(elapsed, 1_000));
  assert.deepEqual(shares, [0.1, 0.1, 0.55, 1, 1]);
  assert.equal(rampShare(0, 0), 1);
});

test('a window of a few milliseconds works', async (t) => {
  const { state, run } = make(t, { windowMs: 5 });
  await run(bad(), bad(), bad(), bad());
  assert.equal(state.state, 'open');
});

test('a circuit that is to stay open for months does not close after a millisecond', async (t) => {
  const { state, run, advance } = make(t, { windowMs: 1e12, openMs: 1e12 });
  await run(bad(), bad(), bad(), bad());
  advance(LONGEST_TIMER_MS - 1);
  assert.equal(state.state, 'open');
  advance(1);
  assert.equal(state.state, 'half-open');
});

test('disposed, it holds no timer and swallows what still settles', async (t) => {
  const { state, filter, run, admit } = make(t);
  const late = admit()!;
  await run(bad(), bad(), bad(), bad());
  state.dispose();
  filter.settle!(late, bad());
  filter.release!(late);
  await settled();
});
