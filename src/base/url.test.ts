import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseUrl } from './url.js';

/** More calls than V8 needs to optimize a loop; `URL.canParse` of Node 20 and 22 changes its answer on the way. */
const MANY = 30_000;

test('a host outside ASCII is read however often it is asked for', () => {
  for (let turn = 0; turn < MANY; turn += 1)
    if (parseUrl('http://ü/') === null) assert.fail(`not read in turn ${turn}`);
  assert.equal(parseUrl('http://ü/')?.href, 'http://xn--tda/');
});

test('what is no URL is null, alone or against a base', () => {
  assert.equal(parseUrl('ü'), null);
  assert.equal(parseUrl('http://'), null);
  assert.equal(parseUrl('//a:b', 'http://c'), null);
});

test('a relative reference is resolved against the base, as text or as a URL', () => {
  assert.equal(parseUrl('/d?e', 'http://c/f')?.href, 'http://c/d?e');
  assert.equal(parseUrl('d', new URL('http://c/f/g'))?.href, 'http://c/f/d');
});
