import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reachableAddresses } from './families.js';

const LOOPBACK = [
  { address: '127.0.0.1', internal: true },
  { address: '::1', internal: true },
];
const out = (...addresses: string[]) => ({
  lo: LOOPBACK,
  eth0: addresses.map((address) => ({ address, internal: false })),
});
const BOTH = ['10.0.0.1', '2001:db8::1'];

const table: readonly [string, readonly string[], ReturnType<typeof out>, readonly string[]][] = [
  ['both families', BOTH, out('192.0.2.2', 'fd00::2', 'fe80::1'), BOTH],
  ['IPv4 alone', BOTH, out('192.0.2.2'), ['10.0.0.1']],
  ['IPv6 for neighbours alone', BOTH, out('192.0.2.2', 'fe80::1'), ['10.0.0.1']],
  ['IPv6 alone', BOTH, out('fd00::2', '169.254.1.1'), ['2001:db8::1']],
  ['no network', BOTH, out(), BOTH],
  ['IPv4 alone, and a name that has none', ['2001:db8::1'], out('192.0.2.2'), ['2001:db8::1']],
];
for (const [what, addresses, interfaces, expected] of table)
  test(`addresses of a name on a machine with ${what}`, () =>
    assert.deepEqual(reachableAddresses(addresses, interfaces), expected));
