/** The mesh's spans and metrics as a real SDK records them: the acceptance list of the observability specification. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { metrics, tracing } from '@opentelemetry/sdk-node';
import { ISTIO_BUCKETS, openTelemetry } from 'heddle/observability';
import {
  Attempt,
  Call,
  type CallRequest,
  type Clock,
  type Destination,
  EndpointState,
  Exchange,
  type HeaderFields,
  type Outcome,
  type Rejected,
  ResponseBody,
  type ResponseFlag,
  SpiffeId,
  type Telemetry,
  type Workload,
} from 'heddle/ports';
import { type RunningTelemetry, startTelemetry } from './start.js';

class Reader extends metrics.MetricReader {
  protected onForceFlush = async () => {};
  protected onShutdown = async () => {};
}

const exporter = new tracing.InMemorySpanExporter();
const reader = new Reader();
const clock: Clock & { ms: number } = {
  ms: 1000,
  now: () => clock.ms,
  wallNow: () => 0,
  after: () => ({ cancel() {} }),
};
const workload: Workload = {
  namespace: 'default',
  serviceAccount: 'productpage',
  service: 'productpage',
  name: 'productpage-1',
  labels: { app: 'productpage' },
};
let running: RunningTelemetry;
let ambient: Exchange | undefined;
let telemetry: Telemetry;

before(async () => {
  running = await startTelemetry({
    serviceName: 'productpage',
    traces: exporter,
    metrics: reader,
    environment: {},
  });
});
after(() => running.stop());
beforeEach(async () => {
  await running.flush();
  exporter.reset();
  ambient = undefined;
  const random = { next: () => 0.5 };
  telemetry = openTelemetry({ clock, random, workload, ambient: () => ambient });
});

const destination: Destination = {
  key: 'reviews',
  cluster: 'outbound|9080|v1|reviews.default.svc.cluster.local',
  endpoint: {
    key: '10.0.0.1:9080',
    address: '10.0.0.1',
    port: 9080,
    labels: { app: 'reviews', version: 'v1' },
    weight: 1,
    mtls: true,
    spiffeId: 'spiffe://cluster.local/ns/default/sa/reviews',
  },
  connection: {
    maxConnections: 1,
    connectTimeoutMs: 1,
    idleTimeoutMs: 1,
    maxRequestsPerConnection: 0,
  },
  tls: null,
};
const endpoint = new EndpointState(destination, 0);

function response(status: number, headers: HeaderFields = {}): Outcome {
  return { kind: 'response', status, statusText: '', headers, body: ResponseBody.of('hello') };
}

function newCall(request: Partial<CallRequest> = {}): Call {
  const call = new Call(
    {
      method: 'GET',
      scheme: 'http',
      authority: 'reviews:9080',
      path: '/',
      headers: {},
      body: null,
      ...request,
    },
    clock.now(),
  );
  return call;
}

/** Makes a call whose attempts end as told. @returns what each attempt would have sent as `traceparent` */
function makeCall(call: Call, outcomes: readonly Outcome[]): string[] {
  telemetry.call?.admit(call);
  call.service = 'reviews.default.svc.cluster.local';
  call.cluster = destination.cluster;
  const sent = outcomes.map((outcome, index) => {
    call.attempts = index + 1;
    const attempt = new Attempt(call, index + 1, endpoint, clock.now());
    telemetry.attempt?.admit(attempt);
    const traceparent = String(call.headers.traceparent);
    clock.ms += 10;
    telemetry.attempt?.settle?.(attempt, outcome);
    telemetry.attempt?.release?.(attempt);
    return traceparent;
  });
  telemetry.call?.settle?.(call, outcomes.at(-1)!);
  telemetry.call?.release?.(call);
  return sent;
}

function newExchange(headers: HeaderFields = {}, id: SpiffeId | null = null): Exchange {
  const facts = {
    method: 'GET',
    scheme: id === null ? ('http' as const) : ('https' as const),
    authority: 'productpage:9080',
    path: '/page?user=1&sig=secret',
    headers,
    protocol: 'HTTP/1.1' as const,
    peer: { id, address: '10.0.0.9', sni: null },
    remoteIp: '10.0.0.9',
    localAddress: '10.0.0.2',
    localPort: 9080,
  };
  return new Exchange(facts, clock.now(), 0);
}

function serve(exchange: Exchange, status: number): void {
  telemetry.exchangeStarted(exchange);
  exchange.status = status;
  telemetry.exchangeEnded(exchange);
}

async function spans(): Promise<tracing.ReadableSpan[]> {
  await running.flush();
  return exporter.getFinishedSpans();
}

/** Samples of a metric whose labels hold all of `labels`. */
async function samples(name: string, labels: Record<string, unknown>): Promise<metrics.DataPoint<unknown>[]> {
  const { resourceMetrics } = await reader.collect();
  const all = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
  const points: metrics.DataPoint<unknown>[] = all
    .filter((metric) => metric.descriptor.name === name)
    .flatMap((metric) => metric.dataPoints as metrics.DataPoint<unknown>[]);
  return points.filter((point) =>
    Object.entries(labels).every(([label, value]) => point.attributes[label] === value),
  );
}

test('a call that succeeds after two 503 is one sample of 200 and three client spans below one span', async () => {
  const call = newCall();
  const sent = makeCall(call, [response(503), response(503), response(200)]);

  const recorded = await spans();
  const whole = recorded.find((span) => span.kind === SpanKind.INTERNAL);
  assert.equal(whole?.name, 'GET reviews.default.svc.cluster.local');
  assert.equal(whole?.attributes['heddle.attempts'], 3);
  assert.equal(whole?.status.code, SpanStatusCode.UNSET);
  const attempts = recorded.filter((span) => span.kind === SpanKind.CLIENT);
  assert.deepEqual(
    attempts.map((span) => span.attributes['http.request.resend_count']),
    [undefined, 1, 2],
  );
  assert.deepEqual(
    attempts.map((span) => span.attributes['error.type']),
    ['503', '503', undefined],
  );
  assert.ok(attempts.every((span) => span.parentSpanContext?.spanId === whole?.spanContext().spanId));
  // The other side's parent is the attempt, not the call.
  assert.deepEqual(
    sent,
    attempts.map((span) => `00-${span.spanContext().traceId}-${span.spanContext().spanId}-01`),
  );

  const labels = { reporter: 'source', destination_service: 'reviews.default.svc.cluster.local' };
  const [sample, ...more] = await samples('istio_requests_total', labels);
  assert.equal(more.length, 0);
  assert.equal(sample?.value, 1);
  assert.deepEqual(sample?.attributes, {
    reporter: 'source',
    connection_security_policy: 'unknown',
    source_workload: 'productpage',
    source_workload_namespace: 'default',
    source_principal: 'unknown',
    source_app: 'productpage',
    source_version: 'unknown',
    source_cluster: 'unknown',
    source_canonical_service: 'productpage',
    source_canonical_revision: 'latest',
    destination_workload: 'reviews',
    destination_workload_namespace: 'default',
    destination_principal: 'spiffe://cluster.local/ns/default/sa/reviews',
    destination_app: 'reviews',
    destination_version: 'v1',
    destination_cluster: 'unknown',
    destination_canonical_service: 'reviews',
    destination_canonical_revision: 'v1',
    destination_service: 'reviews.default.svc.cluster.local',
    destination_service_name: 'reviews',
    destination_service_namespace: 'default',
    request_protocol: 'http',
    response_code: '200',
    grpc_response_status: '',
    response_flags: '-',
  });
  const [retries] = await samples('heddle_retries_total', { cluster: destination.cluster });
  assert.equal(retries?.value, 2);
  const [duration] = await samples('istio_request_duration_milliseconds', { response_code: '200' });
  const histogram = duration?.value as metrics.Histogram;
  assert.deepEqual(histogram.buckets.boundaries, ISTIO_BUCKETS);
  assert.equal(histogram.sum, 30);
  const [attempted] = await samples('http.client.request.duration', { 'error.type': '503' });
  const perAttempt = attempted?.value as metrics.Histogram;
  assert.equal(perAttempt.count, 2);
  assert.equal(attempted?.attributes['server.address'], 'reviews');
});

test('a call for which there is no route is 404 with flag NR, under the host that was asked for', async () => {
  const call = newCall({ authority: 'nowhere.example:81' });
  telemetry.call?.admit(call);
  call.flags.add('NR');
  const outcome: Rejected = {
    kind: 'rejected',
    code: 'HEDDLE_NO_ROUTE',
    flag: 'NR',
    status: 404,
    because: 'no-route',
  };
  telemetry.call?.settle?.(call, outcome);
  telemetry.call?.release?.(call);

  const [sample] = await samples('istio_requests_total', { response_flags: 'NR' });
  assert.equal(sample?.attributes.response_code, '404');
  assert.equal(sample?.attributes.destination_service, 'nowhere.example');
  assert.equal(sample?.attributes.destination_service_name, 'BlackHoleCluster');
  assert.equal(sample?.value, 1);
  const [span] = await spans();
  assert.equal(span?.attributes['error.type'], 'no-route');
  assert.equal(span?.attributes['heddle.response_flags'], 'NR');
  assert.equal(span?.status.code, SpanStatusCode.ERROR);
});

test('a call that its caller gave up is response code 0 with flag DC', async () => {
  makeCall(newCall(), [{ kind: 'cancelled', cause: new Error('enough') }]);
  const [sample] = await samples('istio_requests_total', { response_code: '0' });
  assert.equal(sample?.attributes.response_flags, 'DC');
});

test('an exchange over plain text has security policy none, over mTLS mutual_tls and the caller it proved', async () => {
  serve(newExchange(), 200);
  serve(newExchange({}, SpiffeId.parse('spiffe://cluster.local/ns/web/sa/front')), 200);
  const [plain] = await samples('istio_requests_total', { connection_security_policy: 'none' });
  assert.equal(plain?.attributes.reporter, 'destination');
  assert.equal(plain?.attributes.source_principal, 'unknown');
  const [proved] = await samples('istio_requests_total', { connection_security_policy: 'mutual_tls' });
  assert.equal(proved?.attributes.source_principal, 'spiffe://cluster.local/ns/web/sa/front');
  assert.equal(proved?.attributes.source_workload, 'front');
  assert.equal(proved?.attributes.source_workload_namespace, 'web');
  assert.equal(proved?.attributes.destination_service, 'productpage.default.svc.cluster.local');
});

test('404 marks a client span as an error, and not a server span; 503 marks both', async () => {
  makeCall(newCall(), [response(404)]);
  serve(newExchange(), 404);
  serve(newExchange(), 503);
  const recorded = await spans();
  const codes = (kind: SpanKind) =>
    recorded.filter((span) => span.kind === kind).map((span) => span.status.code);
  assert.deepEqual(codes(SpanKind.CLIENT), [SpanStatusCode.ERROR]);
  assert.deepEqual(codes(SpanKind.SERVER), [SpanStatusCode.UNSET, SpanStatusCode.ERROR]);
});

test('what is secret in a URL does not reach a span', async () => {
  makeCall(newCall({ authority: 'me:pass@reviews', path: '/a?sig=abc&x=1' }), [response(200)]);
  serve(newExchange(), 200);
  const recorded = await spans();
  const client = recorded.find((span) => span.kind === SpanKind.CLIENT);
  assert.equal(client?.attributes['url.full'], 'http://REDACTED:REDACTED@reviews/a?sig=REDACTED&x=1');
  assert.equal(client?.attributes['server.address'], 'reviews');
  const server = recorded.find((span) => span.kind === SpanKind.SERVER);
  assert.equal(server?.attributes['url.query'], 'user=1&sig=REDACTED');
  assert.ok(!JSON.stringify(recorded.map((span) => span.attributes)).includes('secret'));
});

test('an exchange continues the trace of its caller, and calls made while serving it are its children', async () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const exchange = newExchange({
    traceparent: `00-${traceId}-b7ad6b7169203331-01`,
    tracestate: 'vendor=1',
    baggage: 'tenant=blue',
    'x-request-id': 'r1',
  });
  telemetry.exchangeStarted(exchange);
  ambient = exchange;
  const call = newCall();
  telemetry.run(exchange, () => makeCall(call, [response(200)]));
  exchange.status = 200;
  telemetry.exchangeEnded(exchange);

  const recorded = await spans();
  assert.ok(recorded.every((span) => span.spanContext().traceId === traceId));
  const server = recorded.find((span) => span.kind === SpanKind.SERVER);
  const whole = recorded.find((span) => span.kind === SpanKind.INTERNAL);
  assert.equal(server?.parentSpanContext?.spanId, 'b7ad6b7169203331');
  assert.equal(whole?.parentSpanContext?.spanId, server?.spanContext().spanId);
  assert.equal(call.headers.tracestate, 'vendor=1');
  assert.equal(call.headers.baggage, 'tenant=blue');
  assert.equal(call.headers['x-request-id'], 'r1');
});

test("a span that the application starts lies between the exchange's span and the call's", async () => {
  const exchange = newExchange();
  telemetry.exchangeStarted(exchange);
  ambient = exchange;
  await telemetry.run(exchange, () =>
    trace.getTracer('app').startActiveSpan('work', async (span) => {
      await Promise.resolve();
      makeCall(newCall(), [response(200)]);
      span.end();
    }),
  );
  telemetry.exchangeEnded(exchange);
  const recorded = await spans();
  const parentOf = (span: tracing.ReadableSpan | undefined) =>
    recorded.find((other) => other.spanContext().spanId === span?.parentSpanContext?.spanId);
  const client = recorded.find((span) => span.kind === SpanKind.CLIENT);
  const names = [client, parentOf(client), parentOf(parentOf(client)), parentOf(parentOf(parentOf(client)))];
  assert.deepEqual(
    names.map((span) => span?.name),
    ['GET', 'GET reviews.default.svc.cluster.local', 'work', 'GET'],
  );
});

test('a caller that does not record is obeyed: nothing is recorded, and the flag goes on as 00', async () => {
  const exchange = newExchange({
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00',
  });
  telemetry.exchangeStarted(exchange);
  ambient = exchange;
  const sent = telemetry.run(exchange, () => makeCall(newCall(), [response(200)]));
  telemetry.exchangeEnded(exchange);
  assert.deepEqual(await spans(), []);
  assert.match(sent[0]!, /^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-00$/);
});

test('an invalid traceparent starts a new trace, and its tracestate is dropped', async () => {
  const zeros = `00-${'0'.repeat(32)}-b7ad6b7169203331-01`;
  const exchange = newExchange({ traceparent: zeros, tracestate: 'vendor=1' });
  telemetry.exchangeStarted(exchange);
  ambient = exchange;
  const call = newCall();
  const [sent] = telemetry.run(exchange, () => makeCall(call, [response(200)]));
  telemetry.exchangeEnded(exchange);
  const server = (await spans()).find((span) => span.kind === SpanKind.SERVER);
  assert.equal(server?.parentSpanContext, undefined);
  assert.ok(sent?.includes(String(server?.spanContext().traceId)));
  assert.equal(call.headers.tracestate, undefined);
});

test('two calls outside any exchange are two traces', async () => {
  makeCall(newCall(), [response(200)]);
  makeCall(newCall(), [response(200)]);
  const ids = new Set((await spans()).map((span) => span.spanContext().traceId));
  assert.equal(ids.size, 2);
});

test('events become counters and gauges', async () => {
  const watched = { ...workload, name: 'productpage-2' };
  const random = { next: () => 0.5 };
  telemetry = openTelemetry({ clock, random, workload: watched, ambient: () => undefined });
  telemetry.event('policy.accepted', { revision: 42 });
  telemetry.event('certificate.renewed', { expiresAt: 1_800_000_000_000 });
  telemetry.event('endpoint.ejected', { cluster: 'c', because: '5xx' });
  telemetry.event('circuit.changed', { cluster: 'c', state: 'open' });
  const [ejected] = await samples('heddle_ejections_total', { cluster: 'c' });
  assert.equal(ejected?.value, 1);
  const [opened] = await samples('heddle_circuit_transitions_total', { cluster: 'c', state: 'open' });
  assert.equal(opened?.value, 1);
  const [revision] = await samples('heddle_policy_revision', { workload: 'productpage-2' });
  assert.equal(revision?.value, 42);
  const [end] = await samples('heddle_certificate_end_seconds', { workload: 'productpage-2' });
  assert.equal(end?.value, 1_800_000_000);
  const [accepted] = await samples('heddle_events_total', { event: 'policy.accepted' });
  assert.equal(accepted?.value, 1);
});

test('hosts beyond the limit share one name', async () => {
  for (let host = 0; host < 1005; host += 1) {
    const call = newCall({ authority: `h${host}.example` });
    telemetry.call?.admit(call);
    call.flags.add('NR' satisfies ResponseFlag);
    telemetry.call?.settle?.(call, {
      kind: 'rejected',
      code: 'HEDDLE_NO_ROUTE',
      flag: 'NR',
      status: 404,
      because: 'no-route',
    });
  }
  const [rest] = await samples('istio_requests_total', { destination_service: 'unknown' });
  assert.ok(rest !== undefined && Number(rest.value) >= 5);
});
