import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Substitution } from './substitute.js';

/** @source RE2 `re2_test.cc`: what GlobalReplace makes of each */
const TABLE: readonly [what: string, pattern: string, replacement: string, text: string, result: string][] = [
  ['every match', 'a', 'b', '/a/ca', '/b/cb'],
  ['groups', '/v(\\d+)/(\\w+)', '/\\2/\\1', '/v1/x/v2/y', '/x/1/y/2'],
  ['the whole match', '[0-9]+', '<\\0>', '/12/3', '/<12>/<3>'],
  ['a group that took no part is empty', '(a)|(b)', '[\\1\\2]', 'ab', '[a][b]'],
  ['a backslash', 'a', '\\\\', '/a', '/\\'],
  ['a dollar is a dollar', 'a', '$1$&', '/a', '/$1$&'],
  ['nothing behind a match is no match', 'a*', '-', 'baac', '-b-c-'],
  ['nothing, everywhere', '', '-', 'ab', '-a-b-'],
  ['nothing between characters outside the BMP', 'x*', '-', '😀', '-😀-'],
  ['the beginning is there once', '^/', '!', '//a', '!/a'],
  ['the end is there once', '$', '!', '/a', '/a!'],
  ['no match', 'z', 'y', '/a', '/a'],
  ['a match that reads to the end', '.*', 'x', '/a/b', 'x'],
];
for (const [what, pattern, replacement, text, result] of TABLE)
  test(`replacing: ${what}`, () => assert.equal(new Substitution(pattern, replacement).apply(text), result));

test('a replacement that names a group that is not there is refused', () => {
  assert.throws(() => new Substitution('(a)', '\\2'), /group 2; the pattern has 1/);
});

test('a pattern that reads to the end for each match is given up after a bound, and the rest stays', () => {
  const path = 'a'.repeat(16_384);
  const result = new Substitution('(a?){100}b|a', 'x').apply(path);
  assert.equal(result.length, path.length);
  assert.match(result, /^x+a+$/);
});
