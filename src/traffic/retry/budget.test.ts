import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { allowedInWindow, allowedRetries } from './budget.js';
import { RetryBudget } from './state.js';

test('without policy: 20 % of the calls in the window, but three always', () => {
  const allowed = [0, 1, 15, 19, 20, 100, 1_004].map((calls) => allowedInWindow(calls));
  assert.deepEqual(allowed, [3, 3, 3, 3, 4, 20, 200]);
});

test('maxRetries alone is a fixed number at once; a budget replaces it; without either nothing is set', () => {
  assert.equal(allowedRetries(null, 7, 1_000), 7);
  assert.equal(allowedRetries(null, 0, 1_000), 0);
  assert.equal(allowedRetries({ budgetPercent: 50, minRetryConcurrency: 1 }, 7, 10), 5);
  assert.equal(allowedRetries({ budgetPercent: 0, minRetryConcurrency: 0 }, 7, 10), 0);
  assert.equal(allowedRetries(null, undefined, 10), undefined);
});

test('what is taken is given back; a changed policy keeps the count', () => {
  const budget = new RetryBudget(null, 2);
  assert.deepEqual([budget.take(0, 0), budget.take(0, 0), budget.take(0, 0)], [true, true, false]);
  budget.release();
  assert.equal(budget.allows(0, 0), true);
  budget.setPolicy(null, 1);
  assert.equal(budget.allows(0, 0), false);
  assert.equal(budget.outstanding, 1);
});

test('by volume a retry that has ended is spent, until it falls out of the window', () => {
  const budget = new RetryBudget(null, undefined);
  for (let call = 0; call < 20; call += 1) budget.called(500);
  for (let retry = 0; retry < 4; retry += 1) {
    assert.equal(budget.take(0, 1_500), true);
    budget.release();
  }
  assert.deepEqual([budget.outstanding, budget.take(1_000, 1_500)], [0, false]);
  assert.equal(budget.allows(0, 9_999), false, 'the calls are still in the window');
  assert.equal(budget.allows(0, 10_000), false, 'without them three are allowed, and four were made');
  assert.equal(budget.allows(0, 10_999), false);
  assert.equal(budget.allows(0, 11_000), true, 'the retries have left, too');
  assert.equal(budget.allows(0, 1_000_000), true);
});

test('what idle connections lost goes out again thirty-two times in a window, however few the calls; and counts, unless it is answered well', () => {
  const budget = new RetryBudget(null, undefined);
  const sendAll = (now: number) => {
    let sent = 0;
    while (budget.takeResend(now)) sent += 1;
    return sent;
  };
  assert.equal(sendAll(1_000), 32);
  // Nothing is left for retries, nor for more of these, until they fall out of the window.
  assert.deepEqual([budget.allows(0, 1_000), sendAll(10_000)], [false, 0]);
  assert.deepEqual([sendAll(11_000), budget.allows(0, 11_000)], [32, false]);
  budget.refund(32, 11_000);
  assert.deepEqual([budget.allows(0, 11_000), sendAll(11_000)], [true, 32]);
  // With many calls it is their share, as for retries.
  for (let i = 0; i < 1_000; i += 1) budget.called(21_000);
  assert.equal(sendAll(21_000), 200);
});

test('policy decides in place of the volume, and what was counted meanwhile is not lost', () => {
  const budget = new RetryBudget({ budgetPercent: 20, minRetryConcurrency: 1 }, undefined);
  for (let retry = 0; retry < 10; retry += 1) {
    assert.equal(budget.take(0, 0), true, 'one at once, as often as you like');
    budget.release();
  }
  budget.setPolicy(null, undefined);
  assert.equal(budget.allows(0, 0), false);
});

test('only where policy sets nothing are attempts free that reached nobody', () => {
  assert.deepEqual(
    [
      new RetryBudget(null, undefined).isFree('no'),
      new RetryBudget(null, undefined).isFree('maybe'),
      new RetryBudget(null, 3).isFree('no'),
      new RetryBudget({ budgetPercent: 20, minRetryConcurrency: 3 }, undefined).isFree('no'),
    ],
    [true, false, false, false],
  );
});

test('whenever calls come and retries are wanted, a fifth of all calls is never exceeded, beyond three a window', () => {
  const step = fc.record({ calls: fc.nat(40), wanted: fc.nat(40), ms: fc.nat(4_000) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const budget = new RetryBudget(null, undefined);
      let [now, calls, retries, least] = [0, 0, 0, 0];
      for (const { calls: come, wanted, ms } of steps) {
        now += ms;
        for (let i = 0; i < come; i += 1) budget.called(now);
        calls += come;
        for (let i = 0; i < wanted; i += 1) {
          if (!budget.take(0, now)) break;
          budget.release();
          retries += 1;
        }
        least = 3 * (1 + Math.ceil(now / 9_000));
        assert.ok(retries <= calls / 5 + least, `${retries} retries of ${calls} calls`);
      }
    }),
  );
});

test('with enough calls all the time the sum of retries is at most a fifth of the calls, exactly', () => {
  const budget = new RetryBudget(null, undefined);
  let [calls, retries] = [0, 0];
  for (let now = 0; now < 120_000; now += 10) {
    budget.called(now);
    calls += 1;
    if (budget.take(0, now)) retries += 1;
  }
  assert.equal(calls, 12_000);
  assert.ok(retries <= calls / 5, `${retries} of ${calls}`);
  assert.ok(retries >= calls / 5.6, `only ${retries} of ${calls}: the window is nine to ten slices long`);
});

test('a concurrency budget is never exceeded, whatever is taken and released while the load changes', () => {
  const step = fc.record({ take: fc.boolean(), active: fc.nat(100) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), fc.nat(100), fc.nat(5), (steps, budgetPercent, least) => {
      const policy = { budgetPercent, minRetryConcurrency: least };
      const budget = new RetryBudget(policy, undefined);
      let outstanding = 0;
      for (const { take, active } of steps) {
        if (take) {
          const fits = outstanding < Math.max(Math.floor((active * budgetPercent) / 100), least);
          assert.equal(budget.allows(active, 0), fits);
          assert.equal(budget.take(active, 0), fits);
          if (fits) outstanding += 1;
        } else if (outstanding > 0) {
          budget.release();
          outstanding -= 1;
        }
        assert.equal(budget.outstanding, outstanding);
      }
    }),
  );
});
