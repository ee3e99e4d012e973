import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isMeshError } from '../../base/errors.js';
import { decoderOf } from './body-decoder.js';
import type { BodyFraming } from './request-head.js';

function decode(framing: BodyFraming, chunks: readonly Uint8Array[]) {
  const decoder = decoderOf(framing);
  const pieces: Buffer[] = [];
  for (const chunk of chunks) decoder.decode(Buffer.from(chunk), pieces);
  return { body: Buffer.concat(pieces), done: decoder.done };
}

const refuses = (framing: BodyFraming, ...texts: string[]) =>
  assert.throws(
    () =>
      decode(
        framing,
        texts.map((text) => Buffer.from(text)),
      ),
    (error) => isMeshError(error, 'HEDDLE_INVALID_ARGUMENT'),
  );

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [...new Set([0, ...at.map((one) => one % (bytes.length + 1)), bytes.length])].sort(
    (a, b) => a - b,
  );
  return places.slice(1).map((end, i) => bytes.subarray(places[i], end));
}

test('chunks become the bytes that they were, wherever what arrives is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 1 })), fc.array(fc.nat()), (chunks, cuts) => {
      const wire = chunks.flatMap((chunk) => [
        Buffer.from(`${chunk.length.toString(16)};x=1\r\n`),
        chunk,
        Buffer.from('\r\n'),
      ]);
      const whole = Buffer.concat([...wire, Buffer.from('0\r\nchecksum: abc\r\n\r\n')]);
      const { body, done } = decode('chunked', cut(whole, cuts));
      assert.deepEqual(body, Buffer.concat(chunks));
      assert.ok(done);
    }),
  );
});

test('a body of known length is done with its last byte, and one byte more is refused', () => {
  assert.deepEqual(decode(4, [Buffer.from('ab')]), { body: Buffer.from('ab'), done: false });
  assert.deepEqual(decode(4, [Buffer.from('ab'), Buffer.from('cd')]).done, true);
  assert.equal(decode(0, []).done, true);
  refuses(4, 'ab', 'cde');
});

test('a body that was not announced is left out', () => {
  assert.deepEqual(decode('none', [Buffer.from('ab')]), { body: Buffer.alloc(0), done: true });
});

test('what are no chunks is refused', () => {
  refuses('chunked', 'x\r\n');
  refuses('chunked', '-1\r\n');
  refuses('chunked', '1 1\r\nab\r\n');
  refuses('chunked', '1\nx\r\n');
  refuses('chunked', '1\r\nxy\r\n');
  refuses('chunked', '0\r\n\r\nGET / HTTP/1.1\r\n');
  refuses('chunked', `1;${'x'.repeat(20_000)}`);
  refuses('chunked', `0\r\n${`a: ${'x'.repeat(1_000)}\r\n`.repeat(70)}`);
  refuses('chunked', 'ffffffffffffffff\r\n');
});
