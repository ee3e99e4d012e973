/**
 * Is one resource right by itself? Shape by the kind's schema, the rest by the kind's own check; all findings, not the first.
 */
import { DRY_RUN_ANNOTATION } from '../security/authorize/policy.js';
import { kindOf } from './kinds/index.js';
import type { FieldPath, Findings } from './kinds/kind.js';
import { messageAt } from './message-at.js';
import type { ParsedResource } from './parse.js';
import type { Message, Resource } from './resource.js';
import { salvage } from './salvage.js';
import { describeIssues } from './schema-issues.js';

/** Errors are `IST0106`, warnings `IST0133` unless Istio has a code of its own. Empty: all is well. */
export function validateResource(parsed: ParsedResource): Message[] {
  const { resource } = parsed;
  const messages: Message[] = [];
  const add = (level: Message['level'], code: string, path: FieldPath, message: string) =>
    void messages.push(messageAt(parsed, { code, level, message, path }));
  const findings: Findings = {
    error: (path, message) => add('error', 'IST0106', path, message),
    warning: (path, message, code = 'IST0133') => add('warning', code, path, message),
    info: (path, message) => add('info', 'HDL0006', path, message),
    unsupported: (path, message) => add('error', 'HDL0007', path, message),
  };
  const kind = kindOf(resource.apiVersion, resource.kind);
  if (kind === undefined) {
    findings.error(['kind'], `${resource.apiVersion} ${resource.kind} is not a kind that Heddle knows`);
    return messages;
  }
  if (kind.group.endsWith('.istio.io')) checkAnnotations(resource, findings);
  const spec = kind.schema.safeParse(resource.spec);
  if (!spec.success) {
    const issues = describeIssues(kind.schema, spec.error.issues, resource.spec);
    for (const issue of issues) findings.error(['spec', ...issue.path], issue.message);
    const rest = salvage(kind.schema, resource.spec, issues);
    // What is left has just passed the schema.
    if (rest !== null) kind.check(rest.spec as never, rest.filter(findings), resource.metadata);
    return messages;
  }
  // The schema has just proved that the spec is of the kind's own type.
  kind.check(spec.data as never, findings, resource.metadata);
  return messages;
}

/** What only Istio itself may write: some of it gives rights that its author does not have. */
const INTERNAL = ['parents', 'parent-namespace', 'webhook-always-reject'].map(
  (name) => `internal.istio.io/${name}`,
);

/** @source Istio `pkg/config/validation/validation.go` validateMetadata */
function checkAnnotations({ kind, metadata }: Resource, findings: Findings): void {
  const { annotations = {} } = metadata;
  const has = (name: string) => Object.hasOwn(annotations, name);
  if (has(DRY_RUN_ANNOTATION) && kind !== 'AuthorizationPolicy')
    findings.error(
      ['metadata', 'annotations', DRY_RUN_ANNOTATION],
      'only an AuthorizationPolicy has a dry run; take the annotation out',
    );
  for (const name of INTERNAL.filter(has))
    findings.error(
      ['metadata', 'annotations', name],
      'it is not for users to write; take the annotation out',
    );
}
