/** What a workload sees: Sidecars, Gateways, and rules for connections. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EffectivePolicy } from '../effective.js';
import type { Resource, Scope } from '../resource.js';
import { resolve } from './index.js';

const MESH = { trustDomain: 'cluster.local', outboundTrafficPolicy: 'ALLOW_ANY' } as const;
const CLIENT: Scope = { namespace: 'one', service: 'web', labels: { app: 'web' } };

function resource(kind: string, id: string, spec: unknown, time?: string): Resource {
  const [namespace, name] = id.split('/') as [string, string];
  const metadata = { namespace, name, ...(time && { creationTimestamp: `2024-01-0${time}T00:00:00Z` }) };
  return { apiVersion: kind === 'Service' ? 'v1' : 'networking.istio.io/v1', kind, metadata, spec };
}

const service = (id: string, ...ports: number[]) =>
  resource('Service', id, { ports: (ports.length > 0 ? ports : [80]).map((port) => ({ port })) });
const to = (host: string, port?: number) => ({
  destination: { host, ...(port !== undefined && { port: { number: port } }) },
});
const full = (id: string) => `${id.split('/')[1]}.${id.split('/')[0]}.svc.cluster.local`;

function policy(resources: readonly Resource[], scope: Scope = CLIENT): EffectivePolicy {
  return resolve(resources, [], [], scope, { revision: 1, mesh: MESH });
}

/** Hosts that may be called by name, with their ports. */
function open(resources: readonly Resource[], scope: Scope = CLIENT): Record<string, number[]> {
  const hosts = policy(resources, scope).hosts.filter(({ domains }) => domains.length > 0);
  return Object.fromEntries(hosts.map(({ host, ports }) => [host, ports.map(({ number }) => number)]));
}

const ALL = [service('one/a'), service('one/b', 80, 81), service('two/c'), service('two/d')];
const sidecar = (spec: object, id = 'one/s', time?: string) => resource('Sidecar', id, spec, time);
const hosts = (...names: string[]) => sidecar({ egress: [{ hosts: names }] });
const seen = (...names: string[]) => Object.keys(open([...ALL, hosts(...names)]));

test('without a Sidecar, and with one that says nothing of egress, everything is seen', () => {
  const everything = ['one/a', 'one/b', 'two/c', 'two/d'].map(full);
  assert.deepEqual(Object.keys(open(ALL)), everything);
  assert.deepEqual(Object.keys(open([...ALL, sidecar({ outboundTrafficPolicy: {} })])), everything);
});

test('hosts of a Sidecar: own namespace, a namespace, one host, all, none, and all but some', () => {
  assert.deepEqual(seen('./*'), ['one/a', 'one/b'].map(full));
  assert.deepEqual(seen('two/*'), ['two/c', 'two/d'].map(full));
  assert.deepEqual(seen(`two/${full('two/d')}`), [full('two/d')]);
  assert.deepEqual(seen(`one/${full('two/d')}`), [], 'it is not of that namespace');
  assert.deepEqual(seen('*/*').length, 4);
  assert.deepEqual(seen('~/*'), []);
  assert.deepEqual(seen('*/*', '~two/*'), ['one/a', 'one/b'].map(full));
  assert.deepEqual(seen('*/*', `~/${full('two/d')}`), ['one/a', 'one/b', 'two/c'].map(full));
  assert.deepEqual(seen('*/*.two.svc.cluster.local'), ['two/c', 'two/d'].map(full));
});

test('a listener with a port lets in that port only; several listeners come together', () => {
  const egress = [{ port: { number: 81, protocol: 'HTTP' }, hosts: ['./*'] }];
  assert.deepEqual(open([...ALL, sidecar({ egress })]), { [full('one/b')]: [81] });
  const more = [...egress, { hosts: ['two/*'] }];
  assert.deepEqual(open([...ALL, sidecar({ egress: more })]), {
    [full('one/b')]: [81],
    [full('two/c')]: [80],
    [full('two/d')]: [80],
  });
  const proxy = [{ port: { number: 3128, protocol: 'HTTP_PROXY' }, hosts: ['./*'] }];
  assert.deepEqual(open([...ALL, sidecar({ egress: proxy })]), {
    [full('one/a')]: [80],
    [full('one/b')]: [80, 81],
  });
});

test('the oldest Sidecar that selects the workload speaks, else its namespace’s, else the root’s', () => {
  const egress = (name: string) => [{ hosts: [`*/${full(name)}`] }];
  const root = sidecar({ egress: egress('two/d') }, 'istio-system/r');
  const plain = sidecar({ egress: egress('two/c') }, 'one/p', '2');
  const older = sidecar(
    { workloadSelector: { labels: { app: 'web' } }, egress: egress('one/a') },
    'one/o',
    '3',
  );
  const younger = sidecar({ workloadSelector: { labels: {} }, egress: egress('one/b') }, 'one/y', '4');
  assert.deepEqual(Object.keys(open([...ALL, root])), [full('two/d')]);
  assert.deepEqual(Object.keys(open([...ALL, root, plain])), [full('two/c')]);
  assert.deepEqual(Object.keys(open([...ALL, root, plain, younger, older])), [full('one/a')]);
  const other = { ...CLIENT, labels: {} };
  assert.deepEqual(Object.keys(open([...ALL, plain, older], other)), [full('two/c')]);
  const selecting = sidecar({ workloadSelector: { labels: {} }, egress: [] }, 'istio-system/s');
  assert.equal(
    Object.keys(open([...ALL, selecting])).length,
    4,
    'the root namespace speaks to all or to none',
  );
  assert.equal(Object.keys(open([...ALL, plain], { ...CLIENT, gateway: 'one/gw' })).length, 0);
});

test('“.” in the root namespace’s Sidecar is the namespace of the workload', () => {
  const root = sidecar({ egress: [{ hosts: ['./*'] }] }, 'istio-system/r');
  assert.deepEqual(Object.keys(open([...ALL, root])), ['one/a', 'one/b'].map(full));
});

test('a VirtualService that is let in brings along where it leads to, though not by name', () => {
  const rule = resource('VirtualService', 'one/v', { hosts: ['a'], http: [{ route: [to(full('two/c'))] }] });
  const found = policy([...ALL, rule, hosts('./*')]);
  assert.equal(found.hosts.find(({ host }) => host === full('one/a'))?.virtualService, 'one/v');
  const pulled = found.hosts.find(({ host }) => host === full('two/c'));
  assert.deepEqual([pulled?.domains, pulled?.clusters.length], [[], 1]);
  assert.equal(
    found.hosts.some(({ host }) => host === full('two/d')),
    false,
  );
});

test('a VirtualService that is not let in says nothing, and brings nothing along', () => {
  const rule = resource('VirtualService', 'two/v', {
    hosts: [full('one/a')],
    http: [{ route: [to(full('two/c'))] }],
  });
  const found = policy([...ALL, rule, hosts('./*')]);
  assert.equal(found.hosts.find(({ host }) => host === full('one/a'))?.virtualService, null);
  assert.equal(
    found.hosts.some(({ host }) => host === full('two/c')),
    false,
  );
});

test('of what is brought along only the ports that rules name are seen', () => {
  const rule = resource('VirtualService', 'two/v', {
    hosts: ['c'],
    http: [{ route: [to(full('one/b'), 81)] }],
  });
  const found = policy([...ALL, rule, hosts('two/*')]).hosts.find(({ host }) => host === full('one/b'));
  assert.deepEqual(
    found?.ports.map(({ number }) => number),
    [81],
  );
});

test('a Sidecar speaks of unknown hosts for its workloads: closed unless it says otherwise', () => {
  const mode = (outboundTrafficPolicy?: object) =>
    policy([...ALL, sidecar({ ...(outboundTrafficPolicy && { outboundTrafficPolicy }) })]).mesh;
  assert.equal(mode().outboundTrafficPolicy, 'ALLOW_ANY');
  assert.equal(mode({}).outboundTrafficPolicy, 'REGISTRY_ONLY');
  assert.equal(mode({ mode: 'ALLOW_ANY' }).outboundTrafficPolicy, 'ALLOW_ANY');
  assert.equal(mode({ mode: 'REGISTRY_ONLY' }).outboundTrafficPolicy, 'REGISTRY_ONLY');
});

test('an egress proxy is seen by whoever must use it', () => {
  const egressProxy = { host: full('two/c'), port: { number: 80 } };
  const spec = { egress: [{ hosts: ['./*'] }], outboundTrafficPolicy: { mode: 'ALLOW_ANY', egressProxy } };
  const found = policy([...ALL, sidecar(spec)]);
  assert.deepEqual(found.mesh.egressProxy, { cluster: `outbound|80||${full('two/c')}` });
  assert.deepEqual(found.hosts.find(({ host }) => host === full('two/c'))?.domains, []);
});

// -- gateways --

const gatewayOf = (...names: string[]) =>
  resource('Gateway', 'one/gw', {
    servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: names }],
  });
const attached = (id: string, host: string) =>
  resource('VirtualService', id, { hosts: [host], gateways: ['one/gw'], http: [{ route: [to('a')] }] });

test('a VirtualService attaches to a Gateway only with hosts that a server of it has for its namespace', () => {
  const at = { ...CLIENT, gateway: 'one/gw' };
  const rules = [attached('one/x', 'x.example.com'), attached('two/y', 'y.example.com')];
  const found = (...names: string[]) => Object.keys(open([...rules, gatewayOf(...names)], at));
  assert.deepEqual(Object.keys(open(rules, at)), ['x.example.com', 'y.example.com'], 'no Gateway to ask');
  assert.deepEqual(found('*'), ['x.example.com', 'y.example.com']);
  assert.deepEqual(found('*.example.com'), ['x.example.com', 'y.example.com']);
  assert.deepEqual(found('x.example.com'), ['x.example.com']);
  assert.deepEqual(found('two/*'), ['y.example.com']);
  assert.deepEqual(found('./*'), ['x.example.com']);
  assert.deepEqual(found('*/y.example.com'), ['y.example.com']);
  assert.deepEqual(found(), []);
});

test('at a gateway a wildcard is a host of its own, and the services under it are none', () => {
  const at = { ...CLIENT, gateway: 'one/gw' };
  const entry = resource('ServiceEntry', 'one/e', {
    hosts: ['api.example.com'],
    ports: [{ number: 80, name: 'h' }],
  });
  assert.deepEqual(Object.keys(open([attached('one/x', '*.example.com'), entry], at)), ['*.example.com']);
});

// -- connections --

const CONNECTIONS = {
  hosts: ['db'],
  tls: [
    { match: [{ sniHosts: ['DB.example.com'], sourceLabels: { app: 'other' } }], route: [to('no')] },
    {
      match: [{ sniHosts: ['DB.example.com'], gateways: ['mesh'], sourceLabels: { app: 'web' } }],
      route: [to('b')],
    },
    {
      match: [{ sniHosts: ['db.example.com'] }, { sniHosts: ['x.example.com'], port: 443 }],
      route: [to('c')],
    },
  ],
  tcp: [
    { match: [{ sourceNamespace: 'two' }], route: [to('no')] },
    {
      match: [{ port: 3306, destinationSubnets: ['10.0.0.0/8'] }],
      route: [
        { ...to('b'), weight: 1 },
        { ...to('c'), weight: 0 },
      ],
    },
    { route: [to('d', 1)] },
    { route: [to('never')] },
  ],
};

test('rules for connections: all conditions on the caller count, the first of two stays, nothing follows one for all', () => {
  const cluster = (host: string, port = 0) => `outbound|${port}||${host}.one.svc.cluster.local`;
  const found = policy([resource('VirtualService', 'one/v', CONNECTIONS), service('one/db')]).hosts[0];
  assert.deepEqual(found?.tls, [
    {
      index: 1,
      match: { sniHosts: ['db.example.com'] },
      destinations: [{ cluster: cluster('b'), weight: 100 }],
    },
    {
      index: 2,
      match: { sniHosts: ['x.example.com'], port: 443 },
      destinations: [{ cluster: cluster('c'), weight: 100 }],
    },
  ]);
  assert.deepEqual(found?.tcp, [
    {
      index: 1,
      match: { destinationSubnets: ['10.0.0.0/8'], port: 3306 },
      destinations: [{ cluster: cluster('b'), weight: 1 }],
    },
    { index: 2, destinations: [{ cluster: cluster('d', 1), weight: 100 }] },
  ]);
  assert.deepEqual([found?.virtualService, found?.routes], ['one/v', []]);
});
