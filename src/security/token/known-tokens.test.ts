import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { unsigned } from './fixtures.test.js';
import { KnownTokens } from './known-tokens.js';

const token = (sub: string) => unsigned({ alg: 'ES256' }, { sub }, 'c2lnbmF0dXJl');

test('a token that is known is what it was, and its text is not kept', () => {
  const known = new KnownTokens();
  const first = known.parse(token('alice'));
  assert.ok(typeof first === 'object');
  known.add(first);
  const again = known.parse(token('alice'));
  assert.deepEqual(again, first);
  assert.equal(typeof again === 'object' && again.claims === first.claims, true);
  assert.doesNotMatch(inspect(known, { depth: 9, showHidden: true }), /c2lnbmF0dXJl/);
});

test('one letter makes it another token, and no token is none, known or not', () => {
  const known = new KnownTokens();
  const first = known.parse(token('alice'));
  assert.ok(typeof first === 'object');
  known.add(first);
  const other = known.parse(token('alicf'));
  assert.ok(typeof other === 'object');
  assert.equal(other.claims.sub, 'alicf');
  assert.notEqual(other.hash, first.hash);
  assert.equal(known.parse(`${token('alice')}.`), 'format');
});

test('the longest unused is forgotten first', () => {
  const known = new KnownTokens();
  const parse = (sub: string) => {
    const parsed = known.parse(token(sub));
    assert.ok(typeof parsed === 'object');
    return parsed;
  };
  const [first, second] = [parse('first'), parse('second')];
  known.add(first);
  known.add(second);
  for (let index = 0; index < 1_998; index += 1) known.add(parse(`user-${index}`));
  assert.equal(parse('first').claims, first.claims);
  known.add(parse('one more'));
  assert.equal(parse('first').claims, first.claims);
  assert.notEqual(parse('second').claims, second.claims);
});
