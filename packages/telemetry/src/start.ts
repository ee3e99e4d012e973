import { context, metrics, ProxyTracerProvider, propagation, trace } from '@opentelemetry/api';
import { NodeSDK, resources } from '@opentelemetry/sdk-node';
import { KeptMetrics } from 'heddle/observability';
import { MeshError } from 'heddle/ports';
import { PrometheusEndpoint } from './prometheus.js';
import { type Environment, resourceAttributes } from './resource.js';
import {
  type MetricDestination,
  metricSettings,
  ratioSampler,
  readersAreOurs,
  servesPrometheus,
  type TraceDestination,
  traceSettings,
} from './signals.js';

/** An option that is left out is decided by OpenTelemetry's own variable; where that is not set either, by the default named here. */
export interface TelemetryOptions {
  /** Name of the service in traces. @default `OTEL_SERVICE_NAME`, else `HEDDLE_SERVICE` */
  readonly serviceName?: string;
  /** @default `HEDDLE_NAMESPACE`, else `default` */
  readonly namespace?: string;
  /**
   * Where spans go: `otlp` (protobuf over HTTP; `OTEL_EXPORTER_OTLP_ENDPOINT`), `console` (for people), `json-lines` (a line a
   * span on stdout), `none`, or an exporter. @default `OTEL_TRACES_EXPORTER`, else `otlp`
   */
  readonly traces?: TraceDestination;
  /** Where metrics go, or a reader. @default `OTEL_METRICS_EXPORTER`, else `otlp` */
  readonly metrics?: MetricDestination;
  /** Share of new traces that are recorded, 0 to 1; a caller's decision is kept. @default `OTEL_TRACES_SAMPLER`, else all */
  readonly sampleRatio?: number;
  /** 0 takes a free port. @default `OTEL_EXPORTER_PROMETHEUS_PORT`, else 9464 */
  readonly prometheusPort?: number;
  /** @default `OTEL_EXPORTER_PROMETHEUS_HOST`, else 127.0.0.1: metrics say who calls whom, so opening them is a decision */
  readonly prometheusHost?: string;
  /** How long stopping may wait for exporters, milliseconds. @default 5000 */
  readonly stopTimeoutMs?: number;
  /** @default process.env */
  readonly environment?: Environment;
}

/** What has been started; stop it last, so that the last spans are sent. */
export interface RunningTelemetry extends AsyncDisposable {
  /** Where Prometheus finds the metrics; null unless they are served. */
  readonly prometheusUrl: string | null;
  /** Sends what has been recorded so far. */
  flush(): Promise<void>;
  /** Sends what is left and unregisters. Never rejects: what could not be sent in time is lost. */
  stop(): Promise<void>;
}

/**
 * Sets up tracing and metrics for this process and registers them with the OpenTelemetry API, where the mesh finds them. W3C
 * trace context and baggage; spans in batches; no patching of other libraries. One a process.
 * @throws MeshError `HEDDLE_INVALID_ARGUMENT` for a wrong option, or if an SDK is registered already
 * @throws the listen error of the Prometheus port
 * @example await using telemetry = await startTelemetry({ traces: 'otlp', metrics: 'prometheus' });
 */
export async function startTelemetry(options: TelemetryOptions = {}): Promise<RunningTelemetry> {
  check(options);
  const environment = options.environment ?? process.env;
  const metricsTo = options.metrics ?? listed(environment.OTEL_METRICS_EXPORTER);
  const kept = new KeptMetrics();
  const prometheus = servesPrometheus(metricsTo)
    ? await PrometheusEndpoint.listen(
        options.prometheusHost ?? environment.OTEL_EXPORTER_PROMETHEUS_HOST ?? '127.0.0.1',
        options.prometheusPort ?? portFrom(environment.OTEL_EXPORTER_PROMETHEUS_PORT),
        kept,
      )
    : null;
  const sdk = new NodeSDK({
    resource: resources
      .defaultResource()
      .merge(resources.resourceFromAttributes(resourceAttributes(options, environment, process.pid))),
    // Not the process detector of the SDK's defaults: it publishes the command line.
    resourceDetectors: [resources.envDetector, resources.hostDetector],
    instrumentations: [],
    logRecordProcessors: [],
    ...(options.serviceName === undefined ? {} : { serviceName: options.serviceName }),
    ...(options.sampleRatio === undefined ? {} : { sampler: ratioSampler(options.sampleRatio) }),
    ...traceSettings(options.traces),
    ...metricSettings(metricsTo, prometheus?.reader ?? null, kept),
  });
  sdk.start();
  if (readersAreOurs(metricsTo, prometheus?.reader ?? null)) {
    // The mesh's samples cost nanoseconds where it keeps them itself.
    const provider = kept.over(metrics.getMeterProvider());
    metrics.disable();
    metrics.setGlobalMeterProvider(provider);
  }
  let stopped: Promise<void> | null = null;
  const stop = () => (stopped ??= stopAll(sdk, prometheus, options.stopTimeoutMs ?? 5000));
  return { prometheusUrl: prometheus?.url ?? null, flush, stop, [Symbol.asyncDispose]: stop };
}

function check({ sampleRatio, prometheusPort }: TelemetryOptions): void {
  if (sampleRatio !== undefined && !(sampleRatio >= 0 && sampleRatio <= 1))
    throw invalid(`sampleRatio must be a number from 0 to 1, not ${sampleRatio}`);
  if (prometheusPort !== undefined && !isPort(prometheusPort))
    throw invalid(`prometheusPort must be a whole number from 0 to 65535, not ${prometheusPort}`);
  if (tracerProvider() !== null)
    throw invalid('an OpenTelemetry SDK is registered already: start one of them, the mesh finds either');
}

async function flush(): Promise<void> {
  await Promise.all([forceFlush(tracerProvider()), forceFlush(metrics.getMeterProvider())]);
}

async function forceFlush(provider: object | null): Promise<void> {
  if (provider === null || !('forceFlush' in provider) || typeof provider.forceFlush !== 'function') return;
  await provider.forceFlush();
}

/** The SDK's own, behind the API's proxy; null if none is registered. */
function tracerProvider(): object | null {
  const provider = trace.getTracerProvider();
  if (!(provider instanceof ProxyTracerProvider)) return provider;
  return provider.getDelegateTracer('heddle') === undefined ? null : provider.getDelegate();
}

/** SDKs are stopped before the server: the last scrape may still be under way. */
async function stopAll(
  sdk: NodeSDK,
  prometheus: PrometheusEndpoint | null,
  timeoutMs: number,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([sdk.shutdown().catch(() => undefined), late]);
  clearTimeout(timer);
  await prometheus?.close();
  trace.disable();
  metrics.disable();
  propagation.disable();
  context.disable();
}

/** A variable that names several, separated by commas. */
function listed(variable: string | undefined): string[] {
  return (variable ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function portFrom(variable: string | undefined): number {
  if (variable === undefined || variable.trim() === '') return 9464;
  const port = Number(variable);
  if (!isPort(port))
    throw invalid(`OTEL_EXPORTER_PROMETHEUS_PORT must be a port number, not ${JSON.stringify(variable)}`);
  return port;
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port <= 65_535;
}

function invalid(message: string): MeshError {
  return new MeshError(`startTelemetry: ${message}`, { code: 'HEDDLE_INVALID_ARGUMENT' });
}
