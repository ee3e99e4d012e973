import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainMessage } from '../source.js';
import { readSuppression, suppresses } from './suppress.js';

const message = {
  ...plainMessage('x'),
  code: 'IST0101',
  kind: 'VirtualService',
  namespace: 'shop',
  name: 'a.b',
};

for (const [text, expected] of [
  ['IST0101=VirtualService a.b.shop', true],
  ['IST0101=VirtualService *.shop', true],
  ['IST0101=* a*b.sh*', true],
  ['IST0101=VirtualService a.b.other', false],
  ['IST0102=VirtualService a.b.shop', false],
  ['IST0101=Gateway a.b.shop', false],
  ['IST0101=VirtualService *bb.shop', false],
] as const)
  test(`${text} ${expected ? 'takes' : 'leaves'} the finding`, () => {
    assert.equal(suppresses(readSuppression(text)!, message), expected);
  });

test('what is not of the form is told', () => {
  for (const text of [
    '',
    'IST0101',
    'IST0101=VirtualService',
    'IST0101=VirtualService a',
    '=VirtualService a.b',
  ])
    assert.equal(readSuppression(text), null, text);
});

test('a file that cannot be read cannot be suppressed', () => {
  assert.equal(
    suppresses(readSuppression('HDL0001=* *.*')!, { ...plainMessage('x'), code: 'HDL0001' }),
    false,
  );
});
