import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { contains, parseIp, parseSubnet, subnetKey } from './subnet.js';

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

for (const text of ['10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/08', '/8', '10.0.0.0/8/8', '10.0.0.0/-1'])
  test(`'${text}' is no subnet`, () => assert.equal(parseSubnet(text), null));

const group = fc.integer({ min: 0, max: 0xffff });
const address = fc.array(group, { minLength: 8, maxLength: 8 });

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
