/** Preloaded into each service: its spans go to whoever started it. */
import { jsonLinesExporter, startTelemetry } from '@heddle/telemetry';

await startTelemetry({
  traces: jsonLinesExporter((lines) => void process.send?.({ spans: lines })),
  metrics: 'none',
  // What its caller records, and nothing else.
  sampleRatio: 0,
});
