import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareSpecificity, HostSet, hostMatches, hostSubsetOf } from './hosts.js';

test('a wildcard matches deeper names but not the bare domain', () => {
  assert.equal(hostMatches('*.foo.com', 'a.foo.com'), true);
  assert.equal(hostMatches('*.foo.com', 'a.b.foo.com'), true);
  assert.equal(hostMatches('*.foo.com', 'foo.com'), false);
  assert.equal(hostMatches('*foo.com', 'foo.com'), true);
  assert.equal(hostMatches('*', 'foo.com'), true);
  assert.equal(hostMatches('*.com', '*.foo.com'), true);
});

test('a subset is directional', () => {
  assert.equal(hostSubsetOf('*.foo.com', '*.com'), true);
  assert.equal(hostSubsetOf('*.com', '*.foo.com'), false);
  assert.equal(hostSubsetOf('*.com', 'a.com'), false);
  assert.equal(hostSubsetOf('a.com', '*'), true);
});

test('exact names come first, then longer wildcards, then shorter ones', () => {
  const sorted = ['b.com', '*.a.b.com', '*.b.com', '*', 'a.com'].sort(compareSpecificity);
  assert.deepEqual(sorted, ['a.com', 'b.com', '*.a.b.com', '*.b.com', '*']);
});

test('matching does not depend on the side, and a subset always matches', () => {
  const label = fc.constantFrom('a', 'b', 'com');
  const host = fc
    .tuple(fc.boolean(), fc.array(label, { minLength: 1, maxLength: 3 }))
    .map(([wild, labels]) => `${wild ? '*.' : ''}${labels.join('.')}`);
  fc.assert(
    fc.property(host, host, (one, other) => {
      assert.equal(hostMatches(one, other), hostMatches(other, one));
      if (hostSubsetOf(one, other)) assert.equal(hostMatches(one, other), true);
    }),
    { seed: 9 },
  );
});

test('a set includes a name exactly if one of its hosts does', () => {
  const label = fc.constantFrom('a', 'b', 'com', 'b-a');
  const host = fc
    .tuple(fc.constantFrom('', '*', '*.', '*-'), fc.array(label, { minLength: 1, maxLength: 3 }))
    .map(([star, labels]) => star + labels.join('.'));
  fc.assert(
    fc.property(fc.array(host, { maxLength: 8 }), host, (hosts, name) => {
      const set = new HostSet();
      for (const one of hosts) set.add(one);
      const found = set.including(name);
      assert.equal(
        found !== undefined,
        hosts.some((one) => hostSubsetOf(name, one)),
      );
      if (found !== undefined) assert.ok(hosts.includes(found) && hostSubsetOf(name, found));
      if (hosts.includes(name)) assert.equal(found, name);
    }),
    { seed: 11 },
  );
});
