/**
 * OpenTelemetry as a service sets it up, the same for both sides: batches of spans and a periodic reader of metrics, to exporters that
 * throw away what they are given. Switched on and off between slices, so that rows without it do not pay for it.
 */
import { KeptMetrics } from 'heddle/observability';
import { peer } from './peers.mjs';

/** @returns null if the peers are not installed */
export async function openTelemetry() {
  const [api, core, traces, meters, instrumentation] = await Promise.all([
    peer('@opentelemetry/api'),
    peer('@opentelemetry/core'),
    peer('@opentelemetry/sdk-trace-base'),
    peer('@opentelemetry/sdk-metrics'),
    peer('@opentelemetry/instrumentation-undici'),
  ]);
  if ([api, core, traces, meters, instrumentation].includes(null)) return null;
  const spans = {
    exported: 0,
    export(batch, done) {
      spans.exported += batch.length;
      done({ code: 0 });
    },
    shutdown: async () => {},
  };
  const tracerOf = (ratio) =>
    new traces.BasicTracerProvider({
      sampler: new traces.ParentBasedSampler({ root: new traces.TraceIdRatioBasedSampler(ratio) }),
      spanProcessors: [
        new traces.BatchSpanProcessor(spans, { maxQueueSize: 65_536, scheduledDelayMillis: 200 }),
      ],
    });
  const samples = {
    export: (_metrics, done) => done({ code: 0 }),
    forceFlush: async () => {},
    shutdown: async () => {},
    selectAggregationTemporality: () => 1,
  };
  const kept = new KeptMetrics();
  const meterProvider = new meters.MeterProvider({
    readers: [
      new meters.PeriodicExportingMetricReader({
        exporter: samples,
        exportIntervalMillis: 10_000,
        metricProducers: [kept],
      }),
    ],
  });
  const keptProvider = kept.over(meterProvider);
  const onePercent = tracerOf(0.01);
  const all = tracerOf(1);
  const propagator = new core.W3CTraceContextPropagator();
  const undici = new instrumentation.UndiciInstrumentation();
  undici.setMeterProvider(meterProvider);
  undici.setTracerProvider(onePercent);
  undici.disable();

  /** What the mesh finds: metrics on all, spans on so many. */
  const global = (tracerProvider, provider = keptProvider) => ({
    enable() {
      api.metrics.setGlobalMeterProvider(provider);
      if (tracerProvider !== null) api.trace.setGlobalTracerProvider(tracerProvider);
      api.propagation.setGlobalPropagator(propagator);
    },
    disable() {
      api.metrics.disable();
      api.trace.disable();
      api.propagation.disable();
    },
  });
  return {
    spans,
    metrics: global(null),
    /** The same where the mesh does not keep its samples itself. */
    metricsOfSdk: global(null, meterProvider),
    onePercent: global(onePercent),
    all: global(all),
    /** For whoever calls undici by hand. */
    instrumented: {
      enable() {
        api.propagation.setGlobalPropagator(propagator);
        undici.enable();
      },
      disable() {
        undici.disable();
        api.propagation.disable();
      },
    },
    async close() {
      await Promise.all([meterProvider.shutdown(), onePercent.shutdown(), all.shutdown()]);
    },
  };
}
