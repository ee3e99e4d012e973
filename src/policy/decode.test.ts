import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodePolicy } from './decode.js';

const bytes = (...values: (number | string)[]) =>
  new Uint8Array(
    values.flatMap((value) => (typeof value === 'number' ? [value] : [...new TextEncoder().encode(value)])),
  );

test('UTF-8 is read, and its byte order mark left out', () => {
  assert.deepEqual(decodePolicy('a', bytes('héddle: ☕ 🧵')), { text: 'héddle: ☕ 🧵' });
  assert.deepEqual(decodePolicy('a', bytes(0xef, 0xbb, 0xbf, 'a: 1')), { text: 'a: 1' });
  assert.deepEqual(decodePolicy('a', bytes()), { text: '' });
});

for (const [what, content, line, column, message] of [
  ['a byte of Latin-1', bytes('a: 1\nb: é caf', 0xe9, ' x'), 2, 9, /byte 0xe9 is not UTF-8/],
  ['a sequence that ends early', bytes('a\n\n', 0xe2, 0x98), 3, 1, /byte 0xe2/],
  ['an overlong form', bytes('ab', 0xc0, 0x80), 1, 3, /byte 0xc0/],
  ['half a surrogate pair', bytes(0xed, 0xa0, 0x80), 1, 1, /byte 0xed/],
  ['what is beyond Unicode', bytes(0xf4, 0x90, 0x80, 0x80), 1, 1, /byte 0xf4/],
  ['a lonely continuation', bytes('x', 0x80), 1, 2, /byte 0x80/],
  ['UTF-16, little end first', bytes(0xff, 0xfe, 0x61, 0), 1, 1, /UTF-16: save it as UTF-8/],
  ['UTF-16, big end first', bytes(0xfe, 0xff, 0, 0x61), 1, 1, /UTF-16: save it as UTF-8/],
] as const)
  test(`${what} is an error with its place`, () => {
    const decoded = decodePolicy('p.yaml', content);
    assert.ok('message' in decoded);
    const { code, level, file, line: at, column: by, message: text } = decoded.message;
    assert.deepEqual([code, level, file, at, by], ['HDL0001', 'error', 'p.yaml', line, column]);
    assert.match(text, message);
  });

test('whatever the bytes, there is the text that they are or a place within them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (content) => {
      const decoded = decodePolicy('a', content);
      if ('text' in decoded) {
        const again = new TextEncoder().encode(decoded.text);
        assert.deepEqual([...again], [...content].slice(content.length - again.length));
      } else assert.ok(decoded.message.line >= 1 && decoded.message.column >= 1);
    }),
    { numRuns: 2_000, seed: 3 },
  );
});
