import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Peer } from '../model/exchange.js';
import { SpiffeId } from '../model/spiffe-id.js';
import { isAuthority, isSpoofable, remoteIpOf } from './head.js';

const stranger: Peer = { id: null, address: '192.0.2.9', sni: null };
const known: Peer = { ...stranger, id: SpiffeId.parse('spiffe://cluster.local/ns/default/sa/gateway') };

test('isAuthority takes host names, addresses and ports, and nothing that two readers could read differently', () => {
  for (const good of [
    'reviews',
    'reviews:8080',
    'a.b-c_d.svc',
    '10.0.0.1:80',
    '[::1]',
    '[fd00::1]:443',
    'A.B.',
  ]) {
    assert.equal(isAuthority(good), true, good);
  }
  for (const bad of [
    '',
    'a b',
    'a,b',
    'user@a',
    'a/b',
    'a?b',
    'a#b',
    'a:b',
    'a:',
    'a:123456',
    'a\\b',
    '[::1',
    '[]',
    'a\tb',
  ]) {
    assert.equal(isAuthority(bad), false, bad);
  }
  assert.equal(isAuthority('a'.repeat(2000)), false);
});

test('isSpoofable takes the word of nobody about certificates, and of peers of the mesh about the rest', () => {
  assert.equal(isSpoofable('x-forwarded-client-cert', known), true);
  assert.equal(isSpoofable('x-envoy-retry-on', known), false);
  assert.equal(isSpoofable('x-envoy-retry-on', stranger), true);
  assert.equal(isSpoofable('x-heddle-anything', stranger), true);
  assert.equal(isSpoofable('x-heddle-deadline-ms', stranger), false);
  assert.equal(isSpoofable('x-envoy-expected-rq-timeout-ms', stranger), false);
  assert.equal(isSpoofable('x-envoy-attempt-count', stranger), false);
  assert.equal(isSpoofable('x-heddle-retries', stranger), false);
  assert.equal(isSpoofable('x-request-id', stranger), false);
});

test('remoteIpOf counts trusted proxies from the right and falls back to the peer', () => {
  const from = (field: string | string[], hops: number) =>
    remoteIpOf({ 'x-forwarded-for': field }, stranger, hops);
  assert.equal(from('10.0.0.1, 10.0.0.2', 0), stranger.address);
  assert.equal(from('10.0.0.1, 10.0.0.2', 1), '10.0.0.2');
  assert.equal(from(['10.0.0.1', '10.0.0.2'], 2), '10.0.0.1');
  assert.equal(from('10.0.0.1', 2), stranger.address);
  assert.equal(from('unknown', 1), stranger.address);
  assert.equal(from('::1', 1), '::1');
  assert.equal(remoteIpOf({}, stranger, 1), stranger.address);
});
