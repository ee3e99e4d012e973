import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refererFor, referrerPolicyIn } from './referrer.js';
import { targetOf } from './target.js';

const url = 'https://user:secret@from/path?query#hash';
const whole = 'https://from/path?query';
const origin = 'https://from/';
const seenAt = (policy: string) =>
  ['https://from/there', 'https://other/', 'http://from/'].map((to) =>
    refererFor({ url, policy }, targetOf(new URL(to))!),
  );

test('each policy shows of the referrer what it says: to its own origin, to another, in plain text', () => {
  assert.deepEqual(seenAt('no-referrer'), [null, null, null]);
  assert.deepEqual(seenAt('no-referrer-when-downgrade'), [whole, whole, null]);
  assert.deepEqual(seenAt('origin'), [origin, origin, origin]);
  assert.deepEqual(seenAt('origin-when-cross-origin'), [whole, origin, origin]);
  assert.deepEqual(seenAt('same-origin'), [whole, null, null]);
  assert.deepEqual(seenAt('strict-origin'), [origin, origin, null]);
  assert.deepEqual(seenAt('unsafe-url'), [whole, whole, whole]);
  const fallback = seenAt('strict-origin-when-cross-origin');
  assert.deepEqual(fallback, [whole, origin, null]);
  assert.deepEqual(seenAt(''), fallback);
  assert.deepEqual(seenAt('constructor'), fallback);
});

test('what is no page of HTTP is no referrer, and of a long one only the origin is shown', () => {
  const to = targetOf(new URL('https://from/'))!;
  for (const none of ['', 'about:client', 'data:,page'])
    assert.equal(refererFor({ url: none, policy: 'unsafe-url' }, to), null);
  const long = `https://from/${'x'.repeat(4096)}`;
  assert.equal(refererFor({ url: long, policy: 'unsafe-url' }, to), origin);
});

test('of a Referrer-Policy field the last known policy holds', () => {
  assert.equal(referrerPolicyIn('no-referrer, Origin, unheard-of,,'), 'origin');
  assert.equal(referrerPolicyIn('toString'), undefined);
  assert.equal(referrerPolicyIn(undefined), undefined);
});
