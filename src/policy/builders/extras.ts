/** Builders of Telemetry and of the kinds of heddle.dev: plain resources, to be written as YAML or applied. */
import type { Resource } from '../resource.js';
import { buildLabelled, type LabelledMetadata } from './build.js';
import type { MeshConfigSpec, RateLimitSpec, ResiliencePolicySpec, TelemetrySpec } from './specs/index.js';

/** Which traces, metrics and access logs a workload makes. */
export function telemetry(of: LabelledMetadata & TelemetrySpec): Resource {
  return buildLabelled('Telemetry', of);
}

/** What Istio cannot say: circuits, retry budgets, hedging, deadlines, adaptive limits, priorities. */
export function resiliencePolicy(of: LabelledMetadata & ResiliencePolicySpec): Resource {
  return buildLabelled('ResiliencePolicy', of);
}

/** How many requests a process takes, or makes to a host, in a time. */
export function rateLimit(of: LabelledMetadata & RateLimitSpec): Resource {
  return buildLabelled('RateLimit', of);
}

/** Whom CUSTOM asks, in the whole mesh: in the namespace `istio-system` only. */
export function meshConfig(of: LabelledMetadata & MeshConfigSpec): Resource {
  return buildLabelled('MeshConfig', of);
}
