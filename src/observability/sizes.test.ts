import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StreamBody } from '../model/request-body.js';
import { bodyBytes, fieldBytes } from './sizes.js';

test('fields count as HTTP/1.1 writes them', () => {
  assert.equal(fieldBytes({ a: 'bc', d: ['e', 'f'] }), 'a: bc\r\nd: e\r\nd: f\r\n'.length);
});

test('a text counts in bytes, a stream as announced, and nonsense as nothing', () => {
  assert.equal(bodyBytes(null, {}), 0);
  assert.equal(bodyBytes('ä', {}), 2);
  assert.equal(bodyBytes(new Uint8Array(3), {}), 3);
  const stream = () => new StreamBody((async function* () {})());
  assert.equal(bodyBytes(stream(), { 'content-length': '12' }), 12);
  assert.equal(bodyBytes(stream(), { 'content-length': '-1' }), 0);
  assert.equal(bodyBytes(stream(), {}), 0);
});
