import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { contains, parseIp, parseSubnet, subnetKey } from './ip.js';

const good: readonly [string, string][] = [
  ['1.2.3.4', '0:0:0:0:0:65535:258:772'],
  ['::', '0:0:0:0:0:0:0:0'],
  ['::1', '0:0:0:0:0:0:0:1'],
  ['2001:DB8::8:800:200C:417A', '8193:3512:0:0:8:2048:8204:16762'],
  ['::ffff:1.2.3.4', '0:0:0:0:0:65535:258:772'],
  ['64:ff9b::1.2.3.4', '100:65435:0:0:0:0:258:772'],
  ['fe80::1%eth0', '65152:0:0:0:0:0:0:1'],
];
for (const [text, groups] of good)
  test(`${text} is an address`, () => assert.equal(parseIp(text)?.join(':'), groups));

for (const text of [
  '',
  'a',
  '1.2.3',
  '1.2.3.4.5',
  '1.2.3.256',
  '01.2.3.4',
  '1.2.3.4 ',
  ':::',
  '1::2::3',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7::8',
  '::12345',
  '1.2.3.4::',
  '::1.2.3',
  '1'.repeat(100),
])
  test(`'${text.slice(0, 20)}' is no address`, () => assert.equal(parseIp(text), null));

for (const text of [
  '10.0.0.0/33',
  '::/129',
  '10.0.0.0/',
  '10.0.0.0/08',
  '/8',
  '10.0.0.0/8/8',
  '10.0.0.0/-1',
  '10.0/8',
  '::ffff:1.2.3.4/129',
  'fe80::1%eth0/64',
])
  test(`'${text}' is no subnet`, () => assert.equal(parseSubnet(text), null));

const group = fc.integer({ min: 0, max: 0xffff });
/** Of IPv6, with any bit changed as well. */
const address = fc.array(group, { minLength: 7, maxLength: 7 }).map((rest) => [0x2001, ...rest]);

const HELD: readonly [subnet: string, address: string, held: boolean][] = [
  ['10.0.0.0/8', '10.255.1.2', true],
  ['10.0.0.0/8', '11.0.0.0', false],
  ['10.0.0.0/8', '::ffff:10.1.1.1', true],
  ['192.168.4.0/22', '192.168.7.255', true],
  ['192.168.4.0/22', '192.168.8.0', false],
  ['0.0.0.0/0', '1.2.3.4', true],
  ['0.0.0.0/0', '::1', false],
  ['10.0.0.1', '10.0.0.1', true],
  ['10.0.0.1', '10.0.0.2', false],
  ['2001:db8::/33', '2001:db8:7fff::1', true],
  ['2001:db8::/33', '2001:db8:8000::1', false],
  ['::/0', 'fe80::1%eth0', true],
  ['::/0', '10.0.0.1', false],
  ['::ffff:10.0.0.0/104', '10.9.9.9', true],
  ['::ffff:10.0.0.0/104', '11.0.0.1', false],
  // Wider than all of IPv4: a subnet of IPv6, as in Envoy.
  ['::ffff:10.0.0.0/80', '::1:0:1', true],
  ['::ffff:10.0.0.0/80', '10.0.0.1', false],
];
for (const [subnet, text, held] of HELD)
  test(`${text} is ${held ? '' : 'not '}in ${subnet}`, () =>
    assert.equal(contains(parseSubnet(subnet)!, parseIp(text)!), held));

test('any IPv4 address is in every subnet cut from it', () => {
  const byte = fc.integer({ min: 0, max: 255 });
  fc.assert(
    fc.property(fc.tuple(byte, byte, byte, byte), fc.integer({ min: 0, max: 32 }), (bytes, bits) => {
      const text = bytes.join('.');
      assert.ok(contains(parseSubnet(`${text}/${bits}`)!, parseIp(`::ffff:${text}`)!));
    }),
  );
});

test('a subnet holds an address if and only if their first bits are the same', () => {
  const bit = (groups: readonly number[], at: number) => (groups[at >> 4]! >> (15 - (at & 15))) & 1;
  fc.assert(
    fc.property(address, fc.integer({ min: 0, max: 128 }), fc.nat(127), (network, bits, flipped) => {
      const other = network.map((value, at) =>
        at === flipped >> 4 ? value ^ (1 << (15 - (flipped & 15))) : value,
      );
      assert.notEqual(bit(other, flipped), bit(network, flipped));
      assert.equal(contains({ network, bits }, network), true);
      assert.equal(contains({ network, bits }, other), flipped >= bits);
      assert.equal(subnetKey({ network, bits }) === subnetKey({ network: other, bits }), flipped >= bits);
    }),
  );
});

test('no text makes parsing throw or answer with anything but eight groups', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'0123456789abcdef:.%/'), maxLength: 45 }), (text) => {
      const groups = parseIp(text);
      assert.ok(groups === null || (groups.length === 8 && groups.every((one) => one >= 0 && one <= 0xffff)));
      parseSubnet(text);
    }),
    { numRuns: 2_000 },
  );
});
