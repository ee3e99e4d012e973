import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Resource, Scope } from '../resource.js';
import { resolve } from './index.js';

const HOST = 'ratings.shop.svc.cluster.local';
const SCOPE: Scope = { namespace: 'web', service: 'web', labels: { app: 'web', tier: 'front' } };

let age = 0;
function resource(kind: string, name: string, spec: object, namespace = 'web'): Resource {
  age += 1;
  const creationTimestamp = new Date(Date.UTC(2026, 0, 1) + age * 1_000).toISOString();
  return { apiVersion: 'heddle.dev/v1', kind, metadata: { name, namespace, creationTimestamp }, spec };
}

function resolved(resources: readonly Resource[], scope: Scope = SCOPE) {
  const services = [
    { host: HOST, namespace: 'shop', ports: [{ number: 80, name: 'http', protocol: 'HTTP' }] },
  ];
  const policy = resolve(resources, services, [], scope, {
    revision: 1,
    mesh: { trustDomain: 'cluster.local', outboundTrafficPolicy: 'REGISTRY_ONLY' },
  });
  const host = policy.hosts.find((one) => one.host === HOST)!;
  return { host, cluster: host.clusters[0]!, inbound: policy.inbound };
}

const deadline = (name: string, at: string, namespace: string, host = HOST) =>
  resource('ResiliencePolicy', name, { host, deadline: at }, namespace);
const takesAtMost = (name: string, at: string, namespace: string, matchLabels?: Record<string, string>) =>
  resource(
    'ResiliencePolicy',
    name,
    { selector: matchLabels === undefined ? {} : { matchLabels }, deadline: at },
    namespace,
  );

test('what a policy leaves open is filled in', () => {
  const spec = {
    host: HOST,
    hedging: { maxAttempts: 3, delay: '50ms' },
    deadline: '1.5s',
    concurrency: { minLimit: 5 },
  };
  const { cluster } = resolved([resource('ResiliencePolicy', 'a', spec)]);
  assert.deepEqual(cluster.hedging, {
    maxAttempts: 3,
    delayMs: 50,
    methods: ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'],
  });
  assert.equal(cluster.deadlineMs, 1_500);
  assert.deepEqual(cluster.concurrency, {
    minLimit: 5,
    maxLimit: 1_000,
    initialLimit: 5,
    sampleWindowMs: 100,
    percentile: 50,
    minRttIntervalMs: 60_000,
    minRttRequests: 50,
    jitterPercent: 15,
    bufferPercent: 25,
  });
});

test('one attempt is no hedging, and nothing is sent to the workload for it', () => {
  const spec = { host: HOST, hedging: { maxAttempts: 1, delay: '50ms' } };
  assert.equal('hedging' in resolved([resource('ResiliencePolicy', 'a', spec)]).cluster, false);
});

test('the most specific host speaks; the client’s namespace before the service’s, before the mesh’s; of equals the oldest', () => {
  const root = deadline('r', '1s', 'istio-system', '*.svc.cluster.local');
  const service = deadline('s', '2s', 'shop');
  const wildcard = deadline('w', '3s', 'web', '*.shop.svc.cluster.local');
  const client = deadline('c', '4s', 'web');
  const later = deadline('a', '5s', 'web');
  const deadlineOf = (...all: Resource[]) => resolved(all).cluster.deadlineMs;
  assert.equal(deadlineOf(later, client, wildcard, service, root), 4_000);
  assert.equal(deadlineOf(later, wildcard, service, root), 5_000);
  assert.equal(deadlineOf(wildcard, service, root), 3_000);
  assert.equal(deadlineOf(service, root), 2_000);
  assert.equal(deadlineOf(root), 1_000);
  assert.equal(deadlineOf(), undefined);
});

test('a policy that is not exported speaks to its own namespace alone', () => {
  const spec = { host: HOST, exportTo: ['.'], deadline: '1s' };
  assert.equal(resolved([resource('ResiliencePolicy', 'a', spec, 'shop')]).cluster.deadlineMs, undefined);
});

test('of what comes in a workload’s own policy speaks, else its namespace’s, else the mesh’s; of equals the oldest', () => {
  const mesh = takesAtMost('m', '1s', 'istio-system');
  const namespace = takesAtMost('n', '2s', 'web');
  const workload = takesAtMost('w', '3s', 'web', { app: 'web' });
  const later = takesAtMost('a', '4s', 'web', { tier: 'front' });
  const other = takesAtMost('o', '5s', 'web', { app: 'other' });
  const elsewhere = takesAtMost('e', '6s', 'shop');
  const reaching = takesAtMost('x', '7s', 'istio-system', { app: 'web' });
  const of = (...all: Resource[]) => resolved(all).inbound.resilience;
  assert.deepEqual(of(later, workload, namespace, mesh, other), { policy: 'web/w', deadlineMs: 3_000 });
  assert.deepEqual(of(later, namespace, mesh), { policy: 'web/a', deadlineMs: 4_000 });
  assert.deepEqual(of(other, namespace, mesh), { policy: 'web/n', deadlineMs: 2_000 });
  assert.deepEqual(of(other, elsewhere, mesh), { policy: 'istio-system/m', deadlineMs: 1_000 });
  assert.equal(of(other, elsewhere, reaching), undefined);
});

test('a policy about a host says nothing of what comes in, and the other way round', () => {
  const { cluster, inbound } = resolved([deadline('a', '1s', 'web'), takesAtMost('b', '2s', 'web')]);
  assert.equal(cluster.deadlineMs, 1_000);
  assert.equal(inbound.resilience?.deadlineMs, 2_000);
  assert.equal('rateLimit' in inbound, false);
});

test('priorities and limits come with names, and fields of requests in lower case', () => {
  const match = { headers: { 'X-Tenant': { exact: 'A' } } };
  const { host, inbound } = resolved([
    resource('ResiliencePolicy', 'p', {
      selector: {},
      concurrency: {},
      queue: { maxLength: 50, standingWait: '5ms' },
      priorities: [
        { name: 'a', priority: 'critical', match },
        { name: 'b', priority: 'default', match: {} },
      ],
    }),
    resource('RateLimit', 'in', {
      selector: {},
      limits: [
        { requests: 10, per: '1m', by: ['principal', 'header:X-Tenant'], match },
        { name: 'all', requests: 20, per: '1s', burst: 40 },
      ],
    }),
    resource('RateLimit', 'out', { host: HOST, limits: [{ requests: 5, per: '2s' }] }),
  ]);
  const lower = { headers: { 'x-tenant': { exact: 'A' } } };
  assert.deepEqual(inbound.resilience?.priorities, [
    { name: 'a', priority: 'critical', match: lower },
    { name: 'b', priority: 'default' },
  ]);
  assert.deepEqual(inbound.resilience?.queue, {
    maxLength: 50,
    maxWaitMs: 100,
    standingWaitMs: 5,
    maxLoopDelayMs: 10,
  });
  assert.deepEqual(inbound.rateLimit, {
    policy: 'web/in',
    limits: [
      {
        name: 'limit-0',
        match: lower,
        by: ['principal', 'header:x-tenant'],
        requests: 10,
        perMs: 60_000,
        burst: 10,
      },
      { name: 'all', requests: 20, perMs: 1_000, burst: 40 },
    ],
  });
  assert.deepEqual(host.rateLimit, {
    policy: 'web/out',
    limits: [{ name: 'limit-0', requests: 5, perMs: 2_000, burst: 5 }],
  });
});
