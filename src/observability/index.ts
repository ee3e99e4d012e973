/** `heddle/observability`: spans, metrics and propagation through the OpenTelemetry API, and the access log. */

export { type AccessLogOptions, accessLog } from './access-log/index.js';
export type { EndedCall } from './ended-call.js';
export { type TelemetryFacts, TelemetryPolicies } from './in-force.js';
export { HTTP_SECONDS, ISTIO_BUCKETS, KeptMetrics, type MeshEvents } from './metrics/index.js';
export { type OpenTelemetryOptions, openTelemetry } from './open-telemetry.js';
export { globalOtelApi, type OtelApi } from './otel-api.js';
export type { EffectiveTelemetry } from './policy.js';
export { formatTraceparent, parseTraceparent, type TraceParent } from './trace/index.js';
