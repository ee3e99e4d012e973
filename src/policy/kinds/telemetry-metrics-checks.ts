/**
 * Telemetry `metrics`: what its schema cannot say.
 * @source Istio `pkg/config/validation/validation.go` validateTelemetryMetrics
 */
import { expressionExcess, expressionFault, unknownAttributes } from '../../observability/expression.js';
import { METRIC_PROVIDERS } from '../../observability/metrics/decide.js';
import { checkDuration } from './common.js';
import type { FieldPath, Findings } from './kind.js';
import type { MetricsOverrideSpec, MetricsSpec } from './telemetry.js';
import { checkProviders } from './telemetry-providers.js';

const PROVIDER = {
  names: METRIC_PROVIDERS,
  otherwise:
    "it has no effect: metrics go where the program's OpenTelemetry sends them, and what is said of other providers counts for nothing; name 'prometheus'",
};

/** Istio's metrics that policy changes, and the word for all of them. */
const CHANGED: ReadonlySet<string> = new Set([
  'ALL_METRICS',
  'REQUEST_COUNT',
  'REQUEST_DURATION',
  'REQUEST_SIZE',
  'RESPONSE_SIZE',
  'GRPC_REQUEST_MESSAGES',
  'GRPC_RESPONSE_MESSAGES',
]);

export function checkMetrics(entry: MetricsSpec, path: FieldPath, findings: Findings): void {
  checkProviders(entry.providers, path, findings, PROVIDER);
  for (const [index, override] of (entry.overrides ?? []).entries())
    checkOverride(override, [...path, 'overrides', index], findings);
  if (entry.reportingInterval === undefined) return;
  const at = [...path, 'reportingInterval'];
  checkDuration(entry.reportingInterval, at, findings);
  findings.info(at, 'it has no effect: how often metrics are reported is set where the program exports them');
}

const OF_TCP =
  'it has no effect: the metrics of TCP connections are made with all their labels, whatever policy says; drop them where the program exports metrics';

function checkOverride(override: MetricsOverrideSpec, path: FieldPath, findings: Findings): void {
  const { match } = override;
  const custom = [...path, 'match', 'customMetric'];
  if (match?.customMetric === '') findings.error(custom, 'the metric has no name');
  else if (match?.customMetric !== undefined)
    findings.info(custom, "it has no effect: Heddle makes Istio's own metrics only");
  if (match?.metric !== undefined && !CHANGED.has(match.metric))
    findings.info([...path, 'match', 'metric'], OF_TCP);
  if (match?.customMetric !== undefined && match.metric !== undefined)
    findings.error([...path, 'match'], "only one of 'metric' and 'customMetric' can be set");
  for (const [name, { operation = 'UPSERT', value = '' }] of Object.entries(override.tagOverrides ?? {})) {
    const at = [...path, 'tagOverrides', name];
    if (name === '') findings.warning(at, 'a tag has an empty name; it is left out');
    if (operation === 'REMOVE') {
      if (value !== '') findings.error([...at, 'value'], 'a tag that is removed has no value; take it out');
    } else if (value === '') findings.error([...at, 'value'], 'the tag has no value; write an expression');
    else checkValue(value, [...at, 'value'], findings);
  }
}

/** Istio finds out in the proxy only. */
function checkValue(value: string, path: FieldPath, findings: Findings): void {
  const fault = expressionFault(value) ?? expressionExcess(value);
  if (fault !== null)
    findings.warning(path, `the expression does not compile, so the tag says 'unknown': ${fault}`, 'HDL0008');
  for (const name of unknownAttributes(value))
    findings.info(path, `Heddle does not know ${name}: where the tag depends on it, it says 'unknown'`);
}
