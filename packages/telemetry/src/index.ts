/** `@heddle/telemetry`: `@opentelemetry/sdk-node` set up for a mesh. */

export { type JsonSpan, jsonLinesExporter } from './json-lines.js';
export { type RunningTelemetry, startTelemetry, type TelemetryOptions } from './start.js';
