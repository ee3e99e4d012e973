import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RequestFacts } from '../../model/request-match.js';
import { admittedBelow, compilePriorities, decidePriority } from './index.js';
import { describePriorities, type PriorityRule } from './policy.js';

const RULES: readonly PriorityRule[] = [
  { name: 'checkout', priority: 'critical', match: { paths: ['/checkout/*'] } },
  { name: 'batch', priority: 'sheddable', match: { headers: { 'x-batch': {} } } },
  { name: 'probe', priority: 'exempt', match: { paths: ['/up'] } },
];

const of = (path: string, changes: Partial<RequestFacts> = {}): RequestFacts => ({
  method: 'GET',
  path,
  headers: {},
  principal: null,
  ...changes,
});

test('the first rule that matches says the priority, and none is the default', () => {
  const rules = compilePriorities(RULES);
  assert.equal(decidePriority(rules, of('/checkout/1', { headers: { 'x-batch': '1' } })), 'critical');
  assert.equal(decidePriority(rules, of('/items', { headers: { 'x-batch': '1' } })), 'sheddable');
  assert.equal(decidePriority(rules, of('/up')), 'exempt');
  assert.equal(decidePriority(rules, of('/items')), 'default');
});

test('without rules all share the whole limit', () => {
  assert.equal(compilePriorities(undefined), null);
  assert.equal(compilePriorities([]), null);
  assert.equal(decidePriority(null, of('/items')), 'critical');
});

test('health checks are exempt, whatever the rules say', () => {
  const rules = compilePriorities([{ name: 'all', priority: 'sheddable' }]);
  for (const path of ['/healthz', '/livez', '/readyz?verbose'])
    assert.equal(decidePriority(rules, of(path)), 'exempt', path);
  const grpc = of('/grpc.health.v1.Health/Check', { method: 'POST' });
  assert.equal(decidePriority(null, grpc), 'exempt');
  assert.equal(decidePriority(rules, of('/healthz', { method: 'POST' })), 'sheddable');
  assert.equal(decidePriority(rules, of('/healthz/x')), 'sheddable');
});

test('each priority has its share of the limit, and at least one place', () => {
  assert.deepEqual(
    [100, 10, 3, 1].map((limit) =>
      (['critical', 'default', 'sheddable'] as const).map((priority) => admittedBelow(priority, limit)),
    ),
    [
      [100, 90, 70],
      [10, 9, 7],
      [3, 2, 2],
      [1, 1, 1],
    ],
  );
});

test('priorities are described in a line each', () => {
  assert.deepEqual(describePriorities(RULES), [
    "priority 'checkout': critical, let in up to 100 % of the concurrency limit",
    "priority 'batch': sheddable, let in up to 70 % of the concurrency limit",
    "priority 'probe': never refused",
  ]);
});
