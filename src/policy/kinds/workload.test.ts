import assert from 'node:assert/strict';
import { test } from 'node:test';
import { found, messagesOf } from './found.test.helper.js';

const VERSIONS = ['v1', 'v1beta1', 'v1alpha3'];

test('a WorkloadEntry has nothing to tell but its network', () => {
  for (const version of VERSIONS)
    assert.deepEqual(found('WorkloadEntry', '{ address: a.example }', undefined, version), []);
  assert.deepEqual(found('WorkloadEntry', '{ address: a.example, network: n }'), [
    'info HDL0006 spec.network',
  ]);
  assert.deepEqual(found('WorkloadEntry', '{ network: n }'), ['warning IST0133 spec.address']);
});

test('every port and label that is wrong is said where it stands', () => {
  assert.deepEqual(
    found('WorkloadEntry', '{ address: a.example, ports: { a_b: 0, c: 1 }, labels: { "a b": x, c: "d e" } }'),
    ['ports.a_b', 'ports.a_b', 'labels.a b', 'labels.c'].map((path) => `error IST0106 spec.${path}`),
  );
});

test('a WorkloadGroup is taken, and told to have no effect', () => {
  for (const version of VERSIONS)
    assert.deepEqual(found('WorkloadGroup', '{ template: {} }', undefined, version), ['info HDL0006 spec']);
  assert.match(messagesOf('WorkloadGroup', '{ template: {} }')[0]!.message, /register .* by themselves/);
});
