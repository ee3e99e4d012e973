import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { splitDer } from './der.js';

function sequence(length: number): Buffer {
  const body = Buffer.alloc(length, 1);
  const head =
    length < 0x80
      ? Buffer.from([0x30, length])
      : length < 0x100
        ? Buffer.from([0x30, 0x81, length])
        : Buffer.from([0x30, 0x82, length >> 8, length & 0xff]);
  return Buffer.concat([head, body]);
}

test('sequences that stand one after the other are told apart, whatever their lengths', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 70_000 }), { maxLength: 5 }), (lengths) => {
      const parts = lengths.map((length) => sequence(Math.min(length, 0xffff)));
      assert.deepEqual(splitDer(Buffer.concat(parts), 5), parts);
    }),
    { numRuns: 100 },
  );
});

test('what is not whole, not a sequence, not of the shortest length or too many is refused', () => {
  for (const hex of [
    '30',
    '3001',
    '30800000',
    '308100',
    '30820001ff',
    '3085000000000100',
    '0201ff',
    '3000ff',
  ])
    assert.equal(splitDer(Buffer.from(hex, 'hex'), 9), null, hex);
  assert.equal(splitDer(Buffer.from('300030003000', 'hex'), 2), null);
});

test('whatever bytes come, it ends, and the parts are the whole', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const parts = splitDer(Buffer.from(bytes), 10);
      if (parts !== null) assert.deepEqual(Buffer.concat(parts), Buffer.from(bytes));
    }),
  );
});
