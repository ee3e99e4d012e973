/**
 * Telemetry: what its schema cannot say.
 * @source Istio `pkg/config/validation/validation.go` ValidateTelemetry; spec validation.md §8
 */
import { LOG_PROVIDERS } from '../../observability/access-log/decide.js';
import { expressionExcess, expressionFault, unknownAttributes } from '../../observability/expression.js';
import { checkSelectorLabels } from './common.js';
import type { FieldPath, Findings } from './kind.js';
import { checkTargetReferences } from './target-reference.js';
import type { AccessLoggingSpec, TelemetrySpec } from './telemetry.js';
import { checkMetrics } from './telemetry-metrics-checks.js';
import { checkProviders } from './telemetry-providers.js';
import { checkTracing } from './telemetry-tracing-checks.js';

export function checkTelemetry(spec: TelemetrySpec, findings: Findings): void {
  const selected = ['spec', 'selector', 'matchLabels'];
  checkSelectorLabels(spec.selector?.matchLabels, selected, findings);
  if (spec.selector !== undefined && Object.keys(spec.selector.matchLabels ?? {}).length === 0)
    findings.warning(selected, 'the selector has no labels: it selects every workload of the namespace');
  checkTargetReferences(spec, findings);
  const { tracing = [], metrics = [], accessLogging = [] } = spec;
  if (tracing.length > 1)
    findings.warning(['spec', 'tracing'], 'of several entries only one is used; keep one');
  for (const [index, entry] of tracing.entries()) checkTracing(entry, ['spec', 'tracing', index], findings);
  for (const [index, entry] of metrics.entries()) checkMetrics(entry, ['spec', 'metrics', index], findings);
  for (const [index, entry] of accessLogging.entries())
    checkAccessLogging(entry, ['spec', 'accessLogging', index], findings);
}

const LOG = {
  names: LOG_PROVIDERS,
  otherwise:
    "it has no effect: Heddle writes to the program's own log only, and what is said of other providers counts for nothing; name 'envoy'",
};

function checkAccessLogging(entry: AccessLoggingSpec, path: FieldPath, findings: Findings): void {
  checkProviders(entry.providers, path, findings, LOG);
  if (entry.filter === undefined) return;
  const expression = entry.filter.expression ?? '';
  const at = [...path, 'filter', 'expression'];
  const fault = expressionFault(expression);
  if (fault !== null) findings.error(at, `not an expression (CEL): ${fault}`);
  const excess = expressionExcess(expression);
  if (excess !== null) findings.unsupported(at, excess);
  for (const name of unknownAttributes(expression))
    findings.info(at, `Heddle does not know ${name}: what depends on it is not logged`);
}
