import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isMeshError } from '../../base/errors.js';
import { formatLine, LineReader } from './ndjson.js';

test('messages come out as they went in, wherever the bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), fc.array(fc.nat(40)), (texts, cuts) => {
      const bytes = Buffer.from(texts.map((text) => formatLine({ text })).join(''), 'utf8');
      const reader = new LineReader(100_000);
      const lines: string[] = [];
      let at = 0;
      for (const length of cuts) {
        lines.push(...reader.push(bytes.subarray(at, at + length)));
        at = Math.min(bytes.length, at + length);
      }
      lines.push(...reader.push(bytes.subarray(at)));
      const expected = texts.map((text) => JSON.parse(JSON.stringify({ text })));
      assert.deepEqual(
        lines.map((line) => JSON.parse(line)),
        expected,
      );
    }),
  );
});

test('a line that is too long is refused before it ends', () => {
  const reader = new LineReader(10);
  assert.deepEqual(reader.push(Buffer.from('1234567890\n123')), ['1234567890']);
  assert.throws(
    () => reader.push(Buffer.from('45678901')),
    (error) => isMeshError(error, 'HEDDLE_PROTOCOL_ERROR'),
  );
});

test('empty lines are left out', () => {
  assert.deepEqual(new LineReader(10).push(Buffer.from('\n\r\n{}\n')), ['{}']);
});
