import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { allowedRetries } from './budget.js';
import { RetryBudget } from './state.js';

test('without policy: 20 % of what is active, but ten always', () => {
  const allowed = [0, 1, 15, 19, 20, 100, 1_004].map((active) => allowedRetries(null, undefined, active));
  assert.deepEqual(allowed, [10, 10, 10, 10, 10, 20, 200]);
});

test('maxRetries alone is a fixed number; a budget replaces it', () => {
  assert.equal(allowedRetries(null, 7, 1_000), 7);
  assert.equal(allowedRetries(null, 0, 1_000), 0);
  assert.equal(allowedRetries({ budgetPercent: 50, minRetryConcurrency: 1 }, 7, 10), 5);
  assert.equal(allowedRetries({ budgetPercent: 0, minRetryConcurrency: 0 }, 7, 10), 0);
});

test('what is taken is given back; a changed policy keeps the count', () => {
  const budget = new RetryBudget(null, 2);
  assert.deepEqual([budget.take(0), budget.take(0), budget.take(0)], [true, true, false]);
  budget.release();
  assert.equal(budget.allows(0), true);
  budget.setPolicy(null, 1);
  assert.equal(budget.allows(0), false);
  assert.equal(budget.outstanding, 1);
});

test('the budget is never exceeded, whatever is taken and released while the load changes', () => {
  const step = fc.record({ take: fc.boolean(), active: fc.nat(100) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), fc.nat(100), fc.nat(5), (steps, budgetPercent, least) => {
      const policy = { budgetPercent, minRetryConcurrency: least };
      const budget = new RetryBudget(policy, undefined);
      let outstanding = 0;
      for (const { take, active } of steps) {
        if (take) {
          const fits = outstanding < Math.max(Math.floor((active * budgetPercent) / 100), least);
          assert.equal(budget.allows(active), fits);
          assert.equal(budget.take(active), fits);
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
