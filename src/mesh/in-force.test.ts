import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InboundPolicy } from '../inbound/bind.js';
import type { Endpoint } from '../model/endpoint.js';
import { TelemetryPolicies } from '../observability/index.js';
import { Bench } from '../outbound/fixtures.test.helper.js';
import type { EffectiveHost, EffectivePolicy } from '../policy/effective.js';
import type { PolicySource, PolicyVerdict } from '../policy/source.js';
import { InForce } from './in-force.js';

const HOST = 'orders.default.svc.cluster.local';
const CLUSTER = `outbound|80||${HOST}`;

function endpoint(port: number): Endpoint {
  return { key: `127.0.0.1:${port}`, address: '127.0.0.1', port, labels: {}, weight: 1, mtls: false };
}

function policy(revision: number, ports: readonly number[], uri = '^/a$'): EffectivePolicy {
  const host: EffectiveHost = {
    host: HOST,
    domains: ['orders'],
    ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
    location: 'mesh',
    resolution: 'static',
    virtualService: 'default/orders',
    routes: [
      {
        index: 0,
        name: null,
        match: { uri: { regex: uri } },
        action: { kind: 'forward', destinations: [{ cluster: CLUSTER, weight: 1 }] },
        timeoutMs: null,
        retries: null,
      },
    ],
    clusters: [
      {
        name: CLUSTER,
        port: 80,
        subset: '',
        labels: {},
        balancer: { kind: 'round-robin' },
        connection: { connectTimeoutMs: 1_000, idleTimeoutMs: 1_000, maxRequestsPerConnection: 0 },
        limits: {},
        tls: { mode: 'disable' },
      },
    ],
  };
  return {
    revision,
    mesh: { trustDomain: 'cluster.local', outboundTrafficPolicy: 'REGISTRY_ONLY' },
    hosts: [host],
    endpoints: [{ host: HOST, ports: { 80: ports.map(endpoint) } }],
    inbound: { mtls: { mode: 'PERMISSIVE', ports: {} }, authorization: [], pathNormalization: 'BASE' },
  };
}

function setUp() {
  const bench = new Bench();
  bench.outbound.snapshot = null;
  const reports: [number, PolicyVerdict][] = [];
  const events: string[] = [];
  const source = { report: (revision: number, verdict: PolicyVerdict) => reports.push([revision, verdict]) };
  const telemetry = new TelemetryPolicies({
    workload: { namespace: 'default', serviceAccount: 'a', service: 'a', name: 'a-1', labels: {} },
    environment: () => undefined,
    format: () => () => '',
  });
  const inForce = new InForce({
    source: source as unknown as PolicySource,
    binder: bench.binder,
    outbound: bench.outbound,
    inbound: new InboundPolicy(),
    transport: bench.wire,
    telemetry,
    event: (name, { revision }) => events.push(`${name} ${revision}`),
  });
  const ports = () =>
    bench.outbound.snapshot?.clusters.get(CLUSTER)?.endpoints.map(({ endpoint }) => endpoint.port);
  return { bench, inForce, reports, events, ports, telemetry };
}

test('a good policy is in force and reported; endpoints that change within its revision are no news', () => {
  const { inForce, reports, events, ports } = setUp();
  inForce.offer(null);
  inForce.offer(policy(7, [1]));
  inForce.offer(policy(7, [1, 2]));
  assert.deepEqual(ports(), [1, 2]);
  assert.deepEqual(reports, [
    [7, { accepted: true }],
    [7, { accepted: true }],
  ]);
  assert.deepEqual(events, ['policy.accepted 7']);
});

test('a bad policy is refused and the good one stays, but endpoints that came with it count', () => {
  const { bench, inForce, reports, events, ports } = setUp();
  inForce.offer(policy(7, [1, 2]));
  inForce.offer(policy(8, [2, 3], '(')); // not RE2
  assert.equal(bench.outbound.snapshot?.revision, 7);
  assert.deepEqual(ports(), [2, 3]);
  assert.equal(reports[1]?.[0], 8);
  assert.equal(reports[1]?.[1].accepted, false);
  assert.deepEqual(events, ['policy.accepted 7', 'policy.refused 8']);
  inForce.offer(policy(9, [3]));
  assert.equal(bench.outbound.snapshot?.revision, 9);
  assert.equal(inForce.refusal, null);
});

test('a first policy that is bad leaves nothing in force, and says why', () => {
  const { bench, inForce } = setUp();
  inForce.offer(policy(1, [1], '('));
  assert.equal(bench.outbound.snapshot, null);
  assert.match(String(inForce.refusal), /HEDDLE_INVALID_POLICY.*orders/);
});

test('telemetry policy is swapped with the rest, and one that cannot be used refuses the whole', () => {
  const { bench, inForce, reports, telemetry } = setUp();
  const off = { accessLogging: [{ provider: '', disabled: true as const }] };
  inForce.offer({ ...policy(7, [1]), telemetry: { client: {}, server: off } });
  assert.equal(telemetry.client, null);
  assert.equal(telemetry.server?.accessLog?.on, false);
  const before = telemetry.server;
  const broken = { accessLogging: [{ provider: '', filter: ')++++' }] };
  inForce.offer({ ...policy(8, [1]), telemetry: { client: {}, server: broken } });
  assert.equal(bench.outbound.snapshot?.revision, 7);
  assert.match(JSON.stringify(reports[1]), /telemetry policy of revision 8 is refused/);
  assert.equal(telemetry.server, before);
  inForce.offer(policy(9, [1]));
  assert.equal(telemetry.server, null);
});
