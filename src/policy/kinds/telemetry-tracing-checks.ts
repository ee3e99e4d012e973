/**
 * Telemetry `tracing`: what its schema cannot say.
 * @source Istio `pkg/config/validation/validation.go` validateTelemetryTracing
 */
import { headerValueFault } from '../../traffic/headers/format.js';
import type { FieldPath, Findings } from './kind.js';
import type { CustomTagSpec, TracingSpec } from './telemetry.js';
import { checkProviders } from './telemetry-providers.js';

const PROVIDER = {
  names: null,
  otherwise: "it has no effect: spans go where the program's OpenTelemetry sends them",
};

export function checkTracing(entry: TracingSpec, path: FieldPath, findings: Findings): void {
  checkProviders(entry.providers, path, findings, PROVIDER);
  if ((entry.providers?.length ?? 0) > 1)
    findings.warning([...path, 'providers'], 'of several providers only the first is used; keep one');
  const share = entry.randomSamplingPercentage ?? 0;
  if (!(share >= 0 && share <= 100))
    findings.error([...path, 'randomSamplingPercentage'], `${share} is not a percentage: expected 0 to 100`);
  for (const [name, tag] of Object.entries(entry.customTags ?? {})) {
    const at = [...path, 'customTags', name];
    if (name === '') findings.error(at, 'a tag has an empty name');
    checkTag(tag, at, findings);
  }
  if (entry.useRequestIdForTraceSampling === true)
    findings.info(
      [...path, 'useRequestIdForTraceSampling'],
      'it has no effect: whether a trace is kept is drawn by its own id, once, where it begins',
    );
}

function checkTag(tag: CustomTagSpec, path: FieldPath, findings: Findings): void {
  const kinds = Object.keys(tag);
  if (kinds.length > 1) findings.error(path, `only one of ${kinds.join(', ')} can be set`);
  const { literal, environment, header, formatter } = tag;
  if (literal !== undefined && !literal.value)
    findings.error([...path, 'literal', 'value'], 'the value is empty');
  if (environment !== undefined && !environment.name)
    findings.error([...path, 'environment', 'name'], 'name an environment variable');
  if (header !== undefined && !header.name) findings.error([...path, 'header', 'name'], 'name a header');
  if (formatter !== undefined)
    checkFormatter(formatter.value ?? '', [...path, 'formatter', 'value'], findings);
}

/** Istio takes any text; Envoy knows more operators than a process has answers. */
function checkFormatter(value: string, path: FieldPath, findings: Findings): void {
  const fault = headerValueFault(value);
  if (value === '') findings.error(path, 'the value is empty');
  else if (fault !== null) findings.unsupported(path, `Heddle cannot write this tag: ${fault}`);
}
