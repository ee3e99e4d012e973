/** A call and an exchange that are over, as the tests of telemetry policy look at them. */
import { FakeClock } from '../base/testing.js';
import { Attempt } from '../model/attempt.js';
import { Call, type CallRequest } from '../model/call.js';
import type { Destination } from '../model/destination.js';
import { EndpointState } from '../model/endpoint-state.js';
import { Exchange, type ExchangeFacts } from '../model/exchange.js';
import type { Outcome } from '../model/outcome.js';
import { ResponseBody } from '../model/response-body.js';
import { SpiffeId } from '../model/spiffe-id.js';
import type { Workload } from '../model/workload.js';
import type { EndedCall } from './ended-call.js';
import { TelemetryPolicies } from './in-force.js';
import type { EffectiveTelemetry } from './policy.js';
import type { TagSources } from './trace/tags.js';

export const START = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

export const WORKLOAD: Workload = {
  namespace: 'shop',
  serviceAccount: 'reviews',
  service: 'reviews',
  name: 'reviews-1',
  labels: { app: 'reviews', version: 'v2' },
};

const SPIFFE_ID = 'spiffe://cluster.local/ns/shop/sa/ratings';

export const DESTINATION: Destination = {
  key: 'k',
  cluster: 'outbound|9080|v1|ratings.shop.svc.cluster.local',
  endpoint: {
    key: '10.0.0.7:9443',
    address: '10.0.0.7',
    port: 9443,
    labels: {},
    weight: 1,
    mtls: true,
    locality: 'eu/a/1',
    spiffeId: SPIFFE_ID,
  },
  connection: { maxConnections: 1, connectTimeoutMs: 1, idleTimeoutMs: 1, maxRequestsPerConnection: 0 },
  tls: { mode: 'mesh', sni: '', subjectAltNames: [SPIFFE_ID] },
};

export function exchangeOf(change: Partial<ExchangeFacts> = {}): Exchange {
  const facts: ExchangeFacts = {
    method: 'POST',
    scheme: 'https',
    authority: 'reviews:9080',
    path: '/reviews/1?a=b',
    headers: { 'user-agent': 'curl/8', 'X-Odd': 'kept', constructor: 'Object', many: ['1', '2'] },
    protocol: 'HTTP/1.1',
    peer: {
      id: SpiffeId.parse('spiffe://cluster.local/ns/shop/sa/productpage'),
      address: '10.0.0.8',
      sni: 'reviews',
    },
    remoteIp: '10.0.0.9',
    localAddress: '10.0.0.1',
    localPort: 9080,
    ...change,
  };
  const exchange = new Exchange(facts, 100, START);
  exchange.requestId = 'id-1';
  exchange.status = 503;
  exchange.flags.add('UH');
  exchange.bytesReceived = 3;
  exchange.bytesSent = 4;
  return exchange;
}

export function newCall(change: Partial<CallRequest> = {}): Call {
  const request = {
    method: 'GET',
    scheme: 'http' as const,
    authority: 'ratings:9080',
    path: '/ratings/1?c=d',
  };
  return new Call(
    { ...request, headers: { 'x-request-id': 'id-2', referer: 'r' }, body: 'hello', ...change },
    100,
  );
}

export function responseOf(status = 200): Outcome {
  const headers = { 'grpc-status': '5', 'x-envoy-upstream-service-time': '7' };
  return { kind: 'response', status, statusText: '', headers, body: ResponseBody.of('1234567') };
}

/** @param outcome @default a response of 200 from the endpoint */
export function endedCall(outcome: Outcome = responseOf(), reached = true): EndedCall {
  const call = newCall();
  call.service = 'ratings.shop.svc.cluster.local';
  call.virtualService = 'shop/ratings';
  if (reached) {
    call.cluster = DESTINATION.cluster;
    call.routeName = 'stable';
    call.attempts = 2;
    call.current = new Attempt(call, 2, new EndpointState(DESTINATION, 0), 110);
  }
  const destination = reached ? DESTINATION : null;
  return { call, outcome, destination, durationMs: 12.5, startedWall: START };
}

export const SOURCES: TagSources = {
  workload: WORKLOAD,
  meshId: 'cluster.local',
  environment: (name) => ({ REGION: 'eu', HEDDLE_TOKEN: 'secret', EMPTY: '' })[name],
  // The real one belongs to headers; what counts here is what it is asked.
  format: (text) => {
    if (text.includes('%NOPE%')) throw new RangeError('%NOPE% is not an operator');
    return (facts, response) =>
      `${text} ${facts.method} ${facts.upstreamHost ?? '-'} ${response['x-a'] ?? '-'}`;
  },
};

/** What is in force where `telemetry` is policy. */
export function policiesOf(telemetry: Partial<EffectiveTelemetry>): TelemetryPolicies {
  const policies = new TelemetryPolicies(SOURCES);
  policies.prepare({ client: {}, server: {}, ...telemetry }, { trustDomain: 'cluster.local', revision: 1 })();
  return policies;
}

/** Stands 12.5 ms after calls and exchanges have begun. */
export function clockAtEnd(): FakeClock {
  return new FakeClock(START + 12.5, 112.5);
}
