/** Every attribute: one row each. @source Envoy `docs/root/intro/arch_overview/advanced/attributes.rst` */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ATTRIBUTES } from './attribute-names.js';
import { callFacts, exchangeFacts } from './attributes.js';
import { compileExpression } from './expression.js';
import { endedCall, exchangeOf } from './fixtures.test.helper.js';

type Row = readonly [expression: string, value: string | undefined];

const OF_EXCHANGE: readonly Row[] = [
  ['request.method', 'POST'],
  ['request.scheme', 'https'],
  ['request.host', 'reviews:9080'],
  ['request.path', '/reviews/1?a=b'],
  ['request.url_path', '/reviews/1'],
  ['request.query', 'a=b'],
  ['request.protocol', 'HTTP/1.1'],
  ['request.id', 'id-1'],
  ['request.useragent', 'curl/8'],
  ['request.referer', undefined],
  ["request.headers['user-agent']", 'curl/8'],
  ["request.headers['User-Agent']", 'curl/8'],
  ["request.headers['constructor']", 'Object'],
  ["request.headers['many']", '1, 2'],
  ["request.headers['__proto__']", undefined],
  ["request.headers['none']", undefined],
  ["'MANY' in request.headers", 'true'],
  ['request.size', '3'],
  ['request.total_size > request.size', 'true'],
  ['request.time', '2026-01-02T03:04:05.678Z'],
  ['request.time.getFullYear()', '2026'],
  ["request.duration == duration('12ms500us')", 'true'],
  ["request.duration > duration('1s')", 'false'],
  ['response.code', '503'],
  ['response.code_details', 'via_upstream'],
  ['response.flags', '2'],
  ['response.size', '4'],
  ['response.headers', undefined],
  ['response.grpc_status', undefined],
  ['source.address', '10.0.0.9'],
  ['source.port', undefined],
  ['destination.address', '10.0.0.1:9080'],
  ['destination.port', '9080'],
  ['connection.mtls', 'true'],
  ['connection.requested_server_name', 'reviews'],
  ['connection.uri_san_peer_certificate', 'spiffe://cluster.local/ns/shop/sa/productpage'],
  ['upstream.address', undefined],
  ['xds.cluster_name', 'inbound|9080||'],
];
for (const [expression, value] of OF_EXCHANGE)
  test(`of an exchange, ${expression} is ${value}`, () =>
    assert.equal(compileExpression(expression).text(exchangeFacts(exchangeOf(), 12.5)), value));

const OF_CALL: readonly Row[] = [
  ['request.method', 'GET'],
  ['request.host', 'ratings:9080'],
  ['request.url_path', '/ratings/1'],
  ['request.id', 'id-2'],
  ['request.referer', 'r'],
  ['request.size', '5'],
  ['response.code', '200'],
  ['response.code_details', 'via_upstream'],
  ['response.flags', '0'],
  ['response.size', '7'],
  ['response.total_size > response.size', 'true'],
  ['response.grpc_status', '5'],
  ["response.headers['Grpc-Status']", '5'],
  ['source.address', undefined],
  ['destination.port', '9080'],
  ['connection.mtls', 'false'],
  ['upstream.address', '10.0.0.7:9443'],
  ['upstream.port', '9443'],
  ['upstream.uri_san_peer_certificate', 'spiffe://cluster.local/ns/shop/sa/ratings'],
  ['upstream.transport_failure_reason', undefined],
  ['upstream.request_attempt_count', '2'],
  ['upstream.locality', 'eu/a/1'],
  ['xds.cluster_name', 'outbound|9080|v1|ratings.shop.svc.cluster.local'],
  ['xds.route_name', 'stable'],
];
for (const [expression, value] of OF_CALL)
  test(`of a call, ${expression} is ${value}`, () =>
    assert.equal(compileExpression(expression).text(callFacts(endedCall())), value));

test('a call that the mesh refused has the code and the details that a sidecar would have answered with', () => {
  const refused = endedCall(
    { kind: 'rejected', code: 'HEDDLE_NO_ROUTE', flag: 'NR', status: 404, because: 'no-route' },
    false,
  );
  refused.call.flags.add('NR');
  const says = (expression: string) => compileExpression(expression).text(callFacts(refused));
  assert.deepEqual(['response.code', 'response.code_details', 'response.flags', 'response.size'].map(says), [
    '404',
    'no-route',
    '256',
    '0',
  ]);
  for (const unknown of ['upstream.address', 'upstream.port', 'xds.cluster_name', 'response.grpc_status'])
    assert.equal(says(unknown), undefined, unknown);
  assert.equal(says("'a' in response.headers"), 'false');
});

test('a call that could not connect says why; one that was given up has no code', () => {
  const because = 'ECONNREFUSED';
  const failed = endedCall({
    kind: 'failed',
    reset: 'connection-failure',
    code: 'HEDDLE_CONNECT_FAILED',
    flag: 'UF',
    sent: 'no',
    because,
  });
  assert.equal(compileExpression('upstream.transport_failure_reason').text(callFacts(failed)), because);
  const gone = endedCall({ kind: 'cancelled', cause: null });
  assert.equal(compileExpression('response.code').text(callFacts(gone)), undefined);
  assert.equal(compileExpression('response.code_details').text(callFacts(gone)), undefined);
});

test('plain text has no name and no certificate', () => {
  const plain = exchangeOf({ peer: { id: null, address: '10.0.0.8', sni: null }, scheme: 'http' });
  const says = (expression: string) => compileExpression(expression).text(exchangeFacts(plain, 0));
  assert.equal(says('connection.mtls'), 'false');
  assert.equal(says('connection.requested_server_name'), undefined);
  assert.equal(says('connection.uri_san_peer_certificate'), undefined);
});

test('every attribute on the list is there of an exchange or of a call', () => {
  const unreachable = endedCall({
    ...{ kind: 'failed', reset: 'connection-failure', code: 'HEDDLE_CONNECT_FAILED', flag: 'UF' },
    ...{ sent: 'no', because: 'ECONNREFUSED' },
  });
  const all = [exchangeFacts(exchangeOf(), 0), callFacts(endedCall()), callFacts(unreachable)];
  for (const name of ATTRIBUTES) {
    const [root, member] = name.split('.');
    const asked = compileExpression(`has(${root}.${member})`);
    assert.ok(
      all.some((facts) => asked.holds(facts)),
      name,
    );
  }
});
