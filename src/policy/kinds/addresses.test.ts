import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { fqdnFault, isCidr, isIp, wildcardFault } from './addresses.js';

test('IP addresses are told as the platform tells them', () => {
  const part = fc.constantFrom(
    '0',
    '1',
    '255',
    '256',
    '01',
    'ffff',
    'g',
    '',
    '::',
    ':',
    '.',
    '10.0.0.1',
    'fe80',
    '::1',
  );
  const text = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.array(part, { maxLength: 9 }).map((parts) => parts.join(':')),
    fc.array(part, { maxLength: 4 }).map((parts) => parts.join('.')),
  );
  fc.assert(
    fc.property(text, (address) => assert.equal(isIp(address), isIP(address) !== 0, address)),
    { numRuns: 2_000, seed: 13 },
  );
});

test('ranges have as many bits as their address', () => {
  assert.equal(isCidr('10.0.0.0/8'), true);
  assert.equal(isCidr('10.0.0.0/33'), false);
  assert.equal(isCidr('fe80::/64'), true);
  assert.equal(isCidr('10.0.0.0'), false);
  assert.equal(isCidr('x/8'), false);
});

test('names of hosts are DNS names, a wildcard only at the start of the first label', () => {
  for (const good of ['a', 'a.b', 'a-b.c1', 'a.example.com.']) assert.equal(fqdnFault(good), null, good);
  for (const bad of ['', 'a..b', '-a', 'a_b', 'a.1', `${'a'.repeat(64)}.b`, `${'a.'.repeat(128)}b`])
    assert.notEqual(fqdnFault(bad), null, bad);
  for (const good of ['*', '*.a', 'a.b', '*a', '*-a.b', 'a.b.'])
    assert.equal(wildcardFault(good), null, good);
  for (const bad of ['a*.b', 'a.*', '**', '*_a', '*.1', '1.1.1.1', '.'])
    assert.notEqual(wildcardFault(bad), null, bad);
});
