import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseUrl } from '../../base/url.js';
import { Targets, targetOf } from './target.js';

const origins = [
  'http://a',
  'http://a:80',
  'HTTP://A',
  'https://a.b:443',
  'http://127.1',
  'http://[::1]:8080',
  'http://ü',
  'http://u:p@a',
  'http://a?b',
  'http:\\\\a',
];
const pieces = [
  '/',
  '//',
  '.',
  '..',
  '%2e',
  '%2E%2e',
  'a',
  'B',
  '?',
  '#',
  "'",
  '"',
  ' ',
  '\t',
  'ü',
  '\\',
  '|',
  '%',
  ':',
  '@',
  '&',
  '=',
  '+',
  '{',
  '^',
  '`',
  '<',
];

test('a URL of a remembered origin is read as a parser reads it, whatever follows the origin', () => {
  const url = fc
    .tuple(fc.constantFrom(...origins), fc.array(fc.constantFrom(...pieces), { maxLength: 8 }))
    .map(([origin, rest]) => `${origin}/${rest.join('')}`);
  const targets = new Targets();
  fc.assert(
    fc.property(url, (input) => {
      const url = parseUrl(input);
      const expected = url === null ? null : targetOf(url);
      // Once to remember, once from memory.
      assert.deepEqual(targets.read(input), expected);
      assert.deepEqual(targets.read(input), expected);
    }),
    { numRuns: 2_000 },
  );
});
