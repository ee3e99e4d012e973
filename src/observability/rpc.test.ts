/** What is told of calls of gRPC that go out. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Attributes,
  ROOT_CONTEXT,
  type Span,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { Attempt } from '../model/attempt.js';
import type { EndpointState } from '../model/endpoint-state.js';
import { responded, testEndpoint } from '../model/testing.js';
import { EndedCall } from './ended-call.js';
import { newCall } from './fixtures.test.helper.js';
import { ClientMetrics } from './metrics/client-metrics.js';
import { Instruments } from './metrics/instruments.js';
import { globalOtelApi } from './otel-api.js';
import { ClientSpans } from './trace/client-spans.js';

const METHOD = { 'rpc.system': 'grpc', 'rpc.service': 'shop.Reviews', 'rpc.method': 'Get' };

function grpcCall() {
  const call = newCall({ method: 'POST', path: '/shop.Reviews/Get', onlyHttp2: true });
  call.grpc = true;
  call.service = 'reviews';
  call.sentMessages = 1;
  call.receivedMessages = 3;
  return call;
}

interface Seen {
  name: string;
  attributes: Attributes;
  code: SpanStatusCode;
}

function recorder(seen: Seen[]): Tracer {
  return {
    startSpan(name, options) {
      const one: Seen = { name, attributes: { ...options?.attributes }, code: SpanStatusCode.UNSET };
      seen.push(one);
      const context = {
        traceId: '1'.repeat(32),
        spanId: String(seen.length).padStart(16, '0'),
        traceFlags: 1,
      };
      return Object.assign(Object.create(trace.wrapSpanContext(context)) as Span, {
        isRecording: () => true,
        setAttribute: (key: string, value: string) => void (one.attributes[key] = value),
        setAttributes: (more: Attributes) => void Object.assign(one.attributes, more),
        setStatus: ({ code }: { code: SpanStatusCode }) => void (one.code = code),
        updateName: (changed: string) => void (one.name = changed),
        end() {},
      });
    },
    startActiveSpan: () => assert.fail('not used'),
  };
}

for (const [status, code] of [
  ['0', SpanStatusCode.UNSET],
  ['5', SpanStatusCode.ERROR],
] as const)
  test(`a call that ends with status ${status} has spans by the conventions for RPC`, () => {
    const seen: Seen[] = [];
    const clock = { now: () => 0, wallNow: () => 0, after: () => ({ cancel() {} }) };
    const spans = new ClientSpans(globalOtelApi, { clock, random: { next: () => 0.5 }, hostname: 'a' });
    const call = grpcCall();
    const begun = spans.begin(call, recorder(seen), ROOT_CONTEXT, null)!;
    const attempt = new Attempt(call, 1, testEndpoint(1), 0);
    const outcome = responded(200);
    outcome.body.trailers = { 'grpc-status': status };
    spans.endAttempt(spans.beginAttempt(attempt, begun), attempt, begun, outcome);
    spans.end(call, begun, outcome);
    for (const one of seen) {
      assert.equal(one.name, 'shop.Reviews/Get');
      assert.equal(one.code, code);
      const { 'rpc.grpc.status_code': said, 'error.type': type, ...others } = one.attributes;
      assert.deepEqual([said, type], [Number(status), status === '0' ? undefined : status]);
      for (const [key, value] of Object.entries(METHOD)) assert.equal(others[key], value);
      assert.ok(!('http.request.method' in others) && !('url.full' in others));
    }
    assert.equal(seen.length, 2);
  });

test('a call is counted with its status and its messages, and each attempt by the conventions for RPC', () => {
  const samples: [name: string, value: number, attributes: Attributes][] = [];
  const instrument = (name: string) => ({
    add: (value: number, attributes: Attributes) => void samples.push([name, value, attributes]),
    record: (value: number, attributes: Attributes) => void samples.push([name, value, attributes]),
    addCallback() {},
  });
  const meter = { createCounter: instrument, createHistogram: instrument, createObservableGauge: instrument };
  const to = new Instruments(meter as never, { labels: {} } as never);
  const workload = { namespace: 'default', serviceAccount: 'a', service: 'a', name: 'a-1', labels: {} };
  const metrics = new ClientMetrics(workload, () => undefined);
  const call = grpcCall();
  const state: EndpointState = testEndpoint(1);
  const outcome = responded(200);
  outcome.body.trailers = { 'grpc-status': '7' };
  metrics.record(to, new EndedCall(call, outcome, state.destination, 5, 0), null);
  metrics.recordAttempt(to, new Attempt(call, 1, state, 0), outcome, 5);
  const of = (name: string) => samples.find(([one]) => one === name);
  const [, , labels] = of('istio_requests_total')!;
  assert.deepEqual(
    [labels.request_protocol, labels.response_code, labels.grpc_response_status],
    ['grpc', '200', '7'],
  );
  assert.equal(of('istio_request_messages_total')?.[1], 1);
  assert.equal(of('istio_response_messages_total')?.[1], 3);
  assert.deepEqual(of('rpc.client.duration'), [
    'rpc.client.duration',
    5,
    { ...METHOD, 'rpc.grpc.status_code': 7 },
  ]);
  assert.equal(of('http.client.request.duration'), undefined);
});
