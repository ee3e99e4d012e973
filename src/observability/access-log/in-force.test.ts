/** What policy does to the lines that are written. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clockAtEnd, endedCall, exchangeOf, policiesOf, responseOf, START } from '../fixtures.test.helper.js';
import type { AccessLogPolicy } from '../policy.js';
import { accessLog, callJsonLine, callLog, callTextLine } from './index.js';

function linesOf(on: boolean, accessLogging: readonly AccessLogPolicy[] | undefined): number {
  const lines: string[] = [];
  const policy = policiesOf({ server: accessLogging === undefined ? {} : { accessLogging } });
  const log = accessLog({ clock: clockAtEnd(), write: (line) => lines.push(line), on, policy });
  log(exchangeOf());
  return lines.length;
}

test('where policy says nothing the setting holds', () => {
  assert.equal(linesOf(true, undefined), 1);
  assert.equal(linesOf(false, undefined), 0);
  assert.equal(linesOf(true, [{ provider: 'otel' }]), 1);
  assert.equal(linesOf(false, [{ provider: 'otel' }]), 0);
});

test('policy switches the log on and off, whatever the setting', () => {
  for (const on of [true, false]) {
    assert.equal(linesOf(on, [{ provider: 'envoy' }]), 1);
    assert.equal(linesOf(on, [{ provider: 'envoy', disabled: true }]), 0);
    assert.equal(linesOf(on, [{ provider: '', filter: 'response.code >= 500' }]), 1);
    assert.equal(linesOf(on, [{ provider: '', filter: 'response.code < 500' }]), 0);
    // Of the exchange's duration, too.
    assert.equal(linesOf(on, [{ provider: '', filter: "request.duration == duration('12ms500us')" }]), 1);
  }
});

test('a log that cannot be written does no harm', () => {
  const write = () => assert.fail('disk full');
  accessLog({
    clock: clockAtEnd(),
    write,
    policy: policiesOf({ server: { accessLogging: [{ provider: '' }] } }),
  })(exchangeOf());
});

test('a call is a line with the same 24 keys, its upstream known and its downstream not', () => {
  const ended = endedCall();
  const { heddle, ...istio } = JSON.parse(callJsonLine(ended));
  assert.deepEqual(istio, {
    start_time: new Date(START).toISOString(),
    route_name: 'stable',
    method: 'GET',
    path: '/ratings/1?c=d',
    protocol: 'HTTP/1.1',
    response_code: 200,
    response_flags: '-',
    response_code_details: 'via_upstream',
    connection_termination_details: null,
    bytes_received: 5,
    bytes_sent: 7,
    duration: 13,
    upstream_service_time: '7',
    x_forwarded_for: null,
    user_agent: null,
    request_id: 'id-2',
    authority: 'ratings:9080',
    upstream_host: '10.0.0.7:9443',
    upstream_cluster: 'outbound|9080|v1|ratings.shop.svc.cluster.local',
    upstream_local_address: null,
    downstream_local_address: null,
    downstream_remote_address: null,
    requested_server_name: null,
    upstream_transport_failure_reason: null,
  });
  assert.deepEqual(heddle, {
    service: 'ratings.shop.svc.cluster.local',
    peer: 'spiffe://cluster.local/ns/shop/sa/ratings',
    virtual_service: 'shop/ratings',
    attempts: 2,
  });
});

test('a call in text: what failed says why', () => {
  const failed = endedCall({
    kind: 'failed',
    reset: 'connection-failure',
    code: 'HEDDLE_CONNECT_FAILED',
    flag: 'UF',
    sent: 'no',
    because: 'ECONNREFUSED',
  });
  failed.call.flags.add('UF');
  assert.equal(
    callTextLine(failed),
    `[2026-01-02T03:04:05.678Z] "GET /ratings/1?c=d HTTP/1.1" 503 UF ECONNREFUSED - "ECONNREFUSED" 5 0 13 - "-" "-" "id-2" "ratings:9080" "10.0.0.7:9443" outbound|9080|v1|ratings.shop.svc.cluster.local - - - - stable`,
  );
});

test('what a caller puts into the query is not in the line of a call either', () => {
  const ended = endedCall();
  ended.call.path = '/a?access_token=abc';
  assert.equal(JSON.parse(callJsonLine(ended)).path, '/a?access_token=REDACTED');
});

test('lines of calls are written as the filter has them', () => {
  const lines: string[] = [];
  const log = callLog({ write: (line) => lines.push(line) });
  const policies = policiesOf({
    client: { accessLogging: [{ provider: '', filter: 'response.code != 200' }] },
  });
  const rule = policies.client!.accessLog!;
  log(endedCall(responseOf(200)), rule);
  log(endedCall(responseOf(404)), rule);
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, / 404 /);
});
