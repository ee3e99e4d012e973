import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { acceptRequestId, newRequestId } from './request-id.js';

test('a new id is a UUID of version 4, whatever the dice say', () => {
  const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.array(draw, { minLength: 4, maxLength: 4 }), (draws) => {
      const rest = [...draws];
      const id = newRequestId({ next: () => rest.shift()! });
      assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }),
  );
});

test('all 122 free bits come from the dice', () => {
  assert.equal(newRequestId({ next: () => 0 }), '00000000-0000-4000-8000-000000000000');
  assert.equal(newRequestId({ next: () => 1 - 2 ** -53 }), 'ffffffff-ffff-4fff-bfff-ffffffffffff');
});

test('an id that came is taken if it is one short visible word', () => {
  assert.equal(acceptRequestId('order-7'), 'order-7');
  for (const value of [undefined, '', 'a b', 'a\nb', 'ä', 'x'.repeat(257), ['a', 'b']])
    assert.equal(acceptRequestId(value), undefined);
});
