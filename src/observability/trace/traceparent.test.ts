import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatTraceparent, parseTraceparent, type TraceParent } from './traceparent.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

function id(length: number): fc.Arbitrary<string> {
  return fc
    .string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })
    .filter((digits) => !/^0+$/.test(digits));
}

const parents: fc.Arbitrary<TraceParent> = fc.record({
  traceId: id(32),
  spanId: id(16),
  flags: fc.integer({ min: 0, max: 255 }),
});

test('what is written is read back as it was', () => {
  fc.assert(
    fc.property(parents, (parent) => {
      assert.deepEqual(parseTraceparent(formatTraceparent(parent)), { ...parent });
    }),
  );
});

test('whatever the text, reading it does not throw, and what is read can be written and read again', () => {
  const nearly = fc.tuple(parents, fc.nat(60), fc.string({ maxLength: 4 })).map(([parent, at, noise]) => {
    const text = formatTraceparent(parent);
    return text.slice(0, at) + noise + text.slice(at + noise.length);
  });
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), nearly), (text) => {
      const parent = parseTraceparent(text);
      if (parent !== undefined) assert.deepEqual(parseTraceparent(formatTraceparent(parent)), { ...parent });
    }),
  );
});

const refused: readonly (readonly [because: string, text: string])[] = [
  ['an empty field', ''],
  ['a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
  ['a span id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['version ff', `ff-${TRACE}-${SPAN}-01`],
  ['digits in upper case', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
  ['a version 00 that goes on', `00-${TRACE}-${SPAN}-01-extra`],
  ['a later version whose flags go on', `01-${TRACE}-${SPAN}-01extra`],
  ['a missing part', `00-${TRACE}-01`],
  ['a space in front', ` 00-${TRACE}-${SPAN}-01`],
  ['a field of more than 512 characters', `01-${TRACE}-${SPAN}-01-${'a'.repeat(500)}`],
];
for (const [because, text] of refused) {
  test(`${because} is no traceparent`, () => assert.equal(parseTraceparent(text), undefined));
}

test('of a later version the first four parts are read', () => {
  const read = { traceId: TRACE, spanId: SPAN, flags: 1 };
  assert.deepEqual(parseTraceparent(`01-${TRACE}-${SPAN}-01-what-comes-then`), read);
  assert.deepEqual(parseTraceparent(`cc-${TRACE}-${SPAN}-01`), read);
});
