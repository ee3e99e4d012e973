/** Whatever changes in whatever order: what is kept up to date says the same as what is resolved from nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { EffectiveEndpoints, EffectivePolicy } from '../effective.js';
import type { RegisteredService, Resource, Scope } from '../resource.js';
import { Prepared, prepare, resolvePrepared, ScopedPolicy } from './index.js';

const MESH = { trustDomain: 'cluster.local', outboundTrafficPolicy: 'REGISTRY_ONLY' } as const;
const SCOPES: readonly Scope[] = [
  { namespace: 'one', service: 'web', labels: { app: 'web' } },
  { namespace: 'two', service: 'api', labels: { app: 'api', version: 'v1' } },
  { namespace: 'istio-system', service: 'edge', labels: {} },
  { namespace: 'one', service: 'edge', labels: { app: 'edge' }, gateway: 'one/edge' },
];

const namespace = fc.constantFrom('one', 'two', 'istio-system');
const label = fc.constantFrom<Record<string, string>>({ app: 'web' }, { app: 'api' }, { version: 'v1' }, {});
const host = fc.constantFrom(
  'a',
  'b',
  'c',
  'a.one.svc.cluster.local',
  'b.two.svc.cluster.local',
  'x.example.com',
  'y.example.com',
  '*.example.com',
  '*.svc.cluster.local',
  '*',
);
const exportTo = fc.option(fc.constantFrom(['*'], ['.'], ['two'], ['one', '.'], ['~']), { nil: undefined });
const gateways = fc.option(fc.constantFrom(['mesh'], ['edge'], ['one/edge', 'mesh']), { nil: undefined });
const port = fc.option(fc.constantFrom({ number: 80 }, { number: 81 }), { nil: undefined });
const destination = fc.record({
  host,
  subset: fc.option(fc.constantFrom('v1', 'v2'), { nil: undefined }),
  port,
});
const route = fc.array(fc.record({ destination, weight: fc.nat(2) }), { minLength: 1, maxLength: 2 });
const match = fc.array(
  fc.record(
    {
      uri: fc.constantFrom({ prefix: '/' }, { exact: '/a' }),
      sourceNamespace: namespace,
      sourceLabels: label,
      gateways: fc.constantFrom(['mesh'], ['edge']),
      port: fc.constantFrom(80, 81),
    },
    { requiredKeys: [] },
  ),
  { minLength: 1, maxLength: 2 },
);
const rule = fc.oneof(
  fc.record({ route, match: fc.option(match, { nil: undefined }) }),
  fc.record({
    delegate: fc.record({ name: fc.constantFrom('r0', 'r1', 'r2'), namespace }, { requiredKeys: ['name'] }),
    match: fc.option(match, { nil: undefined }),
  }),
);
const connection = fc.record({
  match: fc.array(fc.record({ sniHosts: fc.constant(['x.example.com']), sourceLabels: label }), {
    minLength: 1,
    maxLength: 2,
  }),
  route,
});
const virtualService = fc.record({
  hosts: fc.array(host, { maxLength: 2 }),
  gateways,
  exportTo,
  http: fc.array(rule, { maxLength: 2 }),
  tls: fc.option(fc.array(connection, { maxLength: 1 }), { nil: undefined }),
});
const destinationRule = fc.record({
  host,
  exportTo,
  workloadSelector: fc.option(
    label.map((matchLabels) => ({ matchLabels })),
    { nil: undefined },
  ),
  subsets: fc.array(fc.record({ name: fc.constantFrom('v1', 'v2'), labels: label }), { maxLength: 2 }),
  trafficPolicy: fc.constantFrom(
    undefined,
    { loadBalancer: { simple: 'RANDOM' } },
    { loadBalancer: { consistentHash: { useSourceIp: true } } },
  ),
});
const serviceEntry = fc
  .record({
    hosts: fc.array(
      host.filter((name) => name !== '*'),
      { minLength: 1, maxLength: 2 },
    ),
    exportTo,
    location: fc.constantFrom('MESH_INTERNAL', 'MESH_EXTERNAL'),
    resolution: fc.constantFrom('STATIC', 'DNS', 'NONE'),
    addresses: fc.constantFrom([], ['10.0.0.1'], ['10.0.0.2']),
    ports: fc.constantFrom(
      [{ number: 80, name: 'http', protocol: 'HTTP' }],
      [
        { number: 80, name: 'http', protocol: 'HTTP' },
        { number: 81, name: 'more', protocol: 'TCP' },
      ],
    ),
  })
  .chain((spec) =>
    fc
      .oneof(
        fc.constant({}),
        label.map((labels) => ({ workloadSelector: { labels } })),
        label.map((labels) => ({ endpoints: [{ address: '1.1.1.1', labels }] })),
      )
      .map((endpoints) => ({ ...spec, ...endpoints })),
  );
const sidecar = fc.record({
  workloadSelector: fc.option(
    label.map((labels) => ({ labels })),
    { nil: undefined },
  ),
  egress: fc.array(
    fc.record(
      {
        port: fc.constant({ number: 80, protocol: 'HTTP', name: 'http' }),
        hosts: fc.array(
          fc.constantFrom(
            './*',
            '*/*',
            'one/*',
            '*/x.example.com',
            '~/y.example.com',
            'two/b.two.svc.cluster.local',
          ),
          { minLength: 1, maxLength: 2 },
        ),
      },
      { requiredKeys: ['hosts'] },
    ),
    { minLength: 1, maxLength: 2 },
  ),
  outboundTrafficPolicy: fc.constantFrom(
    undefined,
    {},
    { mode: 'ALLOW_ANY', egressProxy: { host: 'x.example.com', port: { number: 80 } } },
  ),
});
const gateway = fc.record({
  selector: fc.constant({ app: 'edge' }),
  servers: fc.array(
    fc.record({
      port: fc.constant({ number: 80, name: 'http', protocol: 'HTTP' }),
      hosts: fc.constantFrom(['*'], ['./x.example.com'], ['two/*']),
    }),
    { maxLength: 2 },
  ),
});
const workloadEntry = fc.record({ address: fc.constantFrom('2.2.2.2', '3.3.3.3'), labels: label });
const telemetry = fc.record({
  selector: fc.option(
    label.map((matchLabels) => ({ matchLabels })),
    { nil: undefined },
  ),
  accessLogging: fc.constant([{ disabled: true }]),
});
const authorization = fc.record({
  selector: fc.option(
    label.map((matchLabels) => ({ matchLabels })),
    { nil: undefined },
  ),
  action: fc.constantFrom('ALLOW', 'DENY'),
  rules: fc.constant([{}]),
});

const spec = fc.oneof(
  {
    weight: 4,
    arbitrary: virtualService.map((value) => ['networking.istio.io/v1', 'VirtualService', value]),
  },
  {
    weight: 2,
    arbitrary: destinationRule.map((value) => ['networking.istio.io/v1', 'DestinationRule', value]),
  },
  { weight: 3, arbitrary: serviceEntry.map((value) => ['networking.istio.io/v1', 'ServiceEntry', value]) },
  sidecar.map((value) => ['networking.istio.io/v1', 'Sidecar', value]),
  gateway.map((value) => ['networking.istio.io/v1', 'Gateway', value]),
  workloadEntry.map((value) => ['networking.istio.io/v1', 'WorkloadEntry', value]),
  telemetry.map((value) => ['telemetry.istio.io/v1', 'Telemetry', value]),
  authorization.map((value) => ['security.istio.io/v1', 'AuthorizationPolicy', value]),
  fc
    .constantFrom([80], [80, 81])
    .map((ports) => ['v1', 'Service', { ports: ports.map((number) => ({ port: number })) }]),
  fc
    .constantFrom('a.one.svc.cluster.local', 'b.two.svc.cluster.local', 'x.example.com')
    .map((externalName) => ['v1', 'Service', { type: 'ExternalName', externalName, ports: [{ port: 80 }] }]),
);

const resource: fc.Arbitrary<Resource> = fc
  .record({
    spec,
    namespace,
    number: fc.nat(2),
    time: fc.constantFrom('2024-01-01T00:00:00Z', '2024-01-02T00:00:00Z'),
  })
  .map(({ spec: [apiVersion, kind, value], namespace: where, number, time }) => ({
    apiVersion: apiVersion as string,
    kind: kind as string,
    metadata: {
      name: kind === 'Gateway' ? 'edge' : kind === 'Service' ? ['a', 'b', 'c'][number]! : `r${number}`,
      namespace: kind === 'Gateway' ? 'one' : where,
      creationTimestamp: time,
    },
    // What is undefined is not in a document.
    spec: JSON.parse(JSON.stringify(value)),
  }));

type Step =
  | { readonly kind: 'upsert'; readonly resources: readonly Resource[] }
  | { readonly kind: 'remove'; readonly which: number }
  | { readonly kind: 'register'; readonly registered: readonly (readonly [string, string, number])[] };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .array(resource, { minLength: 1, maxLength: 3 })
      .map((resources) => ({ kind: 'upsert' as const, resources })),
  },
  { weight: 3, arbitrary: fc.nat(20).map((which) => ({ kind: 'remove' as const, which })) },
  fc
    .array(fc.tuple(fc.constantFrom('a', 'b', 'd'), namespace, fc.constantFrom(80, 81)), { maxLength: 3 })
    .map((registered) => ({ kind: 'register' as const, registered })),
);

function registrations(of: readonly (readonly [string, string, number])[]) {
  const services = new Map<string, RegisteredService>();
  const endpoints = new Map<string, EffectiveEndpoints>();
  for (const [name, where, number] of of) {
    const full = `${name}.${where}.svc.cluster.local`;
    services.set(full, { host: full, namespace: where, ports: [{ number, name: 'http', protocol: 'HTTP' }] });
    const endpoint = {
      key: `9.9.9.9:${number}`,
      address: '9.9.9.9',
      port: number,
      labels: { app: name === 'a' ? 'web' : 'api' },
    };
    endpoints.set(full, { host: full, ports: { [number]: [{ ...endpoint, weight: 1, mtls: false }] } });
  }
  return { services: [...services.values()], endpoints: [...endpoints.values()] };
}

const keyOf = ({ kind, metadata }: Resource) => `${kind}/${metadata.namespace}/${metadata.name}`;

test('after any changes the kept policy of every scope equals the one from nothing, and what is equal is the same', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (steps) => {
      const prepared = new Prepared();
      const kept = SCOPES.map((scope) => new ScopedPolicy(prepared, scope, MESH));
      let before: EffectivePolicy[] = [];
      const held = new Map<string, Resource>();
      let registered = registrations([]);
      for (const [number, one] of steps.entries()) {
        if (one.kind === 'register') {
          registered = registrations(one.registered);
          prepared.register(registered.services, registered.endpoints);
        } else if (one.kind === 'upsert') {
          for (const upserted of one.resources) held.set(keyOf(upserted), upserted);
          prepared.change({ upsert: one.resources });
        } else {
          const removed = [...held.values()][one.which % Math.max(held.size, 1)];
          if (removed !== undefined) held.delete(keyOf(removed));
          prepared.change({ remove: removed === undefined ? [] : [removed] });
        }
        // A view may miss some of the changes in between.
        if (number % 2 === 0 && number < steps.length - 1) continue;
        const anew = prepare([...held.values()], registered.services, registered.endpoints);
        const now = kept.map((scoped) => scoped.policy(number));
        for (const [index, scope] of SCOPES.entries()) {
          assert.deepEqual(now[index], resolvePrepared(anew, scope, { revision: number, mesh: MESH }));
          assertKept(before[index], now[index]!);
        }
        before = now;
      }
    }),
    { numRuns: 150, includeErrorInReport: true },
  );
});

/** What says the same as before is the same object. */
function assertKept(before: EffectivePolicy | undefined, now: EffectivePolicy): void {
  if (before === undefined) return;
  const hosts = new Map(before.hosts.map((one) => [one.host, one]));
  for (const one of now.hosts) {
    const present = hosts.get(one.host);
    if (present !== undefined && JSON.stringify(present) === JSON.stringify(one)) assert.equal(one, present);
  }
  const endpoints = new Map(before.endpoints.map((one) => [one.host, one]));
  for (const one of now.endpoints) {
    const present = endpoints.get(one.host);
    if (present !== undefined && JSON.stringify(present) === JSON.stringify(one)) assert.equal(one, present);
  }
  if (JSON.stringify(before.inbound) === JSON.stringify(now.inbound))
    assert.equal(now.inbound, before.inbound);
  if (JSON.stringify(before.mesh) === JSON.stringify(now.mesh)) assert.equal(now.mesh, before.mesh);
}
