import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isReplayable, StreamBody } from './request-body.js';

async function* sourceOf(chunks: readonly (Uint8Array | string)[]): AsyncGenerator<Uint8Array | string> {
  yield* chunks;
}

/** A source whose chunks come when the test says so. */
class ManualSource implements AsyncIterable<string> {
  readonly #waiting: ((result: IteratorResult<string>) => void)[] = [];
  returned = 0;
  [Symbol.asyncIterator](): AsyncIterator<string> {
    return {
      next: () => new Promise((resolve) => this.#waiting.push(resolve)),
      return: () => {
        this.returned += 1;
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }
  give(value: string): void {
    this.#waiting.shift()!({ done: false, value });
  }
  end(): void {
    this.#waiting.shift()!({ done: true, value: undefined });
  }
  get wanted(): number {
    return this.#waiting.length;
  }
}

async function textOf(reading: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  for await (const chunk of reading) text += Buffer.from(chunk).toString();
  return text;
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test('null, text and bytes can always be sent again; a stream while it is within the limit', async () => {
  assert.equal(isReplayable(null), true);
  assert.equal(isReplayable('x'.repeat(1_000_000)), true);
  assert.equal(isReplayable(new Uint8Array(1_000_000)), true);
  const stream = new StreamBody(sourceOf(['1234', '5678']), 4);
  assert.equal(isReplayable(stream), true);
  assert.equal(await textOf(stream.read()), '12345678');
  assert.equal(isReplayable(stream), false);
});

test('readings given up after any number of chunks are followed by a whole one', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ maxLength: 5 }), { maxLength: 8 }),
      fc.array(fc.nat(8), { maxLength: 4 }),
      async (chunks, stops) => {
        const body = new StreamBody(sourceOf(chunks), 1_000);
        for (const stop of stops) {
          const reading = body.read();
          for (let index = 0; index < stop; index += 1) await reading.next();
          await reading.return(undefined);
        }
        assert.equal(await textOf(body.read()), chunks.join(''));
      },
    ),
  );
});

test('a reading that is given up while it waits for the source takes no chunk away from the next', async () => {
  const source = new ManualSource();
  const body = new StreamBody(source);
  const first = body.read();
  const pending = first.next();
  void first.return(undefined);
  const second = textOf(body.read());
  await settled();
  assert.equal(source.wanted, 1);
  source.give('a');
  await settled();
  source.give('b');
  await settled();
  source.end();
  assert.equal(await second, 'ab');
  await pending;
});

test('a chunk beyond the limit, pulled by a reading that was given up, still reaches the one under way', async () => {
  const source = new ManualSource();
  const body = new StreamBody(source, 2);
  const first = body.read();
  for (const chunk of ['a', 'b']) {
    const next = first.next();
    await settled();
    source.give(chunk);
    await next;
  }
  void first.next();
  const second = body.read();
  let text = Buffer.from((await second.next()).value!).toString();
  source.give('c');
  await settled();
  const rest = textOf(second);
  await settled();
  source.give('d');
  await settled();
  source.end();
  text += await rest;
  assert.equal(text, 'abcd');
  assert.equal(body.replayable, false);
});

test('a reading that begins when the beginning is gone throws instead of sending half a body', async () => {
  const body = new StreamBody(sourceOf(['123', '456']), 4);
  await textOf(body.read());
  await assert.rejects(textOf(body.read()), TypeError);
});

test('a source that failed fails every reading and is never repeated', async () => {
  const broken = new Error('the source broke');
  const body = new StreamBody(
    (async function* () {
      yield 'a';
      throw broken;
    })(),
  );
  await assert.rejects(textOf(body.read()), broken);
  assert.equal(body.replayable, false);
  await assert.rejects(textOf(body.read()), broken);
});

test('cancel tells the source once and makes the body one that cannot be repeated', async () => {
  const source = new ManualSource();
  const body = new StreamBody(source);
  await body.cancel();
  assert.equal(source.returned, 1);
  assert.equal(body.replayable, false);
});

test('exactly the limit is kept', async () => {
  const body = new StreamBody(sourceOf(['12', '34']), 4);
  await textOf(body.read());
  assert.equal(body.replayable, true);
  assert.equal(await textOf(body.read()), '1234');
});
