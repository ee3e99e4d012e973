/**
 * Telemetry: what its schema cannot say.
 * @source Istio `pkg/config/validation/validation.go` ValidateTelemetry; spec validation.md §8
 */
import type { ResourceMetadata } from '../resource.js';
import type { Findings } from './kind.js';
import type { TelemetrySpec } from './telemetry.js';

export function checkTelemetry(
  _spec: TelemetrySpec,
  _findings: Findings,
  _metadata: ResourceMetadata,
): void {}
