import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { delta, Steps, updateLines } from './delta.js';
import { render, type View } from './views.js';

function view(revision: number, values: Readonly<Record<string, unknown>>): View {
  return {
    revision,
    resources: new Map(Object.entries(values).map(([name, value]) => [name, render(name, value)])),
  };
}

const values = fc.dictionary(
  fc.string({ unit: fc.constantFrom('a', 'b', 'c', '"'), minLength: 1, maxLength: 2 }),
  fc.nat(2),
);

test('applying a delta to what is held gives what is to be known, and sends nothing that is equal', () => {
  fc.assert(
    fc.property(values, values, (before, after) => {
      const [from, to] = [view(1, before), view(2, after)];
      const held = new Map(Object.entries(before));
      for (const line of updateLines(2, delta(from.resources, to))) {
        const message = JSON.parse(line);
        for (const { name, value } of message.upsert) {
          assert.notEqual(held.get(name), value);
          held.set(name, value);
        }
        for (const name of message.remove) assert.ok(held.delete(name));
      }
      assert.deepEqual(held, new Map(Object.entries(after)));
    }),
  );
});

test('a large delta travels in several messages of which only the last is complete', () => {
  const large = 'x'.repeat(700_000);
  const lines = updateLines(1, delta(new Map(), view(1, { a: large, b: large, c: large })));
  const messages = lines.map((line) => JSON.parse(line));
  assert.deepEqual(
    messages.map(({ complete, upsert }) => [complete, upsert.length]),
    [
      [false, 1],
      [false, 1],
      [true, 1],
    ],
  );
});

test('equal values have equal versions', () => {
  assert.equal(render('a', { x: 1 }).version, render('b', { x: 1 }).version);
  assert.notEqual(render('a', { x: 1 }).version, render('a', { x: 2 }).version);
});

test('a new revision is told even to whom it changes nothing; the same state is not told twice', () => {
  const steps = new Steps();
  const from = view(1, { a: 1 });
  assert.deepEqual(steps.lines(from, view(1, { a: 1 })), []);
  const [line, more] = steps.lines(from, view(2, { a: 1 }));
  assert.equal(more, undefined);
  assert.deepEqual(JSON.parse(line!), {
    type: 'update',
    revision: 2,
    upsert: [],
    remove: [],
    complete: true,
  });
});

test('a step that many take is worked out once', () => {
  const steps = new Steps();
  const [from, to] = [view(1, { a: 1 }), view(2, { a: 2 })];
  assert.equal(steps.lines(from, to), steps.lines(from, to));
});
