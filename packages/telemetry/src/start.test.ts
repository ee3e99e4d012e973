import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { context, createNoopMeter, metrics, ProxyTracerProvider, trace } from '@opentelemetry/api';
import { tracing } from '@opentelemetry/sdk-node';
import { isMeshError } from 'heddle/ports';
import { type JsonSpan, jsonLinesExporter } from './json-lines.js';
import { resourceAttributes } from './resource.js';
import { startTelemetry } from './start.js';

function recording(): boolean {
  return trace.getTracer('test').startSpan('x').isRecording();
}

test('started, spans are recorded and sent by flush; stopped, they are not, and it can be started again', async () => {
  for (const _ of [1, 2]) {
    const exporter = new tracing.InMemorySpanExporter();
    const running = await startTelemetry({
      serviceName: 'a',
      traces: exporter,
      metrics: 'none',
      environment: {},
    });
    assert.equal(running.prometheusUrl, null);
    trace.getTracer('test').startSpan('work').end();
    await running.flush();
    const [span] = exporter.getFinishedSpans();
    assert.equal(span?.name, 'work');
    assert.equal(span?.resource.attributes['service.name'], 'a');
    assert.equal(span?.resource.attributes['process.command_args'], undefined);
    await running.stop();
    await running.stop();
    assert.equal(recording(), false);
  }
});

test('a second SDK in one process is refused', async () => {
  await using _running = await startTelemetry({ traces: jsonLinesExporter(() => {}), metrics: 'none' });
  await assert.rejects(startTelemetry(), (error) => isMeshError(error, 'HEDDLE_INVALID_ARGUMENT'));
});

test('with traces and metrics none nothing is registered', async () => {
  await using _running = await startTelemetry({ traces: 'none', metrics: 'none' });
  const provider = trace.getTracerProvider();
  assert.ok(provider instanceof ProxyTracerProvider && provider.getDelegateTracer('x') === undefined);
  assert.equal(metrics.getMeterProvider().getMeter('x'), createNoopMeter());
});

test('metrics are served at /metrics on a loopback address, and no longer once stopped', async () => {
  const running = await startTelemetry({
    serviceName: 'a',
    traces: 'none',
    metrics: 'prometheus',
    prometheusPort: 0,
    environment: {},
  });
  const url = String(running.prometheusUrl);
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
  metrics.getMeter('test').createCounter('istio_requests_total').add(2, { reporter: 'source' });
  const text = await (await fetch(url)).text();
  assert.match(text, /^istio_requests_total\{reporter="source"\} 2$/m);
  assert.match(text, /service_name="a"/);
  assert.equal((await fetch(new URL('/other', url))).status, 404);
  assert.equal((await fetch(url, { method: 'POST' })).status, 405);
  await running.stop();
  await assert.rejects(fetch(url));
});

test('metrics asked for by the variable are served on a loopback address too', async () => {
  const environment = { OTEL_METRICS_EXPORTER: 'prometheus' };
  await using running = await startTelemetry({ traces: 'none', prometheusPort: 0, environment });
  assert.match(String(running.prometheusUrl), /^http:\/\/127\.0\.0\.1:/);
});

test('a Prometheus port that is taken fails the start, and leaves nothing registered', async () => {
  const taken = createServer().listen(0, '127.0.0.1').unref();
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  await assert.rejects(startTelemetry({ traces: 'console', metrics: 'prometheus', prometheusPort: port }), {
    code: 'EADDRINUSE',
  });
  assert.equal(recording(), false);
  taken.close();
});

for (const wrong of [{ sampleRatio: 1.5 }, { sampleRatio: Number.NaN }, { prometheusPort: -1 }]) {
  test(`${Object.keys(wrong)} ${Object.values(wrong)} is refused by name`, async () => {
    await assert.rejects(startTelemetry(wrong), (error) => {
      assert.ok(isMeshError(error, 'HEDDLE_INVALID_ARGUMENT'));
      return error.message.includes(Object.keys(wrong)[0]!);
    });
  });
}

test('with a sample ratio of 0 nothing is recorded, except for a caller that records', async () => {
  await using _running = await startTelemetry({
    traces: jsonLinesExporter(() => {}),
    metrics: 'none',
    sampleRatio: 0,
  });
  assert.equal(recording(), false);
  const caller = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1, isRemote: true };
  const parent = trace.setSpanContext(context.active(), caller);
  assert.equal(trace.getTracer('test').startSpan('x', {}, parent).isRecording(), true);
});

test('spans go to a collector over OTLP, and stopping sends what is left', async () => {
  const requests: (string | undefined)[] = [];
  const collector = createServer((request, response) => {
    requests.push(`${request.method} ${request.url} ${request.headers['content-type']}`);
    request.resume().on('end', () => response.end());
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const { port } = collector.address() as AddressInfo;
  const before = process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${port}`;
  try {
    const running = await startTelemetry({ traces: 'otlp', metrics: 'none' });
    trace.getTracer('test').startSpan('work').end();
    await running.stop();
    assert.deepEqual(requests, ['POST /v1/traces application/x-protobuf']);
  } finally {
    if (before === undefined) delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
    else process.env.OTEL_EXPORTER_OTLP_ENDPOINT = before;
    collector.closeAllConnections();
    collector.close();
  }
});

test('a span is written as one line of JSON with its parent, times, error and attributes', async () => {
  const lines: string[] = [];
  const running = await startTelemetry({
    serviceName: 'a',
    traces: jsonLinesExporter(async (text) => void lines.push(text)),
    metrics: 'none',
    environment: {},
  });
  // A small number would be taken for a time since the process began, once it runs for longer than that.
  const began = Date.UTC(2026, 0, 1);
  const tracer = trace.getTracer('test');
  const parent = tracer.startSpan('outer', { startTime: began });
  const child = tracer.startSpan(
    'inner',
    { startTime: began + 10, kind: 2, attributes: { n: 1 } },
    trace.setSpan(context.active(), parent),
  );
  child.setStatus({ code: 2, message: 'refused' });
  child.end(began + 20);
  parent.end(began + 50);
  await running.stop();
  const text = lines.join('');
  assert.ok(text.endsWith('\n'));
  const [inner, outer] = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as JsonSpan);
  assert.deepEqual(inner, {
    traceId: parent.spanContext().traceId,
    spanId: child.spanContext().spanId,
    parentSpanId: parent.spanContext().spanId,
    service: 'a',
    name: 'inner',
    kind: 'client',
    startMs: began + 10,
    durationMs: 10,
    error: 'refused',
    attributes: { n: 1 },
  });
  assert.equal(outer?.parentSpanId, undefined);
  assert.equal(outer?.durationMs, 50);
});

test('lines that cannot be written are lost, and the next ones are written', async () => {
  const written: string[] = [];
  let fail = true;
  const exporter = jsonLinesExporter((lines) => {
    if (fail) throw new Error('disk full');
    written.push(lines);
  });
  const code = () => new Promise<number>((resolve) => exporter.export([], (result) => resolve(result.code)));
  assert.equal(await code(), 1);
  fail = false;
  assert.equal(await code(), 0);
  assert.equal(written.length, 1);
});

test('who the process is comes from the variables that join reads, and options win', () => {
  const environment = {
    HEDDLE_SERVICE: 'reviews',
    HEDDLE_NAMESPACE: 'shop',
    HEDDLE_WORKLOAD: 'reviews-2',
    HEDDLE_LABELS: 'app=reviews, version=v2',
    HEDDLE_TOKEN: 'secret',
  };
  assert.deepEqual(resourceAttributes({}, environment, 7), {
    'service.name': 'reviews',
    'service.namespace': 'shop',
    'service.instance.id': 'reviews-2',
    'service.version': 'v2',
    'process.pid': 7,
  });
  const options = { serviceName: 'a', namespace: 'b' };
  assert.deepEqual(resourceAttributes(options, {}, 7), {
    'service.name': 'a',
    'service.namespace': 'b',
    'process.pid': 7,
  });
});
