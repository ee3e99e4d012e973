/** DestinationRules: which speaks, and what of it reaches a cluster; endpoints that services select; claims in routes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EffectiveCluster, EffectiveEndpoints } from '../effective.js';
import type { Resource, Scope } from '../resource.js';
import { resolve } from './index.js';

const MESH = { trustDomain: 'cluster.local', outboundTrafficPolicy: 'REGISTRY_ONLY' } as const;
const CLIENT: Scope = { namespace: 'client', service: 'web', labels: { app: 'web' } };
const HOST = 'a.server.svc.cluster.local';

function resource(kind: string, id: string, spec: unknown, day = 1): Resource {
  const [namespace, name] = id.split('/') as [string, string];
  const metadata = { namespace, name, creationTimestamp: `2024-01-0${day}T00:00:00Z` };
  return { apiVersion: kind === 'Service' ? 'v1' : 'networking.istio.io/v1', kind, metadata, spec };
}

const SERVICE = resource('Service', 'server/a', { ports: [{ port: 80 }, { port: 81 }] });
/** A rule that is recognised by the name of its subset. */
const rule = (id: string, more: object = {}, day = 1) =>
  resource('DestinationRule', id, { host: HOST, subsets: [{ name: id.replace('/', '-') }], ...more }, day);

function clusters(resources: readonly Resource[], scope: Scope = CLIENT): readonly EffectiveCluster[] {
  const { hosts } = resolve([SERVICE, ...resources], [], [], scope, { revision: 1, mesh: MESH });
  return hosts.find(({ host }) => host === HOST)?.clusters ?? [];
}

function speaking(resources: readonly Resource[], scope: Scope = CLIENT): string[] {
  return [...new Set(clusters(resources, scope).map(({ subset }) => subset))].filter((name) => name !== '');
}

// -- which rule --

test('the client’s namespace comes first, then the service’s, then the root; never two of them', () => {
  const all = [rule('istio-system/r'), rule('server/s'), rule('client/c')];
  assert.deepEqual(speaking(all), ['client-c']);
  assert.deepEqual(speaking(all.slice(0, 2)), ['server-s']);
  assert.deepEqual(speaking(all.slice(0, 1)), ['istio-system-r']);
  assert.deepEqual(speaking([rule('elsewhere/e')]), []);
});

test('for a client of the root namespace its own rules come last, but for those that are private', () => {
  const root = { ...CLIENT, namespace: 'istio-system' };
  assert.deepEqual(speaking([rule('istio-system/r'), rule('server/s')], root), ['server-s']);
  assert.deepEqual(speaking([rule('istio-system/r', { exportTo: ['.'] }), rule('server/s')], root), [
    'istio-system-r',
  ]);
});

test('a rule that is not shown to the client hides the less specific ones of its namespace', () => {
  const hidden = rule('server/s', { exportTo: ['.', 'other'] });
  const wide = rule('server/w', { host: '*.server.svc.cluster.local' });
  assert.deepEqual(speaking([hidden, wide, rule('istio-system/r')]), ['istio-system-r']);
  assert.deepEqual(
    speaking([rule('server/s', { exportTo: ['.'] }), wide]),
    ['server-w'],
    'a private one hides nothing',
  );
});

test('a rule that selects the workload beats one that selects nobody, and is known in its namespace only', () => {
  const own = (id: string, labels: object) => rule(id, { workloadSelector: { matchLabels: labels } }, 2);
  assert.deepEqual(speaking([rule('client/c'), own('client/w', { app: 'web' })])[0], 'client-w');
  assert.deepEqual(speaking([rule('client/c'), own('client/w', { app: 'other' })]), ['client-c']);
  assert.deepEqual(speaking([own('server/w', { app: 'web' })]), []);
});

test('rules for one host in one namespace come together, the oldest first, if they are shown to the same', () => {
  const policy = (simple: string) => ({ trafficPolicy: { loadBalancer: { simple } } });
  const both = [rule('server/old'), rule('server/new', policy('RANDOM'), 2)];
  assert.deepEqual(speaking(both), ['server-old', 'server-new']);
  assert.equal(clusters(both)[0]?.balancer.kind, 'random', 'the first said nothing');
  const first = [rule('server/old', policy('ROUND_ROBIN')), rule('server/new', policy('RANDOM'), 2)];
  assert.equal(clusters(first)[0]?.balancer.kind, 'round-robin');
  const apart = [rule('server/old', { exportTo: ['client'] }), rule('server/new', { exportTo: ['*'] }, 2)];
  assert.deepEqual(speaking(apart), ['server-new'], 'of those that stay apart the last speaks (Istio)');
});

// -- what it says --

function cluster(trafficPolicy: object, port = 80, subset = ''): EffectiveCluster {
  const found = clusters([rule('server/s', { trafficPolicy })]).find(
    (one) => one.port === port && one.subset === subset,
  );
  return found ?? assert.fail('no such cluster');
}

test('a port’s entry replaces all four blocks and loses tunnel and PROXY protocol; a subset replaces block by block', () => {
  const trafficPolicy = {
    loadBalancer: { simple: 'RANDOM' },
    outlierDetection: {},
    proxyProtocol: { version: 'V2' },
    portLevelSettings: [{ port: { number: 81 }, tls: { mode: 'SIMPLE' } }],
  };
  const at80 = cluster(trafficPolicy);
  assert.deepEqual(
    [at80.balancer.kind, at80.proxyProtocol, at80.outlier !== undefined],
    ['random', 'V2', true],
  );
  const at81 = cluster(trafficPolicy, 81);
  assert.deepEqual([at81.tls.mode, at81.proxyProtocol, at81.outlier], ['simple', undefined, undefined]);
  const tunnel = { targetHost: 't', targetPort: 1 };
  const subsets = [{ name: 'v1', trafficPolicy: { tunnel, portLevelSettings: [{ port: { number: 81 } }] } }];
  const found = clusters([rule('server/s', { trafficPolicy, subsets })]).filter((one) => one.subset === 'v1');
  assert.deepEqual(
    found.map((one) => [one.port, one.balancer.kind, one.proxyProtocol, one.tunnel]),
    [
      [80, 'random', 'V2', { protocol: 'CONNECT', ...tunnel }],
      [81, 'least-request', undefined, { protocol: 'CONNECT', ...tunnel }],
    ],
  );
});

test('localities: what is set, or that they do not count', () => {
  const locality = (localityLbSetting: object) => {
    const { locality: set, localityOff: off } = cluster({ loadBalancer: { localityLbSetting } });
    return off === true ? 'off' : set;
  };
  assert.equal(cluster({}).locality, undefined);
  assert.equal(locality({ enabled: false, failover: [{ from: 'a', to: 'b' }] }), 'off');
  assert.deepEqual(locality({ enabled: true }), {});
  assert.deepEqual(locality({ distribute: [{ from: 'a/*', to: { 'a/*': 80, 'b/*': 20 } }] }), {
    distribute: [{ from: 'a/*', to: { 'a/*': 80, 'b/*': 20 } }],
  });
  assert.deepEqual(locality({ failover: [{ from: 'a', to: 'b' }], failoverPriority: ['zone', 'v=1'] }), {
    failover: [{ from: 'a', to: 'b' }],
    failoverPriority: ['zone', 'v=1'],
  });
});

const IDLE: readonly [http: string | undefined, tcp: string | undefined, idle: number, tcpIdle?: number][] = [
  [undefined, undefined, 3_600_000],
  [undefined, '5m', 300_000],
  [undefined, '0s', 2_147_483_647],
  ['1m', undefined, 60_000, 3_600_000],
  ['1m', '0s', 60_000, 2_147_483_647],
  ['1m', '1m', 60_000],
];
for (const [http, tcp, idle, tcpIdle] of IDLE)
  test(`idle timeouts http ${http} and tcp ${tcp}`, () => {
    const connectionPool = {
      http: { ...(http !== undefined && { idleTimeout: http }) },
      tcp: { ...(tcp !== undefined && { idleTimeout: tcp }) },
    };
    const { connection } = cluster({ connectionPool });
    assert.deepEqual([connection.idleTimeoutMs, connection.tcpIdleTimeoutMs], [idle, tcpIdle]);
  });

test('connections, cookies, outlier detection, revoked certificates and balancing by nobody', () => {
  const tcp = { tcpKeepalive: { time: '30s' }, maxConnectionDuration: '5m' };
  const { connection } = cluster({ connectionPool: { tcp } });
  assert.deepEqual([connection.keepAliveMs, connection.maxConnectionDurationMs], [30_000, 300_000]);
  const httpCookie = { name: 'c', attributes: [{ name: 'SameSite', value: 'Strict' }, { name: 'Secure' }] };
  assert.deepEqual(cluster({ loadBalancer: { consistentHash: { httpCookie } } }).balancer, {
    kind: 'consistent-hash',
    hash: { from: 'cookie', name: 'c', path: '', ttlMs: null, attributes: httpCookie.attributes },
    table: 'ring',
    size: 1024,
  });
  const outlierDetection = { outlierDetectionHttpErrorCodes: [429, 500] };
  assert.deepEqual(cluster({ outlierDetection }).outlier?.errorCodes, [429, 500]);
  const tls = cluster({ tls: { mode: 'SIMPLE', caCrl: '/crl.pem' } }).tls;
  assert.equal('crl' in tls && tls.crl, '/crl.pem');
  assert.deepEqual(cluster({ loadBalancer: { simple: 'PASSTHROUGH' } }).balancer, { kind: 'passthrough' });
});

// -- endpoints --

const entry = (more: object) =>
  resource('ServiceEntry', 'server/e', {
    hosts: ['e.example.com'],
    location: 'MESH_INTERNAL',
    resolution: 'STATIC',
    ports: [{ number: 80, name: 'http', targetPort: 8080 }],
    ...more,
  });

function addresses(
  resources: readonly Resource[],
  registered: readonly EffectiveEndpoints[] = [],
  caller = CLIENT,
): EffectiveEndpoints['ports'] {
  const policy = resolve(resources, [], registered, caller, { revision: 1, mesh: MESH });
  return policy.endpoints.find(({ host }) => host === 'e.example.com')?.ports ?? {};
}

test('a service selects WorkloadEntries of its namespace by labels', () => {
  const spec = {
    address: '1.1.1.1',
    labels: { app: 'e', v: '1' },
    ports: { http: 9090 },
    weight: 3,
    locality: 'r/z',
    serviceAccount: 'sa',
    network: 'n',
  };
  const found = addresses([
    entry({ workloadSelector: { labels: { app: 'e' } } }),
    resource('WorkloadEntry', 'server/w', spec),
    resource('WorkloadEntry', 'server/other', { address: '2.2.2.2', labels: { app: 'f' } }),
    resource('WorkloadEntry', 'client/away', { address: '3.3.3.3', labels: { app: 'e' } }),
  ]);
  assert.deepEqual(found, {
    80: [
      {
        key: '1.1.1.1:9090',
        address: '1.1.1.1',
        port: 9090,
        labels: { app: 'e', v: '1', 'topology.istio.io/network': 'n' },
        weight: 3,
        locality: 'r/z',
        spiffeId: 'spiffe://cluster.local/ns/server/sa/sa',
        mtls: false,
      },
    ],
  });
});

test('a service selects workloads that registered in its namespace, where they listen on its target port', () => {
  const endpoint = (address: string, port: number, labels: Record<string, string>) => ({
    ...{ key: `${address}:${port}`, address, port, labels, weight: 1 },
    ...{ mtls: true, spiffeId: 'spiffe://cluster.local/ns/server/sa/x' },
  });
  const list = [
    endpoint('1.1.1.1', 8080, { app: 'e' }),
    endpoint('1.1.1.1', 9999, { app: 'e' }),
    endpoint('2.2.2.2', 8080, { app: 'f' }),
  ];
  const registered = [
    { host: 'x.server.svc.cluster.local', ports: { 7000: list } },
    { host: 'x.client.svc.cluster.local', ports: { 7000: [endpoint('3.3.3.3', 8080, { app: 'e' })] } },
  ];
  const selecting = { workloadSelector: { labels: { app: 'e' } } };
  assert.deepEqual(addresses([entry(selecting)], registered), { 80: [list[0]] });
  const [outside] = addresses([entry({ ...selecting, location: 'MESH_EXTERNAL' })], registered)[80] ?? [];
  assert.deepEqual(
    [outside?.mtls, outside?.spiffeId],
    [false, undefined],
    'outside the mesh nobody is known',
  );
});

test('a WorkloadEntry that nobody selects is no endpoint', () => {
  const found = addresses([entry({}), resource('WorkloadEntry', 'server/w', { address: '1.1.1.1' })]);
  assert.deepEqual(found, { 80: [] });
});

test('a Unix socket is an address without a port, for workloads of its own namespace', () => {
  const policy = [entry({ endpoints: [{ address: 'unix:///run/e.sock' }] })];
  const [found] = addresses(policy, [], { ...CLIENT, namespace: 'server' })[80] ?? [];
  assert.deepEqual(
    [found?.key, found?.address, found?.port],
    ['unix:///run/e.sock', 'unix:///run/e.sock', 0],
  );
  assert.deepEqual(addresses(policy), { 80: [] });
});

test('a service account that leads to another namespace is no identity', () => {
  const identity = (serviceAccount: string) => {
    const endpoints = [{ address: '1.1.1.1', serviceAccount }];
    return addresses([entry({ location: 'MESH_INTERNAL', endpoints })])[80]?.[0]?.spiffeId;
  };
  assert.equal(identity('a'), 'spiffe://cluster.local/ns/server/sa/a');
  for (const name of ['../../other/sa/a', '..', 'a/b', 'a b']) assert.equal(identity(name), undefined);
});

test('what is looked up as it is called has no endpoints under a wildcard, and itself under a name', () => {
  const resolution = (name: string, host: string) => {
    const spec = { hosts: [host], resolution: name };
    const { hosts, endpoints } = resolve([entry(spec)], [], [], CLIENT, { revision: 1, mesh: MESH });
    return [hosts[0]?.resolution, endpoints[0]?.ports[80]?.map(({ key }) => key)];
  };
  assert.deepEqual(resolution('DYNAMIC_DNS', '*.example.com'), ['none', []]);
  assert.deepEqual(resolution('NONE', '*.example.com'), ['none', []]);
  assert.deepEqual(resolution('NONE', 'e.example.com'), ['none', ['e.example.com:8080']]);
  assert.deepEqual(resolution('DNS_ROUND_ROBIN', 'e.example.com'), [
    'dns-round-robin',
    ['e.example.com:8080'],
  ]);
});

// -- routes --

test('headers that stand for claims become conditions on claims, however their prefix is written', () => {
  const match = {
    headers: {
      '@request.auth.claims.a.b': { exact: '1' },
      '@Request.Auth.Claims[x.y][Z]': { prefix: 'p' },
      plain: { exact: '2' },
    },
    withoutHeaders: { '@request.auth.claims.c': { exact: '3' }, '@request.auth.claims': {} },
  };
  const http = [
    {
      match: [match],
      route: [{ destination: { host: 'a' } }],
      retries: { attempts: 1, retryRemoteLocalities: true },
    },
  ];
  const routes = resource('VirtualService', 'server/v', { hosts: ['a'], http });
  const { hosts } = resolve([SERVICE, routes], [], [], CLIENT, { revision: 1, mesh: MESH });
  assert.deepEqual(hosts[0]?.routes[0]?.match, {
    headers: [
      { name: 'plain', match: { exact: '2' } },
      { name: '@request.auth.claims', match: { present: true }, invert: true },
    ],
    claims: [
      { path: ['a', 'b'], match: { exact: '1' } },
      { path: ['x.y', 'Z'], match: { prefix: 'p' } },
      { path: ['c'], match: { exact: '3' }, invert: true },
    ],
  });
  assert.equal(hosts[0]?.routes[0]?.retries?.remoteLocalities, true);
});
