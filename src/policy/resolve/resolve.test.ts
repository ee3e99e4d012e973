import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { EffectiveHost, EffectivePolicy } from '../effective.js';
import type { RegisteredService, Resource, Scope } from '../resource.js';
import { destinationHosts, resolve } from './index.js';

const MESH = { trustDomain: 'cluster.local', outboundTrafficPolicy: 'REGISTRY_ONLY' } as const;
const CLIENT: Scope = { namespace: 'default', service: 'web', labels: { app: 'web' } };

function resource(
  kind: string,
  name: string,
  spec: unknown,
  metadata: Partial<Resource['metadata']> = {},
): Resource {
  const group =
    kind === 'Service' ? 'v1' : kind === 'ResiliencePolicy' ? 'heddle.dev/v1' : 'networking.istio.io/v1';
  return { apiVersion: group, kind, metadata: { name, namespace: 'default', ...metadata }, spec };
}

const vs = (name: string, spec: object, metadata?: Partial<Resource['metadata']>) =>
  resource('VirtualService', name, spec, metadata);
const dr = (name: string, spec: object, metadata?: Partial<Resource['metadata']>) =>
  resource('DestinationRule', name, spec, metadata);
const service = (name: string, namespace = 'default', ...ports: number[]) =>
  resource(
    'Service',
    name,
    { ports: (ports.length === 0 ? [80] : ports).map((port) => ({ port, name: `http-${port}` })) },
    { namespace },
  );
const to = (host: string, subset?: string) => ({
  destination: { host, ...(subset !== undefined && { subset }) },
});

function policy(
  resources: Resource[],
  scope: Scope = CLIENT,
  services: RegisteredService[] = [],
): EffectivePolicy {
  return resolve(resources, services, [], scope, { revision: 1, mesh: MESH });
}

function host(resources: Resource[], name: string, scope: Scope = CLIENT): EffectiveHost {
  const found = policy(resources, scope).hosts.find((one) => one.host === name);
  return found ?? assert.fail(`no host ${name}`);
}

const A = 'a.default.svc.cluster.local';

function firstCluster(of: EffectiveHost): string {
  const action = of.routes[0]?.action;
  return action?.kind === 'forward' ? action.destinations[0]!.cluster : assert.fail('no destination');
}

// -- names --

test('a short name belongs to the namespace of the resource, a name with a dot stays as it is', () => {
  const rule = vs('x', { hosts: ['a', 'reviews.ns2'], http: [{ route: [to('a')] }] });
  assert.deepEqual(
    policy([rule]).hosts.map((one) => one.host),
    [A, 'reviews.ns2'],
  );
});

test('a service is called by short names, the shortest only within its own namespace', () => {
  assert.deepEqual(host([service('a')], A).domains, [A, 'a', 'a.default', 'a.default.svc']);
  assert.deepEqual(host([service('a')], A, { ...CLIENT, namespace: 'other' }).domains, [
    A,
    'a.default',
    'a.default.svc',
  ]);
});

test('a name that two hosts would have belongs to the one that is called so in full', () => {
  const entry = resource('ServiceEntry', 'e', {
    hosts: ['a.default'],
    ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
  });
  assert.deepEqual(host([service('a'), entry], A).domains, [A, 'a', 'a.default.svc']);
  assert.deepEqual(host([service('a'), entry], 'a.default').domains, ['a.default']);
});

// -- which VirtualService --

test('the oldest VirtualService keeps a mesh host and the second is ignored, not merged', () => {
  const rule = (name: string, time: string, target: string) =>
    vs(
      name,
      { hosts: ['a'], http: [{ match: [{ uri: { exact: `/${name}` } }], route: [to(target)] }] },
      { creationTimestamp: time },
    );
  const young = rule('a', '2024-02-01T00:00:00Z', 'young');
  const old = rule('b', '2024-01-01T00:00:00Z', 'old');
  const found = host([young, old, service('a')], A);
  assert.equal(found.virtualService, 'default/b');
  assert.equal(found.routes.length, 1);
});

test('an exact host beats a longer wildcard, which beats a shorter one', () => {
  const rule = (name: string, pattern: string) =>
    vs(name, { hosts: [pattern], http: [{ route: [to('x')] }] });
  const all = [
    rule('one', '*.local'),
    rule('two', '*.default.svc.cluster.local'),
    rule('three', A),
    service('a'),
    service('b'),
  ];
  assert.equal(host(all, A).virtualService, 'default/three');
  assert.equal(host(all, 'b.default.svc.cluster.local').virtualService, 'default/two');
  assert.equal(
    policy(all).hosts.some((one) => one.host.startsWith('*')),
    false,
    'the wildcards stand for services',
  );
});

test('a wildcard without a service under it is a host of its own', () => {
  const found = host([vs('w', { hosts: ['*.example.com'], http: [{ route: [to('x')] }] })], '*.example.com');
  assert.deepEqual(found.domains, ['*.example.com']);
});

test('exportTo hides a VirtualService from other namespaces', () => {
  const rule = (exportTo: string[]) => [
    vs('x', { hosts: ['a'], exportTo, http: [{ route: [to('b')] }] }),
    service('a'),
  ];
  const elsewhere = { ...CLIENT, namespace: 'other' };
  assert.equal(host(rule(['.']), A, elsewhere).virtualService, null);
  assert.equal(host(rule(['.']), A).virtualService, 'default/x');
  assert.equal(host(rule(['other']), A, elsewhere).virtualService, 'default/x');
  assert.equal(host(rule(['~']), A).virtualService, null);
});

test('a VirtualService bound to a gateway says nothing to the mesh, and the other way round', () => {
  const rule = vs('x', { hosts: ['a.example'], gateways: ['gw'], http: [{ route: [to('a')] }] });
  assert.equal(
    policy([rule, service('a')]).hosts.some((one) => one.host === 'a.example'),
    false,
  );
  const atGateway = policy([rule, service('a')], { ...CLIENT, gateway: 'default/gw' });
  const found = atGateway.hosts.find((one) => one.host === 'a.example');
  assert.equal(found?.virtualService, 'default/x');
  const plain = atGateway.hosts.find((one) => one.host === A);
  assert.deepEqual(plain?.domains, [], 'a gateway opens only what a VirtualService names');
  assert.equal(plain?.clusters.length, 1, 'but it can send there');
});

test('at a gateway the rules of several VirtualServices are put together, catch-alls last', () => {
  const rule = (name: string, match?: object) =>
    vs(name, {
      hosts: ['a.example'],
      gateways: ['gw'],
      http: [{ name, ...(match && { match: [match] }), route: [to('a')] }],
    });
  const found = host([rule('a'), rule('b', { uri: { prefix: '/b' } })], 'a.example', {
    ...CLIENT,
    gateway: 'default/gw',
  });
  assert.deepEqual(
    found.routes.map(({ name }) => name),
    ['b', 'a'],
  );
});

// -- rules --

test('gateways in a match mask the conditions on the caller', () => {
  const rule = (match: object) => [
    vs('x', { hosts: ['a'], http: [{ match: [match], route: [to('b')] }] }),
    service('a'),
  ];
  assert.equal(host(rule({ sourceLabels: { app: 'other' } }), A).virtualService, null);
  assert.equal(host(rule({ sourceLabels: { app: 'web' } }), A).routes.length, 1);
  assert.equal(host(rule({ sourceLabels: { app: 'other' }, gateways: ['mesh'] }), A).routes.length, 1);
  assert.equal(host(rule({ sourceNamespace: 'other' }), A).virtualService, null);
  assert.equal(host(rule({ sourceNamespace: 'other', gateways: ['mesh'] }), A).routes.length, 1);
});

test('each match is a route of its own and nothing follows one that takes everything', () => {
  const found = host(
    [
      vs('x', {
        hosts: ['a'],
        http: [
          {
            name: 'r',
            match: [{ name: 'm', uri: { exact: '/1' } }, { uri: { exact: '/2' } }],
            route: [to('a')],
          },
          { match: [{ uri: { prefix: '/' } }], route: [to('a')] },
          { route: [to('a')] },
        ],
      }),
    ],
    A,
  );
  assert.deepEqual(
    found.routes.map(({ index, name }) => [index, name]),
    [
      [0, 'r.m'],
      [0, 'r'],
      [1, null],
    ],
  );
});

test('the port of a destination is the written one, else the only one, else the one addressed', () => {
  const rule = (destination: object) => vs('x', { hosts: ['c'], http: [{ route: [{ destination }] }] });
  const cluster = (destination: object, ...ports: number[]) =>
    firstCluster(host([rule(destination), service('a', 'default', ...ports)], 'c.default.svc.cluster.local'));
  assert.equal(cluster({ host: 'a', port: { number: 81 } }, 80, 81), `outbound|81||${A}`);
  assert.equal(cluster({ host: 'a', subset: 'v1' }, 8080), `outbound|8080|v1|${A}`);
  assert.equal(cluster({ host: 'a' }, 80, 81), `outbound|0||${A}`);
});

test('among several destinations those of weight 0 are left out', () => {
  const route = [
    { ...to('a'), weight: 0 },
    { ...to('b'), weight: 1 },
    { ...to('c'), weight: 2 },
  ];
  const [first] = host([vs('x', { hosts: ['a'], http: [{ route }] })], A).routes;
  assert.deepEqual(
    first?.action.kind === 'forward' && first.action.destinations.map(({ weight }) => weight),
    [1, 2],
  );
});

test('no timeout is none, no retries are the default ones, and a fault without percentage never fires', () => {
  const [first] = host(
    [vs('x', { hosts: ['a'], http: [{ route: [to('a')], fault: { abort: { httpStatus: 500 } } }] })],
    A,
  ).routes;
  assert.equal(first?.timeoutMs, null);
  assert.equal(first?.retries?.attempts, 2);
  assert.equal(first?.retries?.explicit, false);
  assert.deepEqual(first?.fault, { abort: { percent: 0, httpStatus: 500 } });
});

test('retries of a sticky destination may use the same endpoint again', () => {
  const hash = { loadBalancer: { consistentHash: { httpHeaderName: 'u' } } };
  const rule = vs('x', { hosts: ['a'], http: [{ route: [to('a')] }] });
  const found = host([rule, service('a'), dr('d', { host: 'a', trafficPolicy: hash })], A);
  assert.equal(found.routes[0]?.retries?.ignorePreviousHosts, false);
  assert.equal(host([rule, service('a')], A).routes[0]?.retries?.ignorePreviousHosts, true);
});

test('mirrors without a percentage take all, with an empty or zero one none', () => {
  const mirrors = (parts: object) =>
    host([vs('x', { hosts: ['a'], http: [{ route: [to('a')], ...parts }] })], A).routes[0]?.mirrors;
  assert.deepEqual(mirrors({ mirror: { host: 'b' } }), [
    { cluster: 'outbound|0||b.default.svc.cluster.local', percentage: 100 },
  ]);
  assert.equal(mirrors({ mirror: { host: 'b' }, mirrorPercentage: { value: 0 } }), undefined);
  assert.equal(
    mirrors({ mirrors: [{ destination: { host: 'b' }, percentage: { value: 5 } }] })?.[0]?.percentage,
    5,
  );
});

test('whoever calls a host must know the hosts that its routes and mirrors name', () => {
  const found = host([vs('x', { hosts: ['a'], http: [{ route: [to('b')], mirror: { host: 'c' } }] })], A);
  assert.deepEqual(destinationHosts(found), ['b.default.svc.cluster.local', 'c.default.svc.cluster.local']);
});

// -- DestinationRules --

const subset = (name: string, trafficPolicy?: object) => ({
  name,
  labels: { version: name },
  ...(trafficPolicy && { trafficPolicy }),
});
const names = (of: EffectiveHost) => of.clusters.map((cluster) => cluster.name);

test('every port has a cluster for all endpoints and one for each subset', () => {
  const found = host([service('a', 'default', 80, 81), dr('d', { host: 'a', subsets: [subset('v1')] })], A);
  assert.deepEqual(names(found), [
    `outbound|80||${A}`,
    `outbound|80|v1|${A}`,
    `outbound|81||${A}`,
    `outbound|81|v1|${A}`,
  ]);
  assert.deepEqual(found.clusters[1]?.labels, { version: 'v1' });
});

test('the first namespace with a rule wins, even if it lacks the subset', () => {
  const inClient = dr('mine', { host: `a.default.svc.cluster.local` }, { namespace: 'other' });
  const inService = dr('theirs', { host: 'a', subsets: [subset('v1')] });
  const found = host([service('a'), inClient, inService], A, { ...CLIENT, namespace: 'other' });
  assert.deepEqual(names(found), [`outbound|80||${A}`]);
  assert.equal(names(host([service('a'), inClient, inService], A)).length, 2);
});

test('within a namespace the most specific host wins', () => {
  const wide = dr('wide', { host: '*.svc.cluster.local', subsets: [subset('wide')] });
  const exact = dr('exact', { host: 'a', subsets: [subset('exact')] });
  assert.deepEqual(names(host([service('a'), wide, exact], A)).at(-1), `outbound|80|exact|${A}`);
});

test('rules of the same host add new subsets; a later policy counts only if the first had none', () => {
  const first = dr('a1', { host: 'a', subsets: [subset('v1')] });
  const second = dr('a2', {
    host: 'a',
    subsets: [{ name: 'v1', labels: { other: 'x' } }, subset('v2')],
    trafficPolicy: { loadBalancer: { simple: 'RANDOM' } },
  });
  const third = dr('a3', { host: 'a', trafficPolicy: { loadBalancer: { simple: 'ROUND_ROBIN' } } });
  const { clusters } = host([third, second, first, service('a')], A);
  assert.deepEqual(
    clusters.map((cluster) => cluster.subset),
    ['', 'v1', 'v2'],
  );
  assert.deepEqual(clusters[1]?.labels, { version: 'v1' });
  assert.equal(clusters[0]?.balancer.kind, 'random');
});

test('a rule that selects its clients beats one that does not, in its own namespace only', () => {
  const all = dr('all', { host: 'a', trafficPolicy: { loadBalancer: { simple: 'RANDOM' } } });
  const some = dr('some', {
    host: 'a',
    workloadSelector: { matchLabels: { app: 'web' } },
    trafficPolicy: { loadBalancer: { simple: 'ROUND_ROBIN' } },
  });
  const kind = (scope: Scope) => host([service('a'), all, some], A, scope).clusters[0]?.balancer.kind;
  assert.equal(kind(CLIENT), 'round-robin');
  assert.equal(kind({ ...CLIENT, labels: {} }), 'random');
  assert.equal(kind({ ...CLIENT, namespace: 'other' }), 'random');
});

test('a port with TLS only loses the outlier detection of the destination', () => {
  const trafficPolicy = {
    outlierDetection: { consecutive5xxErrors: 3 },
    portLevelSettings: [{ port: { number: 80 }, tls: { mode: 'DISABLE' } }],
  };
  const { clusters } = host([service('a', 'default', 80, 81), dr('d', { host: 'a', trafficPolicy })], A);
  assert.equal(clusters[0]?.outlier, undefined);
  assert.deepEqual(clusters[0]?.tls, { mode: 'disable' });
  assert.equal(clusters[1]?.outlier?.consecutive5xx, 3);
});

test('a subset replaces whole blocks and keeps the others; its port entry replaces all four', () => {
  const trafficPolicy = {
    loadBalancer: { simple: 'RANDOM' },
    outlierDetection: { consecutive5xxErrors: 3, interval: '1s' },
  };
  const own = {
    outlierDetection: { consecutive5xxErrors: 7 },
    portLevelSettings: [{ port: { number: 81 }, connectionPool: { http: { maxRetries: 1 } } }],
  };
  const { clusters } = host(
    [service('a', 'default', 80, 81), dr('d', { host: 'a', trafficPolicy, subsets: [subset('v1', own)] })],
    A,
  );
  const at = (port: number) => clusters.find((cluster) => cluster.port === port && cluster.subset === 'v1');
  assert.equal(at(80)?.balancer.kind, 'random');
  assert.equal(at(80)?.outlier?.consecutive5xx, 7);
  assert.equal(at(80)?.outlier?.intervalMs, 10_000, 'not merged within the block');
  assert.equal(at(81)?.balancer.kind, 'least-request');
  assert.equal(at(81)?.outlier, undefined);
  assert.deepEqual(at(81)?.limits, { maxRetries: 1 });
});

test('a cluster without a rule has the defaults of Istio', () => {
  assert.deepEqual(host([service('a')], A).clusters[0], {
    name: `outbound|80||${A}`,
    port: 80,
    subset: '',
    labels: {},
    balancer: { kind: 'least-request' },
    connection: { connectTimeoutMs: 10_000, idleTimeoutMs: 3_600_000, maxRequestsPerConnection: 0 },
    limits: {},
    tls: { mode: 'auto', sni: `outbound_.80_._.${A}` },
  });
});

test('a ResiliencePolicy gives a breaker and a retry budget to all clusters of its host', () => {
  const spec = { host: 'a', breaker: { window: '2s' }, retryBudget: { percent: 10 } };
  const [cluster] = host([service('a'), resource('ResiliencePolicy', 'r', spec)], A).clusters;
  assert.deepEqual(cluster?.breaker, {
    errorThresholdPercent: 50,
    volumeThreshold: 10,
    windowMs: 2_000,
    openMs: 5_000,
  });
  assert.deepEqual(cluster?.retryBudget, { budgetPercent: 10, minRetryConcurrency: 3 });
});

// -- services and endpoints --

test('a ServiceEntry lists endpoints with ports by name, and outside the mesh TLS is off', () => {
  const entry = resource('ServiceEntry', 'e', {
    hosts: ['api.example'],
    addresses: ['10.9.9.9'],
    ports: [{ number: 443, name: 'https', protocol: 'HTTPS', targetPort: 8443 }],
    resolution: 'STATIC',
    endpoints: [{ address: '10.0.0.1' }, { address: '10.0.0.2', ports: { https: 9443 }, weight: 3 }],
  });
  const found = policy([entry]);
  assert.deepEqual(found.hosts[0]?.domains, ['api.example', '10.9.9.9']);
  assert.deepEqual(found.hosts[0]?.clusters[0]?.tls, { mode: 'disable' });
  assert.deepEqual(
    found.endpoints[0]?.ports['443']?.map(({ key, weight }) => [key, weight]),
    [
      ['10.0.0.1:8443', 1],
      ['10.0.0.2:9443', 3],
    ],
  );
});

test('without endpoints the host itself is the endpoint, for DNS and NONE', () => {
  for (const resolution of ['DNS', 'NONE']) {
    const ports = [{ number: 80, name: 'http', protocol: 'HTTP' }];
    const found = policy([resource('ServiceEntry', 'e', { hosts: ['api.example'], ports, resolution })]);
    assert.equal(found.endpoints[0]?.ports['80']?.[0]?.key, 'api.example:80');
  }
});

test('an endpoint inside the mesh carries the identity of its service account', () => {
  const entry = resource('ServiceEntry', 'e', {
    hosts: ['db.example'],
    location: 'MESH_INTERNAL',
    resolution: 'STATIC',
    ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
    endpoints: [
      { address: '10.0.0.1', serviceAccount: 'db', labels: { 'security.istio.io/tlsMode': 'istio' } },
    ],
  });
  const endpoint = policy([entry]).endpoints[0]?.ports['80']?.[0];
  assert.equal(endpoint?.spiffeId, 'spiffe://cluster.local/ns/default/sa/db');
  assert.equal(endpoint.mtls, true);
});

test('names that every object has are only names', () => {
  const entry = resource('ServiceEntry', 'e', {
    hosts: ['api.example'],
    ports: [{ number: 80, name: 'constructor', protocol: 'HTTP' }],
    resolution: 'STATIC',
    endpoints: [{ address: '10.0.0.1', ports: { other: 1 } }],
  });
  assert.equal(policy([entry]).endpoints[0]?.ports['80']?.[0]?.port, 80);
  const document = resource('Service', 'a', { ports: [{ port: 80, name: 'constructor' }] });
  assert.equal(host([document], A).ports[0]?.protocol, 'HTTP');
});

test('ports that workloads registered join those of the Service document', () => {
  const registered = [
    { host: A, namespace: 'default', ports: [{ number: 90, name: 'grpc', protocol: 'GRPC' }] },
  ];
  const [found] = policy([service('a')], CLIENT, registered).hosts;
  assert.deepEqual(
    found?.ports.map(({ number, protocol }) => [number, protocol]),
    [
      [80, 'HTTP'],
      [90, 'GRPC'],
    ],
  );
});

test('endpoints of hosts that the workload may not see are not told', () => {
  const entry = resource('ServiceEntry', 'e', {
    hosts: ['api.example'],
    exportTo: ['.'],
    ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
    resolution: 'DNS',
  });
  const found = policy([entry], { ...CLIENT, namespace: 'other' });
  assert.deepEqual([found.hosts, found.endpoints], [[], []]);
});

// -- the whole --

test('the order of documents does not matter', () => {
  const resources = [
    service('a', 'default', 80, 81),
    service('b'),
    vs('one', { hosts: ['a'], http: [{ route: [to('b')] }] }, { creationTimestamp: '2024-01-02T00:00:00Z' }),
    vs(
      'two',
      { hosts: ['a', 'c'], http: [{ route: [to('a', 'v1')] }] },
      { creationTimestamp: '2024-01-01T00:00:00Z' },
    ),
    vs('three', { hosts: ['*.local'], http: [{ route: [to('a')] }] }),
    dr('d1', { host: 'a', subsets: [subset('v1')] }),
    dr('d2', { host: 'a', subsets: [subset('v2')], trafficPolicy: { loadBalancer: { simple: 'RANDOM' } } }),
    resource('ServiceEntry', 'e', {
      hosts: ['x.example'],
      ports: [{ number: 80, name: 'http' }],
      resolution: 'DNS',
    }),
  ];
  const expected = JSON.stringify(policy(resources));
  fc.assert(
    fc.property(fc.shuffledSubarray(resources, { minLength: resources.length }), (shuffled) => {
      assert.equal(JSON.stringify(policy(shuffled)), expected);
    }),
    { numRuns: 100, seed: 3 },
  );
});

test('what is resolved survives JSON', () => {
  const resources = [service('a'), vs('x', { hosts: ['a'], http: [{ route: [to('a')], timeout: '1s' }] })];
  const found = policy(resources);
  assert.deepEqual(JSON.parse(JSON.stringify(found)), found);
});

test('a Service is seen by the namespaces that its annotation names', () => {
  const seenFrom = (exportTo: string, namespace: string) => {
    const shared = { ...service('a'), metadata: { name: 'a', namespace: 'default' } };
    const annotations = { 'networking.istio.io/exportTo': exportTo };
    const documents = [{ ...shared, metadata: { ...shared.metadata, annotations } }];
    return policy(documents, { ...CLIENT, namespace }).hosts.some((one) => one.host === A);
  };
  assert.equal(seenFrom('banana, .', 'banana'), true);
  assert.equal(seenFrom('banana, .', 'default'), true);
  assert.equal(seenFrom('banana, .', 'other'), false);
  assert.equal(seenFrom('*', 'other'), true);
});

test('with nothing to hash a host is picked at random', () => {
  for (const consistentHash of [{}, { useSourceIp: false }, { maglev: { tableSize: 3 } }]) {
    const rule = dr('x', { host: 'a', trafficPolicy: { loadBalancer: { consistentHash } } });
    const cluster = host([service('a'), rule], A).clusters[0];
    assert.deepEqual(cluster?.balancer, { kind: 'random' });
  }
});

test('a wildcard host can be a destination', () => {
  const wild = '*.a.example';
  const entry = resource('ServiceEntry', 'x', {
    hosts: [wild],
    ports: [{ number: 80, name: 'p', protocol: 'HTTP' }],
  });
  const rule = vs('x', { hosts: [wild], http: [{ route: [to(wild)] }] });
  assert.equal(firstCluster(host([entry, rule], wild)), `outbound|80||${wild}`);
});
