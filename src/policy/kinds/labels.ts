/**
 * Labels: those that workloads have, and those that select them.
 * @source Istio `pkg/config/labels/instance.go`, `pkg/config/validation/validation.go` validateWorkloadSelector
 */
import type { FieldPath, Findings } from './kind.js';

/** @source Istio `validateWorkloadSelector`: `*` selects nothing in labels */
export function checkSelectorLabels(
  selected: Readonly<Record<string, string>> | undefined,
  path: FieldPath,
  findings: Findings,
): void {
  for (const [key, value] of Object.entries(selected ?? {})) {
    if (key === '') findings.error([...path, key], 'a label has an empty key');
    if (key.includes('*') || value.includes('*'))
      findings.error([...path, key], "labels are compared literally; '*' selects nothing");
    if (value.length > 63) findings.error([...path, key], 'the value of a label has at most 63 characters');
  }
}

const LABEL_KEY =
  /^(?:([a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*)\/)?((?:[a-z0-9][-a-z0-9_.]*)?[a-z0-9])$/i;
const LABEL_VALUE = /^(?:(?:[a-z0-9][-a-z0-9_.]*)?[a-z0-9])?$/i;

/** Labels as Kubernetes has them, for those that workloads are compared with. @source Istio `pkg/config/labels/instance.go` Validate */
export function checkLabels(
  given: Readonly<Record<string, string>> | undefined,
  path: FieldPath,
  findings: Findings,
): void {
  for (const [key, value] of Object.entries(given ?? {})) {
    const parts = LABEL_KEY.exec(key);
    if (parts === null || (parts[1] ?? '').length > 253 || parts[2]!.length > 63)
      findings.error([...path, key], `'${key}' is not the key of a label, e.g. app or example.com/app`);
    if (!LABEL_VALUE.test(value))
      findings.error([...path, key], `'${value}' is not the value of a label: expected a-z, 0-9, -, _ and .`);
  }
}
