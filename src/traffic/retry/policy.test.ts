import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_RETRY_POLICY, retryPolicyFrom } from './policy.js';

test('without retries the default holds: two, not for a plain 503', () => {
  const policy = retryPolicyFrom(undefined);
  assert.equal(policy, DEFAULT_RETRY_POLICY);
  assert.equal(policy?.attempts, 2);
  assert.deepEqual(policy?.statusCodes, []);
  assert.equal(policy?.explicit, false);
});

test('no attempts switch retries off', () => {
  assert.equal(retryPolicyFrom({ attempts: 0 }), null);
  assert.equal(retryPolicyFrom({}), null);
});

test('status codes among the words become codes and switch on retriable-status-codes', () => {
  const policy = retryPolicyFrom({ attempts: 1, retryOn: 'reset,503,504' });
  assert.deepEqual(policy?.on, ['reset', 'retriable-status-codes']);
  assert.deepEqual(policy?.statusCodes, [503, 504]);
});

test('what was left open takes its default and the policy counts as explicit', () => {
  assert.deepEqual(retryPolicyFrom({ attempts: 3, perTryTimeoutMs: 100 }), {
    ...DEFAULT_RETRY_POLICY,
    attempts: 3,
    perTryTimeoutMs: 100,
    explicit: true,
  });
});
