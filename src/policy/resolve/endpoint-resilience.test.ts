import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Resource } from '../resource.js';
import { resolve } from './index.js';

const HOST = 'ratings.shop.svc.cluster.local';

function resource(kind: string, spec: object): Resource {
  const apiVersion = kind === 'ResiliencePolicy' ? 'heddle.dev/v1' : 'networking.istio.io/v1';
  return { apiVersion, kind, metadata: { name: 'it', namespace: 'web' }, spec };
}

/** @param policy a ResiliencePolicy of the host @param traffic a DestinationRule's trafficPolicy */
function clusterOf(policy: object, traffic?: object) {
  const resources = [resource('ResiliencePolicy', { host: HOST, ...policy })];
  if (traffic !== undefined)
    resources.push(resource('DestinationRule', { host: HOST, trafficPolicy: traffic }));
  const services = [
    { host: HOST, namespace: 'shop', ports: [{ number: 80, name: 'http', protocol: 'HTTP' }] },
  ];
  const { hosts } = resolve(
    resources,
    services,
    [],
    { namespace: 'web', service: 'web', labels: {} },
    {
      revision: 1,
      mesh: { trustDomain: 'cluster.local', outboundTrafficPolicy: 'REGISTRY_ONLY' },
    },
  );
  return hosts.find(({ host }) => host === HOST)!.clusters[0]!;
}

const PEAK = { loadBalancer: { peakEwma: {} } };

test('peak EWMA takes the place of a simple balancer and keeps its warm-up', () => {
  assert.deepEqual(clusterOf(PEAK).balancer, { kind: 'peak-ewma', decayMs: 10_000 });
  assert.deepEqual(clusterOf({ loadBalancer: { peakEwma: { decay: '1.5s' } } }).balancer, {
    kind: 'peak-ewma',
    decayMs: 1_500,
  });
  const traffic = { loadBalancer: { simple: 'ROUND_ROBIN', warmup: { duration: '30s' } } };
  assert.deepEqual(clusterOf(PEAK, traffic).balancer, {
    kind: 'peak-ewma',
    decayMs: 10_000,
    warmup: { durationMs: 30_000, minimumPercent: 10, aggression: 1 },
  });
  assert.equal(clusterOf(PEAK, { loadBalancer: { simple: 'RANDOM' } }).balancer.kind, 'peak-ewma');
});

test('a hash, and a caller that names the address, come before peak EWMA', () => {
  const hash = { loadBalancer: { consistentHash: { httpHeaderName: 'x-user' } } };
  assert.equal(clusterOf(PEAK, hash).balancer.kind, 'consistent-hash');
  const passed = { loadBalancer: { simple: 'PASSTHROUGH' } };
  assert.equal(clusterOf(PEAK, passed).balancer.kind, 'passthrough');
});

test('subsetting: what is left open is filled in; nothing is said where policy says nothing', () => {
  const of = (subsetting: object) => clusterOf({ subsetting }).subsetting;
  assert.deepEqual(of({}), { enabled: true, minEndpoints: 50, threshold: 100 });
  assert.deepEqual(of({ minEndpoints: 8 }), { enabled: true, minEndpoints: 8, threshold: 16 });
  assert.deepEqual(of({ enabled: false }), { enabled: false, minEndpoints: 50, threshold: 100 });
  assert.equal('subsetting' in clusterOf(PEAK), false);
});

const STATISTICS = { successRate: {}, failurePercentage: {} };
const FILLED = {
  successRate: { minimumHosts: 5, requestVolume: 100, stdevFactor: 1.9, enforcingPercent: 100 },
  failurePercentage: { thresholdPercent: 85, minimumHosts: 5, requestVolume: 50, enforcingPercent: 100 },
};

test('statistics without a DestinationRule: nothing else is counted', () => {
  assert.deepEqual(clusterOf({ outlierDetection: STATISTICS }).outlier, {
    consecutive5xx: 0,
    consecutiveGatewayErrors: 0,
    splitLocalOrigin: false,
    consecutiveLocalOriginFailures: 5,
    intervalMs: 10_000,
    baseEjectionTimeMs: 30_000,
    maxEjectionPercent: 10,
    minHealthPercent: 0,
    ...FILLED,
  });
});

test('statistics join with what a DestinationRule detects; of times and limits those of the ResiliencePolicy count', () => {
  const traffic = {
    outlierDetection: {
      consecutive5xxErrors: 3,
      interval: '1s',
      baseEjectionTime: '2s',
      maxEjectionPercent: 20,
      minHealthPercent: 30,
    },
  };
  const rule = clusterOf(PEAK, traffic).outlier!;
  assert.deepEqual(clusterOf({ outlierDetection: STATISTICS }, traffic).outlier, { ...rule, ...FILLED });
  const outlierDetection = {
    interval: '3s',
    baseEjectionTime: '4s',
    maxEjectionTime: '5s',
    maxEjectionPercent: 0,
  };
  assert.deepEqual(clusterOf({ outlierDetection }, traffic).outlier, {
    ...rule,
    intervalMs: 3_000,
    baseEjectionTimeMs: 4_000,
    maxEjectionTimeMs: 5_000,
    maxEjectionPercent: 0,
  });
  assert.equal(rule.consecutive5xx, 3);
});

test('times of ejections alone eject nobody', () => {
  assert.equal('outlier' in clusterOf({ outlierDetection: { interval: '1s' } }), false);
});

const TIMES = {
  intervalMs: 10_000,
  timeoutMs: 1_000,
  unhealthyThreshold: 3,
  healthyThreshold: 2,
  noTrafficIntervalMs: 60_000,
  unhealthyIntervalMs: 10_000,
  jitterPercent: 10,
};

test('health checks: what is left open is filled in', () => {
  const of = (healthCheck: object) => clusterOf({ healthCheck }).health;
  assert.deepEqual(of({ tcp: {} }), { kind: 'tcp', ...TIMES });
  assert.deepEqual(of({ grpc: {} }), { kind: 'grpc', service: '', ...TIMES });
  assert.deepEqual(of({ http: { path: '/up' } }), {
    kind: 'http',
    path: '/up',
    method: 'GET',
    expected: [{ start: 200, end: 201 }],
    headers: {},
    ...TIMES,
  });
  assert.equal(of({ tcp: {}, interval: '3s' })?.unhealthyIntervalMs, 3_000);
});

test('health checks: every field arrives', () => {
  const http = {
    path: '/up',
    method: 'HEAD',
    expectedStatuses: [{ start: 200, end: 300 }, { start: 404 }],
    headers: { 'X-Check': 'yes' },
  };
  const healthCheck = {
    http,
    interval: '1s',
    timeout: '2s',
    unhealthyThreshold: 4,
    healthyThreshold: 5,
    noTrafficInterval: '6s',
    unhealthyInterval: '7s',
    jitterPercent: 8,
    port: 9,
  };
  assert.deepEqual(clusterOf({ healthCheck }).health, {
    kind: 'http',
    path: '/up',
    method: 'HEAD',
    expected: [
      { start: 200, end: 300 },
      { start: 404, end: 405 },
    ],
    headers: { 'x-check': 'yes' },
    intervalMs: 1_000,
    timeoutMs: 2_000,
    unhealthyThreshold: 4,
    healthyThreshold: 5,
    noTrafficIntervalMs: 6_000,
    unhealthyIntervalMs: 7_000,
    jitterPercent: 8,
    port: 9,
  });
  assert.deepEqual(clusterOf({ healthCheck: { grpc: { service: 'shop.Ratings' } } }).health, {
    kind: 'grpc',
    service: 'shop.Ratings',
    ...TIMES,
  });
});

test('a breaker is told how long to ramp up', () => {
  assert.equal(clusterOf({ breaker: { rampDuration: '20s' } }).breaker?.rampMs, 20_000);
});
