/**
 * The providers that a block of Telemetry names.
 * @source Istio `pkg/config/validation/validation.go` validateTelemetryProviders
 */
import type { FieldPath, Findings } from './kind.js';
import type { TracingSpec } from './telemetry.js';

/** @param path of the block */
export function checkProviders(
  providers: TracingSpec['providers'],
  path: FieldPath,
  findings: Findings,
): void {
  for (const [index, { name = '' }] of (providers ?? []).entries())
    if (name === '') findings.error([...path, 'providers', index, 'name'], 'the provider has no name');
}
