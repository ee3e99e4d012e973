import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMeshError } from '../base/errors.js';
import { SpiffeId } from './spiffe-id.js';

const ALL_BYTES = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));

function parses(text: string): boolean {
  try {
    SpiffeId.parse(text);
    return true;
  } catch (error) {
    assert.ok(isMeshError(error, 'HEDDLE_INVALID_ARGUMENT'), String(error));
    return false;
  }
}

/** Characters, of all byte values, with which `at` gives a valid ID. */
function admitted(at: (character: string) => string): string {
  return ALL_BYTES.filter((character) => parses(at(character))).join('');
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const BOTH = `-.0123456789${LETTERS.toUpperCase()}_${LETTERS}`;

test('every position of the scheme takes its own letter in either case and no other byte', () => {
  const scheme = 'spiffe://';
  for (let index = 0; index < scheme.length; index += 1) {
    const own = scheme[index]!;
    const got = admitted((c) => `${scheme.slice(0, index)}${c}${scheme.slice(index + 1)}td/a`);
    const expected = own === own.toUpperCase() ? own : own.toUpperCase() + own;
    assert.equal(got, expected, `position ${index}`);
  }
});

test('every position of a trust domain takes exactly a-z A-Z 0-9 . - _ (and / where the path may begin)', () => {
  assert.equal(
    admitted((c) => `spiffe://${c}td/a`),
    BOTH,
  );
  assert.equal(
    admitted((c) => `spiffe://t${c}d/a`),
    [...BOTH, '/'].sort().join(''),
  );
  assert.equal(
    admitted((c) => `spiffe://td${c}`),
    BOTH,
  );
});

test('every position of a path segment takes exactly a-z A-Z 0-9 . - _ (and / between segments)', () => {
  assert.equal(
    admitted((c) => `spiffe://td/${c}a`),
    BOTH,
  );
  assert.equal(
    admitted((c) => `spiffe://td/a${c}b`),
    [...BOTH, '/'].sort().join(''),
  );
  assert.equal(
    admitted((c) => `spiffe://td/a/b${c}`),
    BOTH,
  );
  // Alone in a segment a dot is a dot segment.
  assert.equal(
    admitted((c) => `spiffe://td/${c}`),
    BOTH.replace('.', ''),
  );
});

test('no byte may follow in place of the slash after the trust domain, nor a character beyond one byte anywhere', () => {
  for (const text of ['spiffe://td?a', 'spiffe://td#a', 'spiffe://td:1/a', 'spiffe://u@td/a']) {
    assert.equal(parses(text), false, text);
  }
  for (const character of ['\u017F', '\u212A', '\u0131', '\u0130', '．', '／', '\u{1F600}', '\uD800']) {
    for (const text of [
      `${character}piffe://td/a`,
      `spiffe://t${character}/a`,
      `spiffe://td/a${character}`,
    ]) {
      assert.equal(parses(text), false, text);
    }
  }
});

test('empty segments, dot segments, a trailing slash and an empty trust domain are refused', () => {
  const refused = [
    '',
    'spiffe://',
    'spiffe:///a',
    'spiffe://td/',
    'spiffe://td//a',
    'spiffe://td/a//b',
    'spiffe://td/a/',
    'spiffe://td/.',
    'spiffe://td/..',
    'spiffe://td/a/../b',
    'spiffe://td/./b',
    'spiffe://td/%61',
    ' spiffe://td/a',
    'spiffe://td/a ',
    'spiffe://td/a\n',
    'https://td/a',
  ];
  for (const text of refused) assert.equal(parses(text), false, JSON.stringify(text));
  for (const text of [
    'spiffe://td/...',
    'spiffe://td/.a',
    'spiffe://td/a..',
    'spiffe://...',
    'spiffe://_/_',
  ]) {
    assert.equal(parses(text), true, text);
  }
});

test('lengths: a trust domain has at most 255 bytes, an ID at most 2048', () => {
  assert.equal(parses(`spiffe://${'t'.repeat(255)}`), true);
  assert.equal(parses(`spiffe://${'t'.repeat(256)}`), false);
  assert.equal(parses(`spiffe://td/${'a'.repeat(2048 - 12)}`), true);
  assert.equal(parses(`spiffe://td/${'a'.repeat(2048 - 11)}`), false);
});

test('scheme and trust domain are brought to lower case, the path keeps its case', () => {
  const id = SpiffeId.parse('SPIFFE://Cluster.LOCAL/ns/Default/sa/Reviews');
  assert.equal(id.toString(), 'spiffe://cluster.local/ns/Default/sa/Reviews');
  assert.equal(id.principal, 'cluster.local/ns/Default/sa/Reviews');
  assert.equal(id.namespace, 'Default');
  assert.equal(id.serviceAccount, 'Reviews');
});

test('an ID that is not in Istio form has no namespace and no service account', () => {
  for (const text of [
    'spiffe://td',
    'spiffe://td/ns/a',
    'spiffe://td/ns/a/sa/b/c',
    'spiffe://td/x/ns/a/sa/b',
  ]) {
    assert.equal(SpiffeId.parse(text).namespace, undefined);
    assert.equal(SpiffeId.parse(text).serviceAccount, undefined);
  }
  assert.equal(SpiffeId.parse('spiffe://td').path, '');
});

test('forServiceAccount makes the Istio form and refuses parts that would change the path', () => {
  assert.equal(SpiffeId.forServiceAccount('TD', 'a', 'b').toString(), 'spiffe://td/ns/a/sa/b');
  for (const part of ['', '..', 'a b', 'ä']) {
    assert.throws(() => SpiffeId.forServiceAccount('td', part, 'b'), /HEDDLE_INVALID_ARGUMENT/);
    assert.throws(() => SpiffeId.forServiceAccount('td', 'a', part), /HEDDLE_INVALID_ARGUMENT/);
  }
});
