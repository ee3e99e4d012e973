import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResponseFlag } from '../../model/flags.js';
import { BoundedMap } from './bounded-map.js';
import { hostOfCluster, LabelSets, partyLabels, partyOfPrincipal, serviceLabels } from './labels.js';

const NO_FLAGS: ReadonlySet<ResponseFlag> = new Set();

test('the same ending gets the very same set of labels', () => {
  const sets = new LabelSets({ reporter: 'source' });
  const flags = new Set<ResponseFlag>(['URX', 'UF']);
  assert.equal(sets.get(200, NO_FLAGS, null), sets.get(200, NO_FLAGS, null));
  assert.equal(sets.get(503, flags, null), sets.get(503, flags, null));
  assert.notEqual(sets.get(503, flags, null), sets.get(503, NO_FLAGS, null));
  assert.deepEqual(sets.get(503, flags, '14'), {
    reporter: 'source',
    request_protocol: 'grpc',
    response_code: '503',
    grpc_response_status: '14',
    response_flags: 'UF,URX',
  });
});

test('canonical service and revision fall back as they do in Istio', () => {
  const of = (labels: Record<string, string>) => {
    const party = { ...partyOfPrincipal('spiffe://cluster.local/ns/n/sa/acc'), labels };
    const all = partyLabels('source', party);
    return [all.source_canonical_service, all.source_canonical_revision];
  };
  assert.deepEqual(of({}), ['acc', 'latest']);
  assert.deepEqual(of({ app: 'a', version: 'v' }), ['a', 'v']);
  assert.deepEqual(of({ app: 'a', 'app.kubernetes.io/name': 'k', 'app.kubernetes.io/version': 'kv' }), [
    'k',
    'kv',
  ]);
  const canonical = { 'service.istio.io/canonical-name': 'c', 'service.istio.io/canonical-revision': 'r' };
  assert.deepEqual(of({ ...canonical, app: 'a', version: 'v' }), ['c', 'r']);
});

test('a SPIFFE ID in another form than Istio’s is a principal without namespace and account', () => {
  const party = partyOfPrincipal('spiffe://example.org/build/runner');
  assert.equal(party.principal, 'spiffe://example.org/build/runner');
  assert.equal(party.namespace, 'unknown');
  assert.equal(party.serviceAccount, 'unknown');
});

test('a service is named by its host, and has a namespace only where the name has one', () => {
  assert.deepEqual(serviceLabels('reviews.default.svc.cluster.local'), {
    destination_service: 'reviews.default.svc.cluster.local',
    destination_service_name: 'reviews',
    destination_service_namespace: 'default',
  });
  assert.equal(serviceLabels('api.example.com').destination_service_namespace, 'unknown');
  assert.equal(serviceLabels('').destination_service, 'unknown');
  assert.equal(hostOfCluster('outbound|80|v1|a.b'), 'a.b');
  assert.equal(hostOfCluster('PassthroughCluster'), 'PassthroughCluster');
});

test('a full map gives one value to every new key, and keeps those it has', () => {
  const map = new BoundedMap(2, (key) => ({ key }));
  const first = map.get('a');
  map.get('b');
  assert.deepEqual(map.get('c'), { key: 'unknown' });
  assert.equal(map.get('c'), map.get('d'));
  assert.equal(map.get('a'), first);
});
