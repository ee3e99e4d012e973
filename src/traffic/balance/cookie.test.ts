import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../base/testing.js';
import { makeCookie } from './cookie.js';
import { hashOf } from './decide.js';
import type { HashPolicy } from './policy.js';

const COOKIE: HashPolicy = { from: 'cookie', name: 'user', path: '/shop', ttlMs: 1_500 };

test('a cookie with a ttl is made, and the request that brings it back hashes alike', () => {
  const made = makeCookie(COOKIE, seededRandom(1))!;
  assert.match(made.header, /^user="[0-9a-f]{16}"; Max-Age=2; Path=\/shop; HttpOnly$/);
  const cookie = made.header.split(';')[0]!;
  assert.equal(hashOf(COOKIE, { headers: { cookie }, path: '/', sourceIp: null }), made.hash);
});

test('a ttl of 0 makes it for the session; attributes are added as they are', () => {
  const attributes = [{ name: 'SameSite', value: 'Strict' }, { name: 'Secure' }];
  const made = makeCookie({ ...COOKIE, path: '', ttlMs: 0, attributes }, seededRandom(1))!;
  assert.match(made.header, /^user="[0-9a-f]{16}"; SameSite=Strict; Secure; HttpOnly$/);
});

test('without a ttl, and for anything but a cookie, none is made', () => {
  assert.equal(makeCookie({ ...COOKIE, ttlMs: null }, seededRandom(1)), null);
  assert.equal(makeCookie({ from: 'header', name: 'user' }, seededRandom(1)), null);
});

test('two callers get two cookies', () => {
  const random = seededRandom(1);
  assert.notEqual(makeCookie(COOKIE, random)!.hash, makeCookie(COOKIE, random)!.hash);
});
