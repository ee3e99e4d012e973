import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkHeaders } from './header-checks.js';
import type { Findings } from './kind.js';

/** `error` for what Istio refuses too, `refused` for what only Heddle does. */
function judge(headers: Parameters<typeof checkHeaders>[0]): string {
  let said = 'valid';
  const findings: Findings = {
    error: () => void (said = 'error'),
    unsupported: () => void (said = said === 'error' ? said : 'refused'),
    warning: () => assert.fail('no warnings here'),
    info: () => assert.fail('no infos here'),
  };
  checkHeaders(headers, ['headers'], findings);
  return said;
}

/**
 * The form of operators as a machine that goes from character to character.
 * @source Istio `pkg/config/validation/header_value_validator.go`: its states and what leads from one to another
 */
function wellFormed(value: string): boolean {
  let state = 'text';
  for (let at = 0; at < value.length; at += 1) {
    const char = value[at]!;
    if (state === 'text') {
      if (char !== '%') continue;
      if (at + 1 === value.length) return false;
      if (value[at + 1] === '%') at += 1;
      else state = 'name';
    } else if (state === 'name') state = char === '%' ? 'text' : char === '(' ? 'arguments' : state;
    else if (state === 'string') {
      if (char === '\\') {
        if (at + 1 === value.length) return false;
        at += 1;
      } else if (char === ')') state = 'end';
      else if (char === '"') state = 'comma';
    } else if (state === 'arguments') state = char === '[' ? 'quote' : char === ' ' ? state : 'string';
    else if (state === 'quote' && char === '"') state = 'string';
    else if (state === 'comma' && char === ',') state = 'quote';
    else if (state === 'comma' && char === ']') state = 'bracket';
    else if (state === 'bracket' && char === ')') state = 'end';
    else if (state === 'end' && char === '%') state = 'text';
    else if (char !== ' ') return false;
  }
  return state === 'text';
}

test('a value is refused as Istio refuses it exactly if its operators are malformed', () => {
  const piece = fc.constantFrom(
    '%',
    '%%',
    '(',
    ')',
    '[',
    ']',
    '"',
    ',',
    ' ',
    '\\',
    'A',
    'b',
    '%REQ(x)%',
    '(["a"])%',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const value = pieces.join('');
      assert.equal(judge({ request: { set: { a: value } } }) === 'error', !wellFormed(value), value);
    }),
    { seed: 5, numRuns: 5_000 },
  );
});

test('a control character is refused, a tab is not', () => {
  for (const char of ['\0', '\x08', '\n', '\x1f', '\x7f'])
    assert.equal(judge({ response: { add: { a: `x${char}y` } } }), 'error');
  for (const char of ['\t', ' ', '\x80', 'é', '✓'])
    assert.equal(judge({ response: { add: { a: `x${char}y` } } }), 'valid', JSON.stringify(char));
});

test('what HTTP cannot carry, and operators of proxies, are refused by Heddle alone', () => {
  assert.equal(judge({ request: { remove: ['a b'] } }), 'refused');
  assert.equal(judge({ request: { set: { a: '%DYNAMIC_METADATA(x)%' } } }), 'refused');
  assert.equal(judge({ request: { set: { a: '%REQ(x-user)%' } } }), 'valid');
});

test('a value of many megabytes is judged at once', () => {
  assert.equal(judge({ request: { set: { a: 'x'.repeat(4_000_000) } } }), 'valid');
  assert.equal(judge({ request: { set: { a: `%REQ(${'\\('.repeat(1_000_000)}` } } }), 'error');
});
