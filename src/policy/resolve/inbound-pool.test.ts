import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inboundPool } from './inbound-pool.js';
import { resolve } from './index.js';

const limit = (http2MaxRequests: number) => ({ http: { http2MaxRequests } });

test('limits on the way in: one for all ports, and those of single ports whole in its place', () => {
  assert.deepEqual(inboundPool(undefined), {});
  assert.deepEqual(inboundPool({ inboundConnectionPool: limit(0) }), {});
  assert.deepEqual(
    inboundPool({
      inboundConnectionPool: limit(5),
      ingress: [
        { port: { number: 80 }, connectionPool: limit(2) },
        { port: { number: 81 }, connectionPool: { tcp: { maxConnections: 1 } } },
        { port: { number: 82 } },
      ],
    }),
    { maxRequests: { others: 5, ports: { 80: 2, 81: 4_294_967_295 } } },
  );
});

test('a workload has the limits of the Sidecar that speaks to it', () => {
  const sidecar = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Sidecar',
    metadata: { name: 's', namespace: 'shop' },
    spec: { workloadSelector: { labels: { app: 'reviews' } }, inboundConnectionPool: limit(3) },
  };
  const of = (app: string) =>
    resolve(
      [sidecar],
      [],
      [],
      { namespace: 'shop', service: app, labels: { app } },
      {
        revision: 1,
        mesh: { trustDomain: 'cluster.local', outboundTrafficPolicy: 'REGISTRY_ONLY' },
      },
    ).inbound.maxRequests;
  assert.deepEqual(of('reviews'), { others: 3, ports: {} });
  assert.equal(of('ratings'), undefined);
});
