import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { compilePattern, MAX_PATTERN_LENGTH, nativeEquivalent, patternFault } from './regex.js';

test('a pattern matches the whole text or not at all', () => {
  assert.equal(compilePattern('/v[0-9]+').test('/v12'), true);
  assert.equal(compilePattern('/v[0-9]+').test('/v12/x'), false);
  assert.equal(compilePattern('(a|b)*c').test('ababc'), true);
});

test('patterns that are empty, too long or not RE2 are refused', () => {
  assert.match(patternFault('')!, /empty/);
  assert.match(patternFault('a'.repeat(MAX_PATTERN_LENGTH + 1))!, /1024/);
  assert.notEqual(patternFault('(?=x)'), null);
  assert.notEqual(patternFault('(a)\\1'), null);
  assert.equal(patternFault('a'.repeat(MAX_PATTERN_LENGTH)), null);
});

test('the native engine is used only for rows of characters with at most one repetition', () => {
  for (const safe of ['abc', '/api/v1/.*', '[a-z]+', 'a\\.b', 'a|b|c', '\\d+', '^/x$'])
    assert.notEqual(nativeEquivalent(safe), null, safe);
  for (const unsafe of ['(a+)+', '.*a.*', 'a?a?', 'a{2,9}', '(a|b)', '\\bx', '[[:alpha:]]', 'a**'])
    assert.equal(nativeEquivalent(unsafe), null, unsafe);
});

test('the native engine agrees with RE2 wherever it is used', () => {
  const piece = fc.constantFrom(
    'a',
    'b',
    '.',
    '[ab]',
    '[^a]',
    '\\.',
    '\\d',
    '\\w',
    '\\s',
    '-',
    '/',
    '|',
    '*',
    '+',
    '$',
    '^',
  );
  const pattern = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(''));
  const text = fc.array(fc.constantFrom('a', 'b', '.', '1', ' ', '-', '/', '\n', 'ä'), { maxLength: 6 });
  fc.assert(
    fc.property(pattern, text, (source, chars) => {
      const native = nativeEquivalent(source);
      if (native === null || patternFault(source) !== null) return;
      const subject = chars.join('');
      assert.equal(
        native.test(subject),
        RE2JS.compile(source).matches(subject),
        `${source} on ${JSON.stringify(subject)}`,
      );
    }),
    { numRuns: 2_000, seed: 7 },
  );
});
