import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { metrics, type NodeSDKConfiguration, tracing } from '@opentelemetry/sdk-node';
import { jsonLinesExporter } from './json-lines.js';

/** Where spans go. */
export type TraceDestination = 'otlp' | 'console' | 'json-lines' | 'none' | tracing.SpanExporter;

/** Where metrics go. */
export type MetricDestination = 'otlp' | 'prometheus' | 'none' | metrics.IMetricReader;

/** Settings of the SDK for a destination; none of them where it is left to OpenTelemetry's variables. */
export function traceSettings(traces: TraceDestination | undefined): Partial<NodeSDKConfiguration> {
  switch (traces) {
    case undefined:
      return {};
    case 'none':
      return { spanProcessors: [] };
    case 'otlp':
      return { traceExporter: new OTLPTraceExporter() };
    case 'console':
      return { spanProcessors: [new tracing.SimpleSpanProcessor(new tracing.ConsoleSpanExporter())] };
    case 'json-lines':
      return { traceExporter: jsonLinesExporter((lines) => void process.stdout.write(lines)) };
    default:
      return { traceExporter: traces };
  }
}

/** Names from `OTEL_METRICS_EXPORTER`, or what the option says. */
export type MetricWish = MetricDestination | readonly string[];

/** We serve metrics ourselves wherever they are asked for: the SDK's own endpoint would listen on every address. */
export function servesPrometheus(wish: MetricWish): boolean {
  return wish === 'prometheus' || (isNames(wish) && wish.includes('prometheus'));
}

/**
 * @param prometheus the reader behind the endpoint, if metrics are served
 * @param kept the mesh's own metrics, which our readers collect; a reader that was made elsewhere does not know of them
 */
export function metricSettings(
  wish: MetricWish,
  prometheus: metrics.IMetricReader | null,
  kept: metrics.MetricProducer,
): Partial<NodeSDKConfiguration> {
  const readers = prometheus === null ? [] : [prometheus];
  if (isNames(wish)) {
    if (prometheus === null) return {};
    return { metricReaders: wish.includes('otlp') ? [...readers, otlpReader(kept)] : readers };
  }
  if (typeof wish !== 'string') return { metricReaders: [wish] };
  return { metricReaders: wish === 'otlp' ? [otlpReader(kept)] : readers };
}

/** Do our own readers take the metrics? Only they collect what the mesh keeps. */
export function readersAreOurs(wish: MetricWish, prometheus: metrics.IMetricReader | null): boolean {
  return isNames(wish) ? prometheus !== null : wish === 'otlp' || wish === 'prometheus';
}

function otlpReader(kept: metrics.MetricProducer): metrics.IMetricReader {
  return new metrics.PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter(),
    metricProducers: [kept],
  });
}

function isNames(wish: MetricWish): wish is readonly string[] {
  return Array.isArray(wish);
}

/** Decided once, where a trace begins; a caller's decision is kept. */
export function ratioSampler(ratio: number): tracing.Sampler {
  return new tracing.ParentBasedSampler({ root: new tracing.TraceIdRatioBasedSampler(ratio) });
}
