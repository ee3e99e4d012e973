import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testAttempt, testCall, testEndpoint } from '../../model/testing.js';
import { loadFilter } from './filter.js';

test('an attempt counts at its endpoint from admission to release', () => {
  const [one, other] = [testEndpoint(1), testEndpoint(2)];
  const first = testAttempt(testCall(), one);
  const second = testAttempt(testCall(), one);
  assert.equal(loadFilter.admit(first), null);
  assert.equal(loadFilter.admit(second), null);
  assert.deepEqual([one.inFlight, other.inFlight], [2, 0]);
  loadFilter.release!(first);
  loadFilter.release!(second);
  assert.deepEqual([one.inFlight, other.inFlight], [0, 0]);
});
