import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { inRange, parseAddress, parseRange } from './address.js';

test('addresses are read in all their text forms, and nothing else is', () => {
  const table: [string, readonly number[] | null][] = [
    ['10.0.0.1', [10, 0, 0, 1]],
    ['255.255.255.255', [255, 255, 255, 255]],
    ['::ffff:10.0.0.1', [10, 0, 0, 1]],
    ['::FFFF:0a00:0001', [10, 0, 0, 1]],
    ['::1', [...new Array(15).fill(0), 1]],
    ['::', new Array(16).fill(0)],
    ['fe80::1%eth0', [0xfe, 0x80, ...new Array(13).fill(0), 1]],
    ['1:2:3:4:5:6:7:8', [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]],
    ['64:ff9b::1.2.3.4', [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]],
    ['10.0.0', null],
    ['10.0.0.256', null],
    ['10.0.0.01', null],
    ['1::2::3', null],
    ['1:2:3:4:5:6:7', null],
    ['1:2:3:4:5:6:7:8:9', null],
    ['1:2:3:4:5:6:7::8', null],
    ['12345::', null],
    [':1', null],
    ['1.2.3.4::', null],
    ['', null],
    ['localhost', null],
    ['1'.repeat(100), null],
  ];
  for (const [text, expected] of table) assert.deepEqual(parseAddress(text), expected, text);
});

test('a range holds the addresses that share its first bits, of its own family only', () => {
  const table: [string, string, boolean][] = [
    ['10.0.0.0/8', '10.255.1.2', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.0.0.0/8', '::ffff:10.1.1.1', true],
    ['::ffff:10.0.0.0/104', '10.1.1.1', true],
    ['192.168.4.0/22', '192.168.7.255', true],
    ['192.168.4.0/22', '192.168.8.0', false],
    ['0.0.0.0/0', '1.2.3.4', true],
    ['0.0.0.0/0', '::1', false],
    ['10.0.0.1', '10.0.0.1', true],
    ['10.0.0.1', '10.0.0.2', false],
    ['2001:db8::/33', '2001:db8:7fff::1', true],
    ['2001:db8::/33', '2001:db8:8000::1', false],
    ['::/0', 'fe80::1%eth0', true],
    ['::ffff:10.0.0.0/104', '10.9.9.9', true],
    ['::ffff:10.0.0.0/104', '11.0.0.1', false],
    // Wider than all of IPv4: a range of IPv6, as in Envoy.
    ['::ffff:10.0.0.0/80', '::1:0:1', true],
    ['::ffff:10.0.0.0/80', '10.0.0.1', false],
  ];
  for (const [range, address, expected] of table)
    assert.equal(inRange(parseRange(range)!, parseAddress(address)!), expected, `${address} in ${range}`);
});

test('what is no range is refused', () => {
  for (const text of [
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/08',
    '10.0/8',
    '/8',
    '::/129',
    '::ffff:1.2.3.4/129',
    'a/8',
  ])
    assert.equal(parseRange(text), null, text);
});

test('any IPv4 address is in every range cut from it', () => {
  const byte = fc.integer({ min: 0, max: 255 });
  fc.assert(
    fc.property(fc.tuple(byte, byte, byte, byte), fc.integer({ min: 0, max: 32 }), (bytes, bits) => {
      const text = bytes.join('.');
      assert.ok(inRange(parseRange(`${text}/${bits}`)!, parseAddress(`::ffff:${text}`)!));
    }),
  );
});
