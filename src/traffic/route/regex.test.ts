import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { guessSize } from '../../base/regex-size.js';
import {
  compilePattern,
  literalPrefix,
  MAX_PATTERN_LENGTH,
  MAX_SUBJECT_LENGTH,
  nativeEquivalent,
  patternFault,
} from './regex.js';

test('a pattern matches the whole text or not at all', () => {
  assert.equal(compilePattern('/v[0-9]+').test('/v12'), true);
  assert.equal(compilePattern('/v[0-9]+').test('/v12/x'), false);
  assert.equal(compilePattern('(a|b)*c').test('ababc'), true);
});

test('patterns that are empty, too long or not RE2 are refused', () => {
  assert.match(patternFault('')!.text, /empty/);
  assert.match(patternFault('a'.repeat(MAX_PATTERN_LENGTH + 1))!.text, /1024/);
  assert.match(patternFault('ä'.repeat(MAX_PATTERN_LENGTH / 2 + 1))!.text, /1024 bytes/);
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

/** Pieces of patterns of which many are in the safe subset, and many just outside. */
const PIECES = [
  'a',
  'b',
  'Z',
  '0',
  '_',
  '-',
  '/',
  ',',
  ':',
  '=',
  '@',
  ' ',
  '.',
  '[ab]',
  '[^a]',
  '[a-c]',
  '[0-9-]',
  '[a-b-c]',
  '[a.]',
  '\\.',
  '\\-',
  '\\/',
  '\\$',
  '\\d',
  '\\w',
  '\\s',
  '|',
  '*',
  '+',
  '$',
  '^',
  '?',
  '(a)',
  'ä',
];
const pattern = fc
  .array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 7 })
  .map((pieces) => pieces.join(''));
const subject = fc.string({
  unit: fc.constantFrom(
    'a',
    'b',
    'c',
    'Z',
    '0',
    '.',
    '-',
    '/',
    '$',
    ' ',
    '\n',
    '\r',
    '\u00a0',
    '\v',
    'ä',
    '😀',
    '\ud800',
  ),
  maxLength: 7,
});

test('the native engine agrees with RE2 wherever it is used', () => {
  let used = 0;
  fc.assert(
    fc.property(pattern, fc.array(subject, { minLength: 1, maxLength: 5 }), (source, subjects) => {
      const native = nativeEquivalent(source);
      if (native === null || patternFault(source) !== null) return;
      used += 1;
      const re2 = RE2JS.compile(source);
      for (const text of subjects)
        assert.equal(native.test(text), re2.matches(text), `${source} on ${JSON.stringify(text)}`);
    }),
    { numRuns: 5_000, seed: 7 },
  );
  assert.ok(used > 1_000, `${used} patterns took the native engine`);
});

const PREFIXES: readonly [pattern: string, prefix: string][] = [
  ['/api/v1/.*', '/api/v1/'],
  ['^/x$', '/x'],
  ['ab*', 'a'],
  ['ab?', 'a'],
  ['ab{0}', 'a'],
  ['a+', ''],
  ['a|b', ''],
  ['(?i)a', ''],
  ['a\\.b', 'a'],
  ['[a]', ''],
  ['abc', 'abc'],
];
for (const [source, prefix] of PREFIXES)
  test(`everything that ${source} matches begins with '${prefix}'`, () =>
    assert.equal(literalPrefix(source), prefix));

test('what matches begins with the prefix', () => {
  fc.assert(
    fc.property(pattern, fc.array(subject, { minLength: 1, maxLength: 5 }), (source, subjects) => {
      if (patternFault(source) !== null) return;
      const re2 = RE2JS.compile(source);
      for (const text of [...subjects, literalPrefix(source)])
        if (re2.matches(text)) assert.ok(text.startsWith(literalPrefix(source)), `${source} on ${text}`);
    }),
    { numRuns: 2_000, seed: 19 },
  );
});

test('the native engine takes only what it can match in one go and one way back', () => {
  fc.assert(
    fc.property(pattern, (source) => {
      const native = nativeEquivalent(source);
      if (native === null) return;
      const inner = native.source.slice(4, -2);
      for (const branch of inner.split('|')) {
        const bare = branch.replace(/\\x[0-9a-f]{2}/g, 'x').replace(/\[[^\]]*\]/g, 'x');
        assert.doesNotMatch(bare, /[(){}?]/);
        assert.ok((bare.match(/[*+]/g) ?? []).length <= 1, branch);
      }
    }),
    { numRuns: 2_000, seed: 11 },
  );
});

const ENDLESS = [
  '(a+)+$',
  '(a|aa)+$',
  '(a|a)*b',
  '.*.*.*x',
  '(.*)*x',
  '(x+x+)+y',
  '((((a*)*)*)*)*b',
  '([a-zA-Z]+)*!',
  '(?:a?){100}a{100}',
  '^(\\w+\\s?)*$',
];
for (const source of ENDLESS)
  test(`${source} stays with RE2, which takes the longest string in stride`, () => {
    assert.equal(nativeEquivalent(source), null);
    const matcher = compilePattern(source);
    assert.equal(matcher.test(`${'a'.repeat(MAX_SUBJECT_LENGTH - 1)}\0`), false);
  });

test('a string that is longer than the bound matches nothing, not even .*', () => {
  for (const source of ['[^x]*', '(?s).*']) {
    assert.equal(compilePattern(source).test('a'.repeat(MAX_SUBJECT_LENGTH)), true);
    assert.equal(compilePattern(source).test('a'.repeat(MAX_SUBJECT_LENGTH + 1)), false);
  }
});

test('the larger a pattern, the shorter the longest string that it is held against', () => {
  const small = compilePattern('(?:a|b)*');
  assert.equal(small.test('a'.repeat(MAX_SUBJECT_LENGTH)), true);
  const large = compilePattern('(?:a?){1000}a*');
  assert.equal(large.test('a'.repeat(500)), true);
  assert.equal(large.test('a'.repeat(MAX_SUBJECT_LENGTH)), false);
});

/** Who refuses it: Heddle, which has bounds of its own, or RE2, and so every proxy. */
const TOO_LARGE: readonly [by: 'ours' | 'RE2', pattern: string][] = [
  ['RE2', 'a{1000}{1000}'],
  ['RE2', '(a{1000}){1000}'],
  ['RE2', '((a{100}){100}){100}'],
  ['RE2', '(?:[a-z]{26}[0-9]{10}){101}(?:a{1000}b{1000}){11}'],
  ['RE2', `${'('.repeat(100)}a${'){3}'.repeat(100)}`],
  ['RE2', 'a{99999}'],
  ['RE2', 'a{1001}'],
  ['RE2', `(?=x)(?:${'a'.repeat(900)}){1000}`],
  ['RE2', `(?:${'a'.repeat(900)}){1000}b{3,2}`],
  ['ours', `(?:${'a'.repeat(900)}){1000}`],
  ['ours', `(?:${'(?:a|b)'.repeat(100)}){1000}`],
  ['ours', `${'[a-z]{1000}'.repeat(90)}`],
  ['ours', '((a{10}){10}){10}'.repeat(8)],
];
for (const [by, source] of TOO_LARGE)
  test(`${source.slice(0, 40)} is refused by ${by} before it is unrolled`, () => {
    const { text, ours } = patternFault(source)!;
    assert.equal(ours, by === 'ours', text);
    assert.match(text, ours ? /use smaller counts/ : /parsing regexp|more than 1000 times/);
  });

test('counts that people write are taken', () => {
  for (const source of [
    '[a-z]{1000}',
    '(?:[a-z]{1,63}\\.){1,10}x',
    '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}',
  ])
    assert.equal(patternFault(source), null, source);
});

test('the guess of a size is never below half of it, and no text makes it throw', () => {
  const unit = fc.constantFrom(
    'a',
    'b',
    '.',
    '[a-z]',
    '(',
    ')',
    '(?:',
    '|',
    '*',
    '+',
    '?',
    '{2}',
    '{3,7}',
    '{4,}',
    '\\d',
    '\\Q',
    '\\E',
    '[]a]',
    '{',
    '\\',
    '[^',
    '$',
  );
  const source = fc.array(unit, { maxLength: 12 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(source, (text) => {
      const { instructions: guess } = guessSize(text);
      assert.ok(guess > 0 && Number.isFinite(guess));
      let size = 0;
      try {
        size = RE2JS.compile(text).programSize();
      } catch {
        return;
      }
      assert.ok(size <= 2 * guess + 10, `${text}: ${size} instructions, guessed ${guess}`);
    }),
    { numRuns: 5_000, seed: 13 },
  );
});

test('no text makes compiling throw anything but a reason', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), subject, (source, text) => {
      const fault = patternFault(source);
      if (fault === null) compilePattern(source).test(text);
      else assert.notEqual(fault.text, '');
    }),
    { numRuns: 500, seed: 17 },
  );
});
