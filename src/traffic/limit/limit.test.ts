import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { testAttempt } from '../../model/testing.js';
import { limitFilter, OVERFLOW } from './filter.js';
import { LimitState } from './state.js';

const UNLIMITED = { maxConnections: Number.POSITIVE_INFINITY, endpoints: 1 };

test('without limits everything is admitted and counted', () => {
  const state = new LimitState({}, UNLIMITED);
  const filter = limitFilter(state);
  for (let count = 1; count <= 1_000; count += 1) {
    assert.equal(filter.admit(testAttempt()), null);
    assert.equal(state.active, count);
  }
  assert.equal(state.pending, 0);
});

test('beyond maxRequests an attempt is refused as overflow, until one is released', () => {
  const filter = limitFilter(new LimitState({ maxRequests: 2 }, UNLIMITED));
  const first = testAttempt();
  assert.equal(filter.admit(first), null);
  assert.equal(filter.admit(testAttempt()), null);
  assert.equal(filter.admit(testAttempt()), OVERFLOW);
  assert.deepEqual(OVERFLOW, {
    kind: 'rejected',
    code: 'HEDDLE_OVERLOADED',
    flag: 'UO',
    status: 503,
    because: 'overflow',
  });
  filter.release!(first);
  assert.equal(filter.admit(testAttempt()), null);
  assert.equal(filter.admit(testAttempt()), OVERFLOW);
});

test('one connection and one place to wait: one active, one pending, the rest overflows', () => {
  const state = new LimitState({ maxPendingRequests: 1 }, { maxConnections: 1, endpoints: 1 });
  assert.deepEqual([state.take(), state.take(), state.take()], [true, true, false]);
  assert.equal(state.pending, 1);
});

test('connections are counted over all endpoints, and each endpoint may have one in any case', () => {
  const taken = (maxConnections: number, endpoints: number) => {
    const state = new LimitState({ maxPendingRequests: 1 }, { maxConnections, endpoints });
    return Array.from({ length: 20 }, () => state.take()).filter(Boolean).length;
  };
  assert.deepEqual([taken(10, 3), taken(2, 3), taken(1, 1), taken(2, 0)], [11, 4, 2, 3]);
});

test('whether anything was ever taken is remembered', () => {
  const state = new LimitState({ maxRequests: 1 }, UNLIMITED);
  assert.equal(state.used, false);
  state.take();
  state.release();
  assert.equal(state.used, true);
});

test('maxPendingRequests alone binds nothing: there is always a connection', () => {
  const state = new LimitState({ maxPendingRequests: 0 }, { ...UNLIMITED, endpoints: 0 });
  assert.equal(state.take(), true);
});

test('an update keeps what is in use', () => {
  const state = new LimitState({ maxRequests: 5 }, UNLIMITED);
  for (let count = 0; count < 4; count += 1) state.take();
  state.update({ maxRequests: 3 }, UNLIMITED);
  assert.equal(state.take(), false);
  state.release();
  state.release();
  assert.equal(state.take(), true);
});

test('the count agrees with a naive one and never exceeds the limits', () => {
  const limit = fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined });
  const facts = fc.record({
    maxRequests: limit,
    pending: limit,
    connections: fc.option(fc.integer({ min: 1, max: 4 }), { nil: Number.POSITIVE_INFINITY }),
  });
  fc.assert(
    fc.property(
      facts,
      fc.array(fc.boolean(), { maxLength: 60 }),
      ({ maxRequests, pending, connections }, steps) => {
        const state = new LimitState(
          {
            ...(maxRequests === undefined ? {} : { maxRequests }),
            ...(pending === undefined ? {} : { maxPendingRequests: pending }),
          },
          { maxConnections: connections, endpoints: 1 },
        );
        let active = 0;
        for (const take of steps) {
          if (take) {
            const fits =
              active < (maxRequests ?? Number.POSITIVE_INFINITY) &&
              active < connections + (pending ?? Number.POSITIVE_INFINITY);
            assert.equal(state.take(), fits);
            if (fits) active += 1;
          } else if (active > 0) {
            state.release();
            active -= 1;
          }
          assert.equal(state.active, active);
          assert.equal(state.pending, Math.max(0, active - connections));
        }
      },
    ),
  );
});
