import assert from 'node:assert/strict';
import { test } from 'node:test';
import { excludes, portOf } from './exclude.js';

test('an entry excludes its host on every port, or on the one that it names, in any case and with or without the last dot', () => {
  const excluded = excludes(['db.internal', 'cache.internal:6379']);
  for (const host of ['db.internal', 'DB.Internal', 'db.internal.']) assert.ok(excluded(host, 80), host);
  assert.ok(excluded('cache.internal', 6379));
  assert.ok(!excluded('cache.internal', 80));
  assert.ok(!excluded('other.internal', 80));
  assert.ok(!excluded('x.db.internal', 80));
});

test('a port excludes every host on it, a suffix everything below it and not itself', () => {
  const excluded = excludes([':9411', '*.example.com', '*.test:81']);
  assert.ok(excluded('anything', 9411));
  assert.ok(excluded('a.b.example.com', 443));
  assert.ok(!excluded('example.com', 443));
  assert.ok(!excluded('badexample.com', 443));
  assert.ok(excluded('a.test', 81));
  assert.ok(!excluded('a.test', 80));
});

test('IPv6 addresses are the same with brackets and without', () => {
  const excluded = excludes(['[::1]:4318', '[fd00::1]']);
  assert.ok(excluded('::1', 4318));
  assert.ok(excluded('[::1]', 4318));
  assert.ok(!excluded('::1', 80));
  assert.ok(excluded('fd00::1', 80));
});

test('without entries nothing is excluded', () => {
  assert.ok(!excludes([])('', 0));
});

test('a URL without a port has that of its scheme', () => {
  assert.equal(portOf(new URL('http://a/')), 80);
  assert.equal(portOf(new URL('https://a/')), 443);
  assert.equal(portOf(new URL('http://a:81/')), 81);
});
