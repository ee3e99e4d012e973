import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Resource, Scope } from 'heddle/policy';
import { ServiceAccounts } from '../registry/service-accounts.js';
import { delta } from './delta.js';
import type { MeshState } from './state.js';
import { type View, Views } from './views.js';

const SETTINGS = {
  mesh: { trustDomain: 'cluster.local', outboundTrafficPolicy: 'REGISTRY_ONLY' },
  bundle: { trustDomain: 'cluster.local', roots: [] },
} as const;
const SCOPE: Scope = { namespace: 'default', service: 'web', labels: { app: 'web' } };

function resource(kind: string, name: string, spec: unknown, group = 'networking.istio.io/v1'): Resource {
  return {
    apiVersion: kind === 'Service' ? 'v1' : group,
    kind,
    metadata: { namespace: 'default', name },
    spec,
  };
}

const service = (name: string) => resource('Service', name, { ports: [{ port: 80 }] });
const routes = (name: string, to: string) =>
  resource('VirtualService', name, { hosts: [name], http: [{ route: [{ destination: { host: to } }] }] });

function state(serial: number, resources: readonly Resource[], more: Partial<MeshState> = {}): MeshState {
  const accounts = new ServiceAccounts([]);
  return {
    revision: serial,
    serial,
    resources,
    accounts,
    workloads: [],
    services: [],
    endpoints: [],
    ...more,
  };
}

const names = (view: View) => [...view.resources.keys()].filter((name) => name.startsWith('host/'));
const host = (name: string) => `host/${name}.default.svc.cluster.local`;

test('from one state to the next only what changed is rendered again', () => {
  const [a, b, route] = [service('a'), service('b'), routes('a', 'b')];
  const before = new Views(state(1, [a, b, route]), SETTINGS);
  const first = before.of(SCOPE, ['*']);
  const other = routes('a', 'a');
  const change = { upsert: [other], remove: [] };
  const second = new Views(state(2, [a, b, other], { change }), SETTINGS, before).of(SCOPE, ['*']);
  assert.notEqual(second.resources.get(host('a'))?.version, first.resources.get(host('a'))?.version);
  for (const name of ['mesh', 'inbound', 'bundle', host('b')])
    assert.equal(second.resources.get(name), first.resources.get(name), name);
});

test('a state that does not say what changed is compared with the one before', () => {
  const before = new Views(state(1, [service('a'), service('b')]), SETTINGS);
  before.of(SCOPE, ['*']);
  const after = new Views(state(7, [service('c')]), SETTINGS, before);
  assert.deepEqual(names(after.of(SCOPE, ['*'])), [host('c')]);
});

test('a workload is told of what it asked for and where that leads to, however it was named', () => {
  const views = new Views(state(1, [service('a'), service('b'), service('c'), routes('a', 'b')]), SETTINGS);
  assert.deepEqual(names(views.of(SCOPE, ['A'])), [host('a'), host('b')]);
  assert.deepEqual(names(views.of(SCOPE, ['c.default', 'nobody'])), [host('c')]);
  assert.deepEqual(
    names(views.of({ ...SCOPE, namespace: 'other' }, ['c'])),
    [],
    'a short name is of one’s own namespace',
  );
  assert.equal(
    views.of(SCOPE, ['c', 'a']),
    views.of(SCOPE, ['a', 'c']),
    'the same view for all that ask alike',
  );
});

test('endpoints come with their hosts, and only with those', () => {
  const full = 'a.default.svc.cluster.local';
  const endpoint = { key: '1.1.1.1:80', address: '1.1.1.1', port: 80, labels: {}, weight: 1, mtls: false };
  const endpoints = [{ host: full, ports: { 80: [endpoint] } }];
  const views = new Views(state(1, [service('a'), service('b')], { endpoints }), SETTINGS);
  assert.ok(views.of(SCOPE, ['a']).resources.get(`endpoints/${full}`)?.json.includes('1.1.1.1'));
  assert.equal(views.of(SCOPE, ['b']).resources.has(`endpoints/${full}`), false);
});

test('what Telemetry says of a workload is a resource of its own, there while anything speaks', () => {
  const telemetry = resource(
    'Telemetry',
    't',
    { accessLogging: [{ disabled: true }] },
    'telemetry.istio.io/v1',
  );
  const before = new Views(state(1, [telemetry]), SETTINGS);
  assert.ok(before.of(SCOPE, []).resources.get('telemetry')?.json.includes('"disabled":true'));
  const after = new Views(state(2, [], { change: { remove: [telemetry] } }), SETTINGS, before);
  assert.equal(after.of(SCOPE, []).resources.has('telemetry'), false);
});

test('whoever must use an egress proxy is told where it is', () => {
  const proxied = {
    mode: 'ALLOW_ANY',
    egressProxy: { host: 'b.default.svc.cluster.local', port: { number: 80 } },
  };
  const sidecar = resource('Sidecar', 's', { outboundTrafficPolicy: proxied });
  const views = new Views(state(1, [service('a'), service('b'), sidecar]), SETTINGS);
  assert.deepEqual(names(views.of(SCOPE, ['a'])), [host('a'), host('b')]);
});

test('whatever changes, a view that followed equals one made from nothing, and knows how it differs from the last', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd');
  const one = fc.oneof(
    name.map((which) => service(which)),
    fc.tuple(name, name).map(([which, to]) => routes(which, to)),
  );
  const round = fc.record({
    upsert: fc.array(one, { maxLength: 2 }),
    remove: fc.array(fc.nat(9), { maxLength: 2 }),
  });
  fc.assert(
    fc.property(fc.array(round, { minLength: 2, maxLength: 6 }), (rounds) => {
      const held = new Map<string, Resource>();
      let views: Views | undefined;
      let last: readonly View[] = [];
      for (const [serial, { upsert, remove }] of rounds.entries()) {
        const gone = [...held.values()].filter((_, index) => remove.includes(index));
        for (const resource of gone) held.delete(`${resource.kind} ${resource.metadata.name}`);
        for (const resource of upsert) held.set(`${resource.kind} ${resource.metadata.name}`, resource);
        const next = state(serial, [...held.values()], { change: { upsert, remove: gone } });
        views = new Views(next, SETTINGS, views);
        const asked = [['*'], ['a', 'b.default']].map((hosts) => {
          const view = views!.of(SCOPE, hosts);
          const anew = new Views(next, SETTINGS).of(SCOPE, hosts);
          assert.deepEqual(new Map([...view.resources].sort()), new Map([...anew.resources].sort()));
          return view;
        });
        for (const [index, before] of last.entries()) {
          const { upsert: told, remove: taken } = asked[index]!.change!.delta;
          const whole = delta(before.resources, asked[index]!);
          assert.deepEqual([new Set(told), new Set(taken)], [new Set(whole.upsert), new Set(whole.remove)]);
        }
        last = asked;
      }
    }),
  );
});
