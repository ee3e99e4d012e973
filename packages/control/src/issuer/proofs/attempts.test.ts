import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from 'heddle/ports';
import { Attempts } from './attempts.js';

function attempts() {
  const clock = new FakeClock();
  return { clock, bound: new Attempts({ clock, burst: 100, perSecond: 10, failureWeight: 50 }) };
}

test('as many as the burst may be made in a row, then as many a second as are allowed', () => {
  const { clock, bound } = attempts();
  for (let made = 0; made < 100; made += 1) assert.equal(bound.take('10.0.0.1', 'token'), 0);
  assert.equal(bound.take('10.0.0.1', 'token'), 100);
  clock.advance(100);
  assert.equal(bound.take('10.0.0.1', 'token'), 0);
  assert.notEqual(bound.take('10.0.0.1', 'token'), 0);
});

test('a failure weighs as much as many attempts, and those made at the same time make a debt', () => {
  const { clock, bound } = attempts();
  for (let made = 0; made < 4; made += 1) assert.equal(bound.take('10.0.0.1', 'token'), 0);
  for (let failed = 0; failed < 4; failed += 1) bound.failed('10.0.0.1', 'token');
  assert.equal(bound.take('10.0.0.1', 'token'), 10_100);
  clock.advance(10_100);
  assert.equal(bound.take('10.0.0.1', 'token'), 0);
});

test('other addresses, and proofs of another kind, are not bound by it', () => {
  const { bound } = attempts();
  for (let made = 0; made < 3; made += 1) {
    bound.take('10.0.0.1', 'token');
    bound.failed('10.0.0.1', 'token');
  }
  assert.notEqual(bound.take('10.0.0.1', 'token'), 0);
  assert.equal(bound.take('10.0.0.1', 'certificate'), 0);
  assert.equal(bound.take('10.0.0.2', 'token'), 0);
});

test('all addresses of one IPv6 network count as one; a mapped IPv4 address is that address', () => {
  const cases: readonly [string, string, boolean][] = [
    ['2001:db8:0:1::1', '2001:db8:0:1:ffff::2', true],
    ['2001:db8::1', '2001:db8:0:0:1::', true],
    ['2001:db8:0:1::1', '2001:db8:0:2::1', false],
    ['fe80::1%eth0', 'fe80::2', true],
    ['::ffff:10.0.0.1', '10.0.0.1', true],
    ['::ffff:10.0.0.1', '::ffff:10.0.0.2', false],
  ];
  for (const [one, other, same] of cases) {
    const { bound } = attempts();
    for (let made = 0; made < 3; made += 1) {
      bound.take(one, 'token');
      bound.failed(one, 'token');
    }
    assert.equal(bound.take(other, 'token') > 0, same, `${one} ${other}`);
  }
});

test('when too many addresses try, those that were quiet for longest are forgotten', () => {
  const { bound } = attempts();
  bound.take('10.0.0.1', 'token');
  for (let failed = 0; failed < 3; failed += 1) bound.failed('10.0.0.1', 'token');
  for (let made = 0; made < 20_000; made += 1) bound.take(`address ${made}`, 'token');
  assert.equal(bound.take('10.0.0.1', 'token'), 0);
});
