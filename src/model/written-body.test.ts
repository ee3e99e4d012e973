import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BodyReader, WrittenBody } from './written-body.js';

/** Takes chunks until it is told to be full. */
class Reader implements BodyReader {
  readonly chunks: string[] = [];
  full = false;
  finished = 0;

  take(chunk: Uint8Array): boolean {
    this.chunks.push(Buffer.from(chunk).toString());
    return !this.full;
  }

  finish(): void {
    this.finished += 1;
  }
}

const write = (body: WrittenBody, text: string, taken?: () => void) => body.write(Buffer.from(text), taken);

test('what is written before there is a reader waits for it, and its writers with it', () => {
  const body = new WrittenBody();
  const taken: string[] = [];
  write(body, 'a', () => taken.push('a'));
  write(body, 'b', () => taken.push('b'));
  body.end();
  assert.deepEqual(taken, []);
  const reader = new Reader();
  body.follow(reader);
  assert.deepEqual([reader.chunks, reader.finished, taken], [['a', 'b'], 1, ['a', 'b']]);
});

test('a reader that is full gets no more, and the writer of what filled it is told when it has room', () => {
  const body = new WrittenBody();
  const reader = new Reader();
  body.follow(reader);
  reader.full = true;
  const taken: string[] = [];
  write(body, 'a', () => taken.push('a'));
  write(body, 'b', () => taken.push('b'));
  assert.deepEqual([reader.chunks, taken], [['a'], []]);
  reader.full = false;
  body.resume();
  assert.deepEqual(
    [reader.chunks, taken],
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
  );
});

test('a second reader gets everything from the first byte, and writers hear of a chunk once', () => {
  const body = new WrittenBody();
  let told = 0;
  write(body, 'a', () => (told += 1));
  body.follow(new Reader());
  const second = new Reader();
  body.follow(second);
  write(body, 'b', () => (told += 1));
  body.end();
  assert.deepEqual([second.chunks, second.finished, told], [['a', 'b'], 1, 2]);
});

test('a body of more than is remembered, or one that was committed, can not be read again', () => {
  for (const commit of [false, true]) {
    const body = new WrittenBody(2);
    const first = new Reader();
    body.follow(first);
    write(body, 'ab');
    assert.ok(body.replayable);
    if (commit) body.commit();
    else write(body, 'c');
    assert.ok(!body.replayable);
    assert.throws(() => body.follow(new Reader()), TypeError);
    write(body, 'd');
    assert.equal(first.chunks.at(-1), 'd');
  }
});

test('more than is remembered, written before there is a reader, is read once', () => {
  const body = new WrittenBody(1);
  write(body, 'abc');
  write(body, 'd');
  const reader = new Reader();
  body.follow(reader);
  assert.deepEqual(reader.chunks, ['abc', 'd']);
});

test('a writer that writes when it is told keeps the order, and one whose body nobody wants is told at once', async () => {
  const body = new WrittenBody();
  const reader = new Reader();
  write(body, 'a', () => write(body, 'c'));
  write(body, 'b');
  body.follow(reader);
  assert.deepEqual(reader.chunks, ['a', 'b', 'c']);
  reader.full = true;
  let told = 0;
  write(body, 'd', () => (told += 1));
  write(body, 'e', () => (told += 1));
  await body.cancel();
  assert.equal(told, 2);
  write(body, 'f', () => (told += 1));
  assert.equal(told, 3);
  assert.equal(reader.chunks.at(-1), 'd');
});
