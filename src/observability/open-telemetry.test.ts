/** What remains without an SDK, and that one which is late, or broken, does no harm. Spans and metrics as a real SDK sees them are tested in `packages/telemetry`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createNoopMeter,
  metrics,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  type Span,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import type { Clock } from '../base/clock.js';
import type { HeaderFields } from '../base/headers.js';
import { Attempt } from '../model/attempt.js';
import { Call } from '../model/call.js';
import type { Destination } from '../model/destination.js';
import { EndpointState } from '../model/endpoint-state.js';
import { Exchange } from '../model/exchange.js';
import type { Outcome } from '../model/outcome.js';
import { ResponseBody } from '../model/response-body.js';
import type { Workload } from '../model/workload.js';
import { openTelemetry } from './open-telemetry.js';
import { globalOtelApi, type OtelApi } from './otel-api.js';

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const clock: Clock = { now: () => 0, wallNow: () => 0, after: () => ({ cancel() {} }) };
const workload: Workload = {
  namespace: 'default',
  serviceAccount: 'a',
  service: 'a',
  name: 'a-1',
  labels: {},
};
const destination: Destination = {
  key: 'k',
  cluster: 'outbound|80||b.default.svc.cluster.local',
  endpoint: { key: '10.0.0.1:80', address: '10.0.0.1', port: 80, labels: {}, weight: 1, mtls: false },
  connection: { maxConnections: 1, connectTimeoutMs: 1, idleTimeoutMs: 1, maxRequestsPerConnection: 0 },
  tls: null,
};

/** A process of our own: its tracer provider is registered when the test says so. */
function world() {
  const proxy = new ProxyTracerProvider();
  const noMeters = { getMeter: () => createNoopMeter() };
  const api: OtelApi = {
    ...globalOtelApi,
    trace: { getTracerProvider: () => proxy },
    metrics: { getMeterProvider: () => noMeters },
  };
  const ambient: { exchange: Exchange | undefined } = { exchange: undefined };
  const random = { next: () => Math.fround(0.25) };
  const telemetry = openTelemetry({ clock, random, workload, ambient: () => ambient.exchange, api });
  return { telemetry, ambient, register: (provider: TracerProvider) => proxy.setDelegate(provider) };
}

function newCall(headers: HeaderFields = {}): Call {
  return new Call({ method: 'GET', scheme: 'http', authority: 'b', path: '/', headers, body: null }, 0);
}

function newExchange(headers: HeaderFields = {}): Exchange {
  const facts = {
    method: 'GET',
    scheme: 'http' as const,
    authority: 'a',
    path: '/',
    headers,
    protocol: 'HTTP/2' as const,
    peer: { id: null, address: '10.0.0.9', sni: null },
    remoteIp: '10.0.0.9',
    localAddress: '10.0.0.2',
    localPort: 80,
  };
  return new Exchange(facts, 0, 0);
}

function response(): Outcome {
  return { kind: 'response', status: 200, statusText: '', headers: {}, body: ResponseBody.of('') };
}

/** A provider that counts what it starts and ends. */
function recorder() {
  const started: string[] = [];
  let ended = 0;
  const tracer: Tracer = {
    startSpan(name) {
      started.push(name);
      const spanContext = {
        traceId: '1'.repeat(32),
        spanId: String(started.length).padStart(16, '0'),
        traceFlags: 1,
      };
      const span: Span = Object.assign(Object.create(trace.wrapSpanContext(spanContext)) as Span, {
        isRecording: () => true,
        end: () => {
          ended += 1;
        },
      });
      return span;
    },
    startActiveSpan: () => assert.fail('not used'),
  };
  return { provider: { getTracer: () => tracer }, started, ended: () => ended };
}

test('without an SDK the context of an exchange goes on unchanged to the calls made while serving it', () => {
  const { telemetry, ambient } = world();
  const fields = {
    traceparent: PARENT,
    tracestate: 'v=1',
    baggage: 'k=v',
    'x-request-id': 'r1',
    b3: `${'1'.repeat(32)}-${'2'.repeat(16)}-1`,
  };
  const exchange = newExchange({ ...fields, authorization: 'secret' });
  telemetry.exchangeStarted(exchange);
  ambient.exchange = exchange;
  const call = newCall();
  assert.equal(telemetry.call?.admit(call), null);
  assert.deepEqual(call.headers, fields);
  assert.equal(exchange.requestId, 'r1');
});

test('without an SDK nothing is kept of a call or an attempt', () => {
  const { telemetry } = world();
  const call = newCall();
  const attempt = new Attempt(call, 1, new EndpointState(destination, 0), 0);
  telemetry.call?.admit(call);
  telemetry.attempt?.admit(attempt);
  assert.equal(call.span, null);
  assert.equal(attempt.span, null);
  const outcome = response();
  telemetry.attempt?.settle?.(attempt, outcome);
  telemetry.attempt?.release?.(attempt);
  telemetry.call?.settle?.(call, outcome);
  telemetry.call?.release?.(call);
});

test('a request id is made where none came, and is the same for all calls of an exchange', () => {
  const { telemetry, ambient } = world();
  const exchange = newExchange({ 'x-request-id': 'not valid' });
  telemetry.exchangeStarted(exchange);
  assert.match(exchange.requestId, UUID);
  ambient.exchange = exchange;
  const calls = [newCall(), newCall()];
  for (const call of calls) telemetry.call?.admit(call);
  for (const call of calls) assert.equal(call.headers['x-request-id'], exchange.requestId);
});

test('a request id that the inbound side or the caller has set stays', () => {
  const { telemetry } = world();
  const exchange = newExchange({ 'x-request-id': 'came' });
  exchange.requestId = 'set';
  telemetry.exchangeStarted(exchange);
  assert.equal(exchange.requestId, 'set');
  const call = newCall({ 'x-request-id': 'mine' });
  telemetry.call?.admit(call);
  assert.equal(call.headers['x-request-id'], 'mine');
});

test('a call outside any exchange gets a request id and no trace context', () => {
  const { telemetry } = world();
  const call = newCall();
  telemetry.call?.admit(call);
  assert.match(String(call.headers['x-request-id']), UUID);
  assert.deepEqual(Object.keys(call.headers), ['x-request-id']);
});

test('without an SDK a handler runs as it is', () => {
  const { telemetry } = world();
  const exchange = newExchange();
  telemetry.exchangeStarted(exchange);
  assert.equal(
    telemetry.run(exchange, () => 7),
    7,
  );
  assert.throws(() => telemetry.run(exchange, () => assert.fail('of the handler')), /of the handler/);
  telemetry.exchangeEnded(exchange);
});

test('an SDK that is registered after the mesh has started is found by the next call', () => {
  const { telemetry, register } = world();
  telemetry.call?.admit(newCall());
  const { provider, started, ended } = recorder();
  register(provider);
  const call = newCall();
  telemetry.call?.admit(call);
  assert.deepEqual(started, ['GET b']);
  assert.equal(call.headers.traceparent, `00-${'1'.repeat(32)}-${'1'.padStart(16, '0')}-01`);
  telemetry.call?.settle?.(call, response());
  assert.equal(ended(), 0);
  telemetry.call?.release?.(call);
  assert.equal(ended(), 1);
});

test('a span ends once: with the outcome if there is no body, whatever is told later', () => {
  const { telemetry, register } = world();
  const { provider, ended } = recorder();
  register(provider);
  const call = newCall();
  telemetry.call?.admit(call);
  telemetry.call?.settle?.(call, { kind: 'cancelled', cause: undefined });
  telemetry.call?.release?.(call);
  telemetry.call?.release?.(call);
  assert.equal(ended(), 1);
});

test('each attempt is the parent of what the other side records', () => {
  const { telemetry, register } = world();
  const { provider } = recorder();
  register(provider);
  const call = newCall();
  telemetry.call?.admit(call);
  const spans = [1, 2].map((number) => {
    telemetry.attempt?.admit(new Attempt(call, number, new EndpointState(destination, 0), 0));
    return String(call.headers.traceparent).slice(36, 52);
  });
  assert.deepEqual(spans, ['0000000000000002', '0000000000000003']);
});

test('a tracer that throws loses its spans, and neither the call nor what it carries on', () => {
  const { telemetry, ambient, register } = world();
  const broken = () => {
    throw new Error('broken SDK');
  };
  register({ getTracer: () => ({ startSpan: broken, startActiveSpan: broken }) });
  const exchange = newExchange({ traceparent: PARENT });
  telemetry.exchangeStarted(exchange);
  ambient.exchange = exchange;
  const call = newCall();
  assert.equal(telemetry.call?.admit(call), null);
  assert.equal(call.headers.traceparent, PARENT);
  assert.equal(
    telemetry.run(exchange, () => 7),
    7,
  );
  telemetry.call?.settle?.(call, response());
  telemetry.call?.release?.(call);
  telemetry.exchangeEnded(exchange);
});

test('meters that throw do not reach the call, the exchange or the event', () => {
  const provider = {
    getMeter: () => {
      throw new Error('broken SDK');
    },
  };
  const api: OtelApi = { ...globalOtelApi, metrics: { getMeterProvider: () => provider } };
  const telemetry = openTelemetry({
    clock,
    random: { next: () => 0 },
    workload,
    ambient: () => undefined,
    api,
  });
  const call = newCall();
  telemetry.call?.admit(call);
  telemetry.exchangeEnded(newExchange());
  telemetry.event('policy.accepted', { revision: 1 });
});

test('two meshes in one process register nothing and share nothing', () => {
  world();
  world();
  assert.equal(metrics.getMeterProvider().getMeter('x'), createNoopMeter());
  assert.equal(trace.getSpan(ROOT_CONTEXT), undefined);
});
