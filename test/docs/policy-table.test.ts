/** `docs/policy.md` has all there is. That the tables are true is held by the tests beside `src/policy/schemas`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KINDS } from 'heddle/policy';
import { read } from './markdown.js';

test('the page has a table for every kind', () => {
  const page = read('docs/policy.md');
  for (const { kind } of KINDS) assert.ok(page.includes(`<!-- generated policy-${kind} -->`), kind);
});
