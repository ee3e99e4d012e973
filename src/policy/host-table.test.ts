import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileHost } from './compile.js';
import { buildHostTable, splitAuthority } from './host-table.js';

function table(...domains: string[]) {
  return buildHostTable(
    domains.map((domain) =>
      compileHost({
        host: domain,
        domains: [domain],
        ports: [],
        location: 'external',
        resolution: 'none',
        virtualService: null,
        routes: [],
        clusters: [],
      }),
    ),
  );
}

test('an exact name beats a longer wildcard, which beats a shorter one', () => {
  const hosts = table('*.com', '*.example.com', 'a.example.com', '*');
  const found = (name: string) => hosts.lookup(name)?.host;
  assert.equal(found('a.example.com'), 'a.example.com');
  assert.equal(found('b.example.com'), '*.example.com');
  assert.equal(found('x.b.example.com'), '*.example.com');
  assert.equal(found('other.com'), '*.com');
  assert.equal(found('localhost'), '*');
});

test('a wildcard never stands for nothing', () => {
  assert.equal(table('*.example.com').lookup('example.com'), undefined);
  assert.equal(table('*.example.com').lookup('.example.com'), undefined);
});

test('names are compared without case and with or without the last dot', () => {
  assert.equal(table('a.example.com').lookup('A.Example.COM.')?.host, 'a.example.com');
});

test('names that someone may have meant are offered, the nearest first', () => {
  const hosts = table('reviews', 'ratings', 'details');
  assert.deepEqual(hosts.nearestHosts('review'), ['reviews']);
  assert.deepEqual(hosts.nearestHosts('something-else'), []);
  assert.deepEqual(table('a1', 'a2', 'b1').nearestHosts('a1x', 2), ['a1', 'a2']);
  assert.deepEqual(hosts.nearestHosts('r'.repeat(10_000)), []);
});

test('an authority is a host and a port, the port by default that of the scheme', () => {
  assert.deepEqual(splitAuthority('reviews:9080', 'http'), { host: 'reviews', port: 9080 });
  assert.deepEqual(splitAuthority('reviews', 'http'), { host: 'reviews', port: 80 });
  assert.deepEqual(splitAuthority('reviews', 'https'), { host: 'reviews', port: 443 });
  assert.deepEqual(splitAuthority('[::1]:81', 'http'), { host: '::1', port: 81 });
  assert.deepEqual(splitAuthority('[::1]', 'http'), { host: '::1', port: 80 });
});
