/**
 * The providers that a block of Telemetry names. A process has one of each sort, its own; that one goes by the name of Istio's built-in
 * provider too.
 * @source Istio `pkg/config/validation/validation.go` validateTelemetryProviders
 */
import type { FieldPath, Findings } from './kind.js';
import type { TracingSpec } from './telemetry.js';

export interface OwnProvider {
  /** Names that stand for it; null: any. */
  readonly names: ReadonlySet<string> | null;
  /** What becomes of a block for any other, or of a name that says nothing. */
  readonly otherwise: string;
}

/** @param path of the block */
export function checkProviders(
  providers: TracingSpec['providers'],
  path: FieldPath,
  findings: Findings,
  own: OwnProvider,
): void {
  for (const [index, { name = '' }] of (providers ?? []).entries()) {
    const at = [...path, 'providers', index, 'name'];
    if (name === '') findings.error(at, 'the provider has no name');
    else if (own.names?.has(name) !== true) findings.info(at, own.otherwise);
  }
}
