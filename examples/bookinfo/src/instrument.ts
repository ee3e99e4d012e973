/** Preloaded into every service: OpenTelemetry, its spans handed to whoever started the process. */
import { jsonLinesExporter, startTelemetry } from '@heddle/telemetry';

await startTelemetry({
  traces: jsonLinesExporter((lines) => void process.send?.({ spans: lines })),
  metrics: 'none',
  // Whoever wants a trace asks for it with a `traceparent` that says so; the rest is not recorded.
  sampleRatio: 0,
});
