import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideFault } from './decide.js';

function draws(...values: number[]) {
  let at = 0;
  return { next: () => values[at++] ?? assert.fail('one draw too many') };
}

test('a fault of 0 percent never fires and one of 100 always does', () => {
  const delay = (percent: number) => ({ delay: { percent, fixedDelayMs: 5 } });
  assert.equal(decideFault(delay(0), draws(0)), null);
  assert.deepEqual(decideFault(delay(100), draws(1 - Number.EPSILON)), {
    delayMs: 5,
    abortStatus: null,
    grpcStatus: null,
  });
});

test('the delay is drawn first, the abort on its own', () => {
  const policy = { delay: { percent: 50, fixedDelayMs: 5 }, abort: { percent: 50, httpStatus: 503 } };
  assert.deepEqual(decideFault(policy, draws(0.6, 0.4)), {
    delayMs: null,
    abortStatus: 503,
    grpcStatus: null,
  });
  assert.deepEqual(decideFault(policy, draws(0.4, 0.6)), { delayMs: 5, abortStatus: null, grpcStatus: null });
  assert.equal(decideFault(policy, draws(0.5, 0.5)), null);
});

test('percentages count in steps of 0.0001', () => {
  const policy = { abort: { percent: 0.0001, grpcStatus: 'UNAVAILABLE' } };
  assert.equal(decideFault(policy, draws(0.0000009))?.grpcStatus, 'UNAVAILABLE');
  assert.equal(decideFault(policy, draws(0.000001)), null);
  const between = { abort: { percent: 0.00019, httpStatus: 500 } };
  assert.equal(decideFault(between, draws(0.000001)), null, 'what lies between two steps is cut off');
});

test('an abort without a status does nothing', () => {
  assert.equal(decideFault({ abort: { percent: 100 } }, draws()), null);
});
