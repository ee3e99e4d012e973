/** What a change costs, counted in hosts that are looked at: no time is asserted. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Resource } from '../resource.js';
import { prepare } from './prepare.js';
import { ScopedHosts } from './scoped-hosts.js';

function resource(kind: string, name: string, spec: unknown): Resource {
  const apiVersion = kind === 'Service' ? 'v1' : 'networking.istio.io/v1';
  return { apiVersion, kind, metadata: { name, namespace: 'shop' }, spec };
}

const routes = (name: string, timeout: string) =>
  resource('VirtualService', name, {
    hosts: [name],
    http: [{ timeout, route: [{ destination: { host: name } }] }],
  });

const rule = (name: string) => resource('DestinationRule', name, { host: name, subsets: [{ name: 'v1' }] });

function mesh(services: number): Resource[] {
  return Array.from({ length: services }, (_, index) => `s${index}`).flatMap((name) => [
    resource('Service', name, { ports: [{ port: 80, name: 'http' }] }),
    routes(name, '1s'),
    rule(name),
  ]);
}

/** The hosts that are looked at again after each change. */
function lookedAt(services: number): string[][] {
  const prepared = prepare(mesh(services), []);
  const scope = { namespace: 'shop', service: 'web', labels: {} };
  const hosts = new ScopedHosts(prepared, scope, {
    trustDomain: 'cluster.local',
    outboundTrafficPolicy: 'REGISTRY_ONLY',
  });
  assert.equal(hosts.catchUp(null).size, services);
  return [routes('s3', '2s'), { ...rule('s3'), spec: { host: 's3' } }].map((changed) => {
    const before = prepared.touches.now;
    prepared.change({ upsert: [changed] });
    return [...hosts.catchUp(prepared.touches.since(before))];
  });
}

test('a changed VirtualService or DestinationRule has only its own host looked at again, however many others there are', () => {
  for (const services of [5, 50, 500])
    assert.deepEqual(lookedAt(services), [['s3.shop.svc.cluster.local'], ['s3.shop.svc.cluster.local']]);
});
