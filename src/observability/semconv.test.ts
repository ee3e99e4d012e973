import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fullUrl, knownMethod, methodInName, redactQuery, splitAuthority, splitPath } from './semconv.js';

test('a method outside RFC 9110 and PATCH is _OTHER, and its span is named HTTP', () => {
  assert.equal(knownMethod('PATCH'), 'PATCH');
  assert.equal(knownMethod('PURGE'), '_OTHER');
  assert.equal(methodInName('GET'), 'GET');
  assert.equal(methodInName('PURGE'), 'HTTP');
});

const authorities: readonly (readonly [authority: string, scheme: string, address: string, port: number])[] =
  [
    ['reviews', 'http', 'reviews', 80],
    ['reviews', 'https', 'reviews', 443],
    ['reviews:9080', 'http', 'reviews', 9080],
    ['10.0.0.1:81', 'http', '10.0.0.1', 81],
    ['[::1]:81', 'http', '::1', 81],
    ['[::1]', 'https', '::1', 443],
    ['user:pass@reviews:81', 'http', 'reviews', 81],
    ['reviews:0', 'http', 'reviews', 80],
    ['reviews:99999', 'http', 'reviews', 80],
    ['', 'http', '', 80],
  ];
for (const [authority, scheme, address, port] of authorities) {
  test(`${scheme}://${authority} is ${address} port ${port}`, () => {
    assert.deepEqual(splitAuthority(authority, scheme), { address, port });
  });
}

test('user information and signatures in a URL are redacted, and nothing else', () => {
  assert.equal(fullUrl('http', 'a:b@c@host:1', '/p?x=1'), 'http://REDACTED:REDACTED@host:1/p?x=1');
  assert.equal(
    redactQuery('/p?sig=1&Signature=2&AWSAccessKeyId=3&X-Goog-Signature=4&design=5&x=sig=6'),
    '/p?sig=REDACTED&Signature=REDACTED&AWSAccessKeyId=REDACTED&X-Goog-Signature=REDACTED&design=5&x=sig=6',
  );
});

test('a URL is cut at 4096 characters, after what is secret in it is gone', () => {
  const url = fullUrl('http', 'host', `/p?sig=${'a'.repeat(5000)}`);
  assert.equal(url, 'http://host/p?sig=REDACTED');
  assert.equal(fullUrl('http', 'host', `/${'p'.repeat(5000)}`).length, 4096);
});

test('path and query come apart, and an empty query is none', () => {
  assert.deepEqual(splitPath('/a?b=1&sig=2'), { path: '/a', query: 'b=1&sig=REDACTED' });
  assert.deepEqual(splitPath('/a?'), { path: '/a', query: undefined });
  assert.deepEqual(splitPath('/a'), { path: '/a', query: undefined });
});
