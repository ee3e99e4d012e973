import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attributes } from '@opentelemetry/api';
import { FakeClock } from '../../base/testing.js';
import type { Destination } from '../../model/destination.js';
import { SpiffeId } from '../../model/spiffe-id.js';
import { TcpMetrics } from './tcp-metrics.js';

const OUR_ID = 'spiffe://cluster.local/ns/default/sa/db';
const workload = { namespace: 'default', serviceAccount: 'db', service: 'db', name: 'db-1', labels: {} };
const stranger = { id: null, address: '10.0.0.9', sni: null };
const caller = { ...stranger, id: SpiffeId.parse('spiffe://cluster.local/ns/shop/sa/orders') };
const destination: Destination = {
  key: 'k',
  cluster: 'outbound|5432||db.default.svc.cluster.local',
  endpoint: {
    ...{ key: '10.0.0.1:5432', address: '10.0.0.1', port: 5432, labels: { app: 'db' }, weight: 1 },
    ...{ mtls: true, spiffeId: OUR_ID },
  },
  connection: { maxConnections: 1, connectTimeoutMs: 1, idleTimeoutMs: 1, maxRequestsPerConnection: 0 },
  tls: null,
};

function setup({ collecting = true } = {}) {
  const clock = new FakeClock();
  const seen: [name: string, value: number, labels: Attributes][] = [];
  const failures: unknown[] = [];
  const counter = (name: string) => ({
    add: (value: number, labels: Attributes = {}) => void seen.push([name, value, labels]),
  });
  const instruments = {
    tcpOpened: counter('opened'),
    tcpClosed: counter('closed'),
    tcpSent: counter('sent'),
    tcpReceived: counter('received'),
  };
  const state = { collecting, broken: false };
  const metrics = new TcpMetrics({
    workload,
    principal: () => OUR_ID,
    clock,
    instruments: () => {
      if (state.broken) throw new Error('sdk');
      return state.collecting ? instruments : null;
    },
    fail: (error) => failures.push(error),
  });
  const values = () => seen.splice(0).map(([name, value]) => [name, value]);
  return { clock, metrics, seen, values, state, failures };
}

test('a connection taken is counted when it opens, every 5 s for its bytes, and when it closes', () => {
  const { clock, metrics, seen, values } = setup();
  const bytes = { bytesRead: 0, bytesWritten: 0 };
  const closed = metrics.inbound(caller, bytes);
  assert.equal(seen[0]?.[2].source_principal, 'spiffe://cluster.local/ns/shop/sa/orders');
  assert.equal(seen[0]?.[2].reporter, 'destination');
  assert.equal(seen[0]?.[2].destination_service, 'db.default.svc.cluster.local');
  assert.equal(seen[0]?.[2].connection_security_policy, 'mutual_tls');
  assert.equal(seen[0]?.[2].request_protocol, 'tcp');
  assert.equal(seen[0]?.[2].response_flags, '-');
  assert.equal('response_code' in seen[0]![2], false);
  assert.deepEqual(values(), [['opened', 1]]);
  Object.assign(bytes, { bytesRead: 10, bytesWritten: 20 });
  clock.advance(4_999);
  assert.deepEqual(values(), []);
  clock.advance(1);
  assert.deepEqual(values(), [
    ['received', 10],
    ['sent', 20],
  ]);
  clock.advance(5_000);
  assert.deepEqual(values(), []);
  bytes.bytesWritten = 21;
  closed(new Set(['DC']));
  assert.deepEqual(
    seen.map(([name, value, { response_flags }]) => [name, value, response_flags]),
    [
      ['sent', 1, 'DC'],
      ['closed', 1, 'DC'],
    ],
  );
  seen.length = 0;
  closed();
  assert.deepEqual(values(), []);
  assert.equal(clock.pending, 0);
});

test('a connection made is counted from the side of whoever asked for it: what we read was sent to us', () => {
  const { metrics, seen } = setup();
  metrics.outbound(destination, { bytesRead: 3, bytesWritten: 5 })();
  assert.deepEqual(
    seen.map(([name, value]) => [name, value]),
    [
      ['opened', 1],
      ['received', 5],
      ['sent', 3],
      ['closed', 1],
    ],
  );
  assert.equal(seen[0]?.[2].reporter, 'source');
  assert.equal(seen[0]?.[2].destination_principal, OUR_ID);
  assert.equal(seen[0]?.[2].destination_service_name, 'db');
  assert.equal(seen[0]?.[2].connection_security_policy, 'unknown');
});

test('a peer without identity is unknown', () => {
  const { metrics, seen } = setup();
  metrics.inbound(stranger, { bytesRead: 0, bytesWritten: 0 });
  assert.equal(seen[0]?.[2].source_principal, 'unknown');
  assert.equal(seen[0]?.[2].connection_security_policy, 'none');
});

test('bytes from before somebody collects are counted with the first report', () => {
  const { clock, metrics, values, state } = setup({ collecting: false });
  const closed = metrics.inbound(stranger, { bytesRead: 7, bytesWritten: 0 });
  clock.advance(5_000);
  state.collecting = true;
  clock.advance(5_000);
  assert.deepEqual(values(), [['received', 7]]);
  closed();
  assert.deepEqual(values(), [['closed', 1]]);
});

test('what an SDK throws reaches no connection', () => {
  const { clock, metrics, state, failures } = setup();
  state.broken = true;
  const closed = metrics.inbound(stranger, { bytesRead: 7, bytesWritten: 0 });
  clock.advance(5_000);
  closed();
  assert.equal(failures.length, 3);
});
