import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heddle } from './cli.test.kit.js';

test('the schema of all kinds is JSON Schema, and that of one kind is part of it', async () => {
  const all = JSON.parse((await heddle(['schema'])).stdout);
  assert.equal(all.$schema, 'http://json-schema.org/draft-07/schema#');
  const one = JSON.parse((await heddle(['schema', 'VirtualService'])).stdout);
  const { $schema, ...definition } = one;
  assert.deepEqual([$schema, definition], [all.$schema, all.definitions.VirtualService]);
});

test('kinds are named as everywhere, and policy tests have a schema, too', async () => {
  for (const [name, kind] of [
    ['vs', 'VirtualService'],
    ['destinationrules', 'DestinationRule'],
    ['policytest', 'PolicyTest'],
  ] as const) {
    const { exit, stdout } = await heddle(['schema', name]);
    assert.deepEqual([exit, JSON.parse(stdout).title], [0, kind]);
  }
  const { exit, stderr } = await heddle(['schema', 'pod']);
  assert.equal(exit, 2);
  assert.match(stderr, /The kinds are VirtualService \(vs\).*, PolicyTest\./);
});
