import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FakeClock } from '../../base/testing.js';
import { Exchange, type ExchangeFacts } from '../../model/exchange.js';
import { SpiffeId } from '../../model/spiffe-id.js';
import { accessLog, jsonLine, redactPath, textLine } from './index.js';

const facts: ExchangeFacts = {
  method: 'GET',
  scheme: 'https',
  authority: 'reviews:9080',
  path: '/reviews/1?access_token=abc&x=1',
  headers: { 'user-agent': 'curl/8', 'x-forwarded-for': '10.0.0.9' },
  protocol: 'HTTP/1.1',
  peer: {
    id: SpiffeId.parse('spiffe://cluster.local/ns/default/sa/productpage'),
    address: '10.0.0.7',
    sni: 'reviews',
  },
  remoteIp: '10.0.0.7',
  localAddress: '10.0.0.8',
  localPort: 9080,
};
const START = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

function exchangeOf(change: Partial<ExchangeFacts> = {}): Exchange {
  const exchange = new Exchange({ ...facts, ...change }, 100, START);
  exchange.requestId = 'id-1';
  exchange.status = 200;
  exchange.bytesReceived = 3;
  exchange.bytesSent = 4;
  return exchange;
}

function refused(): Exchange {
  const exchange = exchangeOf();
  const because = 'rbac_access_denied_matched_policy[ns[default]-policy[viewer]-rule[1]]';
  exchange.status = 403;
  exchange.verdict = {
    decision: 'deny',
    status: 403,
    policy: 'default/viewer',
    rule: 1,
    audited: ['default/watch'],
    because,
  };
  exchange.refusal = { status: 403, body: 'RBAC: access denied', because, close: false };
  return exchange;
}

test('a JSON line has the 24 keys of Istio, null for what is not known, and what Heddle adds under one key', () => {
  const line = JSON.parse(jsonLine(exchangeOf(), 112.6));
  const { heddle, ...istio } = line;
  assert.equal(Object.keys(istio).length, 24);
  assert.deepEqual(istio, {
    start_time: '2026-01-02T03:04:05.678Z',
    route_name: null,
    method: 'GET',
    path: '/reviews/1?access_token=REDACTED&x=1',
    protocol: 'HTTP/1.1',
    response_code: 200,
    response_flags: '-',
    response_code_details: 'via_upstream',
    connection_termination_details: null,
    bytes_received: 3,
    bytes_sent: 4,
    duration: 13,
    upstream_service_time: null,
    x_forwarded_for: '10.0.0.9',
    user_agent: 'curl/8',
    request_id: 'id-1',
    authority: 'reviews:9080',
    upstream_host: null,
    upstream_cluster: 'inbound|9080||',
    upstream_local_address: null,
    downstream_local_address: '10.0.0.8:9080',
    downstream_remote_address: '10.0.0.7',
    requested_server_name: 'reviews',
    upstream_transport_failure_reason: null,
  });
  assert.deepEqual(heddle, {
    peer: 'spiffe://cluster.local/ns/default/sa/productpage',
    policy: null,
    rule: null,
    audited: [],
    dry_run: null,
  });
});

test('a refused exchange is logged with the policy and the rule that refused it', () => {
  const line = JSON.parse(jsonLine(refused(), 101));
  assert.equal(line.response_code, 403);
  assert.equal(
    line.response_code_details,
    'rbac_access_denied_matched_policy[ns[default]-policy[viewer]-rule[1]]',
  );
  assert.equal(line.heddle.policy, 'default/viewer');
  assert.equal(line.heddle.rule, 1);
  assert.deepEqual(line.heddle.audited, ['default/watch']);
  assert.match(
    textLine(refused(), 101),
    /" 403 - rbac_access_denied_matched_policy\[ns\[default\]-policy\[viewer\]-rule\[1\]\] /,
  );
});

test('an abandoned exchange is logged with status 0 and flag DC', () => {
  const exchange = exchangeOf();
  exchange.status = 0;
  exchange.abandon();
  const line = JSON.parse(jsonLine(exchange, 101));
  assert.equal(line.response_code, 0);
  assert.equal(line.response_flags, 'DC');
  assert.equal(line.response_code_details, 'downstream_remote_disconnect');
});

test("a text line is Istio's default format, with - for what is not known", () => {
  assert.equal(
    textLine(exchangeOf({ peer: { id: null, address: '10.0.0.7', sni: null }, authority: '' }), 112.6),
    '[2026-01-02T03:04:05.678Z] "GET /reviews/1?access_token=REDACTED&x=1 HTTP/1.1" 200 - via_upstream - "-" 3 4 13 - ' +
      '"10.0.0.9" "curl/8" "id-1" "-" "-" inbound|9080|| - 10.0.0.8:9080 10.0.0.7 - -',
  );
});

test('whatever a caller sends, its line is one line, and in text no field leaves its quotes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (agent, path) => {
      const exchange = exchangeOf({ headers: { 'user-agent': agent }, path: `/${path}` });
      const text = textLine(exchange, 101);
      assert.doesNotMatch(text, /[\r\n\u2028\u2029\0]/);
      assert.equal(text.split('"').length, 15);
      assert.doesNotMatch(jsonLine(exchange, 101), /[\r\n\u2028\u2029]/);
    }),
  );
});

test('redactPath takes credentials out of queries, however their names are written', () => {
  assert.equal(redactPath('/a'), '/a');
  assert.equal(redactPath('/a?b=1'), '/a?b=1');
  assert.equal(redactPath('/a?sig=1&b=2&Signature=x%3D'), '/a?sig=REDACTED&b=2&Signature=REDACTED');
  assert.equal(redactPath('/a?%61ccess_token=1'), '/a?%61ccess_token=REDACTED');
  assert.equal(redactPath('/a?%zz=1&token=t=t'), '/a?%zz=1&token=REDACTED');
});

test('a log that cannot be written disturbs nobody', () => {
  const clock = new FakeClock();
  const lines: string[] = [];
  accessLog({ clock, write: (line) => lines.push(line) })(exchangeOf());
  accessLog({ clock, encoding: 'JSON', write: (line) => lines.push(line) })(exchangeOf());
  assert.match(lines[0] ?? '', /^\[2026/);
  assert.match(lines[1] ?? '', /^\{"start_time"/);
  const full = () => {
    throw new Error('no space left');
  };
  assert.doesNotThrow(() => accessLog({ clock, write: full })(exchangeOf()));
});
