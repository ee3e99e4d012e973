import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest } from './nearest.js';

test('a word with few edits is found, one too far away is not', () => {
  assert.equal(nearest('subsetz', ['subsets', 'host']), 'subsets');
  assert.equal(nearest('timeOut', ['timeout', 'route']), 'timeout');
  assert.equal(nearest('mirror', ['mirrors', 'mirror']), 'mirror');
  assert.equal(nearest('xyz', ['subsets', 'host']), undefined);
  assert.equal(nearest('a', []), undefined);
});
