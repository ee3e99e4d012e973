import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failed, responded } from '../../model/testing.js';
import { isFailure, isRepeated, isRepeatedWhenLate, isSpent, spends } from './tree.js';

test('a request is a retry by its attempt number, or by the word of its caller; what cannot be read is none', () => {
  const count = (value: string | string[]) => isRepeated({ 'x-envoy-attempt-count': value });
  assert.deepEqual(['2', '17', '999999999'].map(count), [true, true, true]);
  const none = ['1', '0', '', '-2', '2.5', '1e9', '0x2', '9'.repeat(10), ' 2', '01', ['2', '3']];
  assert.deepEqual(
    none.filter((value) => count(value)),
    [],
  );
  assert.equal(isRepeated({}), false);
  assert.equal(isRepeated({ 'x-heddle-retries': 'spent' }), true);
  assert.equal(isRepeated({ 'x-heddle-retries': 'on-timeout' }), false);
  assert.equal(isRepeatedWhenLate({ 'x-heddle-retries': 'on-timeout' }), true);
  assert.equal(isRepeatedWhenLate({ 'x-heddle-retries': 'spent' }), false);
});

test('only a failure can say that retries were spent on it', () => {
  const headers = { 'x-heddle-retries': 'spent' };
  assert.deepEqual(
    [500, 503, 599].map((status) => isSpent(responded(status, headers))),
    [true, true, true],
  );
  assert.equal(isSpent(responded(200, headers)), false);
  assert.equal(isSpent(responded(200, { 'grpc-status': '0', ...headers })), false);
  assert.equal(isSpent(responded(200, { 'grpc-status': '14', ...headers })), true);
  assert.equal(isSpent(responded(503)), false);
  assert.equal(isSpent(failed('remote-reset')), false);
  assert.deepEqual([isFailure(499, undefined), isFailure(200, '5')], [false, true]);
});

test('who had its say on retries: not who had no time, and not who had nothing to say', () => {
  const all = [
    'no-condition',
    'not-idempotent',
    'body-not-replayable',
    'spent-below',
    'repeated-above',
    'pushback',
    'limit',
    'retry-overflow',
    'retried-above',
    'deadline',
  ] as const;
  assert.deepEqual(all.filter(spends), [
    'spent-below',
    'repeated-above',
    'pushback',
    'limit',
    'retry-overflow',
  ]);
});
