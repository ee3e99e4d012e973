import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EffectiveHost } from 'heddle/policy';
import { wantedHosts } from './hosts.js';

function host(name: string, to: readonly string[] = [], domains: readonly string[] = [name]): EffectiveHost {
  const destinations = to.map((target) => ({ cluster: `outbound|80||${target}`, weight: 1 }));
  const action = { kind: 'forward', destinations } as const;
  const routes = [{ index: 0, name: null, action, timeoutMs: null, retries: null }];
  const rest = {
    ports: [],
    location: 'mesh',
    resolution: 'static',
    virtualService: null,
    clusters: [],
  } as const;
  return { host: name, domains, routes, ...rest };
}

function names(hosts: readonly EffectiveHost[], wanted: readonly string[]): string[] {
  const directory = {
    all: hosts,
    host: (name: string) => hosts.find(({ host }) => host === name),
    hostsCalled: (name: string) =>
      hosts.filter(({ domains, host }) => host === name || domains.includes(name)),
  };
  return wantedHosts(directory, wanted).map((found) => found.host);
}

test('a star wants every host', () => {
  assert.deepEqual(names([host('a'), host('b')], ['*']), ['a', 'b']);
});

test('a host is found by its FQDN and by any of its names, however they are written', () => {
  const hosts = [host('a.ns.svc.cluster.local', [], ['a', 'a.ns']), host('c')];
  assert.deepEqual(names(hosts, ['a.ns.svc.cluster.local']), ['a.ns.svc.cluster.local']);
  assert.deepEqual(names(hosts, ['A.NS']), ['a.ns.svc.cluster.local']);
  assert.deepEqual(names(hosts, ['c', 'a']), ['a.ns.svc.cluster.local', 'c']);
  assert.deepEqual(names(hosts, ['example.com', 'b']), []);
});

test('hosts that routes lead to come along, however far, also in a circle', () => {
  const hosts = [host('a', ['b']), host('b', ['c']), host('c', ['a', 'nowhere']), host('d')];
  assert.deepEqual(names(hosts, ['a']), ['a', 'b', 'c']);
});
