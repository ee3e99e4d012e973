import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashOf } from './decide.js';
import { hashText } from './hash.js';
import type { HashPolicy } from './policy.js';

const NOTHING = { headers: {}, path: '/', sourceIp: null };

test('MurmurHash3 of known texts', () => {
  assert.equal(hashText(''), 0);
  assert.equal(hashText('', 1), 0x514e28b7);
  assert.equal(hashText('', 0xffffffff), 0x81f16f39);
  // "\x21\x43\x65\x87" as bytes, "\x21\x43" as bytes: the published vectors.
  assert.equal(hashText('\u4321\u8765'), 0xf55b516b);
  assert.equal(hashText('\u4321\u8765', 0x5082edee), 0x2362f9de);
  assert.equal(hashText('\u4321'), 0xa0f7b07a);
});

const cookie: HashPolicy = { from: 'cookie', name: 'user', path: '', ttlMs: null };
const query: HashPolicy = { from: 'query', name: 'user' };

const table: readonly [
  string,
  HashPolicy,
  Partial<typeof NOTHING> & { headers?: object },
  string | undefined,
][] = [
  ['a header', { from: 'header', name: 'X-User' }, { headers: { 'x-user': 'jason' } }, 'jason'],
  [
    'a repeated header, all values',
    { from: 'header', name: 'x-user' },
    { headers: { 'x-user': ['a', 'b'] } },
    'a, b',
  ],
  ['an empty header', { from: 'header', name: 'x-user' }, { headers: { 'x-user': '' } }, undefined],
  ['no header', { from: 'header', name: 'x-user' }, {}, undefined],
  ['a cookie among others', cookie, { headers: { cookie: 'a=1; user=jason; b=2' } }, 'jason'],
  ['a quoted cookie', cookie, { headers: { cookie: 'user="jason"' } }, 'jason'],
  ['a cookie in the second field', cookie, { headers: { cookie: ['a=1', 'user=jason'] } }, 'jason'],
  ['a cookie that only begins like it', cookie, { headers: { cookie: 'username=jason; user' } }, undefined],
  ['no cookie', cookie, {}, undefined],
  ['a query parameter', query, { path: '/p?a=1&user=jason&user=other' }, 'jason'],
  ['a parameter in the path only', query, { path: '/user=jason' }, undefined],
  ['a parameter without a value', query, { path: '/p?user' }, undefined],
  ['the address', { from: 'source-ip' }, { sourceIp: '10.0.0.9' as never }, '10.0.0.9'],
  ['no address', { from: 'source-ip' }, {}, undefined],
];

for (const [name, policy, facts, hashed] of table) {
  test(`hash of ${name}`, () => {
    const expected = hashed === undefined ? undefined : hashText(hashed);
    assert.equal(hashOf(policy, { ...NOTHING, ...facts } as never), expected);
  });
}
