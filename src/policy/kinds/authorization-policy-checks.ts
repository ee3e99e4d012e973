/**
 * AuthorizationPolicy: what its schema cannot say. Values are checked by the attributes that will compare them.
 * @source Istio `pkg/config/validation/validation.go` ValidateAuthorizationPolicy, `pkg/config/security/security.go`; spec validation.md §7
 */
import {
  type Attribute,
  fieldAttribute,
  resolveKey,
  unsupportedKey,
} from '../../security/authorize/attributes.js';
import {
  type AuthorizationPolicySpec,
  type ConditionSpec,
  DRY_RUN_ANNOTATION,
  type FieldValues,
  negated,
  OPERATION_FIELDS,
  type OperationField,
  parseDryRun,
  type RuleSpec,
  SOURCE_FIELDS,
  type SourceField,
} from '../../security/authorize/policy.js';
import type { ResourceMetadata } from '../resource.js';
import { checkSelectorLabels } from './common.js';
import type { FieldPath, Findings } from './kind.js';
import { checkTargetReferences } from './target-reference.js';

/** What an external authorizer is asked before: the peer's identity and tokens are not known to be good by then. */
const NOT_FOR_CUSTOM: readonly SourceField[] = [
  'principals',
  'namespaces',
  'serviceAccounts',
  'trustDomains',
  'requestPrincipals',
];
const KEYS_NOT_FOR_CUSTOM =
  /^(?:source\.(?:namespace|serviceAccount|trustDomain|principal)$|request\.auth\.)/;
/** Fields of a source that mean something on TCP. `trustDomains` does, too, but Istio's check does not count it. */
const TCP_SOURCE_FIELDS: readonly SourceField[] = [
  'principals',
  'namespaces',
  'serviceAccounts',
  'ipBlocks',
  'remoteIpBlocks',
];
const MOST_SERVICE_ACCOUNTS = 16;
/** @source Istio's CRD */
const MOST_RULES = 512;
const MOST_SOURCES = 512;

export function checkAuthorizationPolicy(
  spec: AuthorizationPolicySpec,
  findings: Findings,
  metadata: ResourceMetadata,
): void {
  checkSelectorLabels(spec.selector?.matchLabels, ['spec', 'selector', 'matchLabels'], findings);
  if (spec.selector !== undefined && Object.keys(spec.selector.matchLabels ?? {}).length === 0)
    findings.warning(['spec', 'selector'], 'no labels: this applies to the whole namespace; leave it out');
  checkTargetReferences(spec, findings);
  checkAction(spec, findings);
  checkDryRun(spec, findings, metadata);
  if ((spec.rules?.length ?? 0) > MOST_RULES)
    findings.error(['spec', 'rules'], `${spec.rules?.length} rules: expected ${MOST_RULES} at most`);
  for (const [index, rule] of (spec.rules ?? []).entries())
    checkRule(rule, spec, ['spec', 'rules', index], findings);
}

function checkAction(spec: AuthorizationPolicySpec, findings: Findings): void {
  const action = spec.action ?? 'ALLOW';
  const empty = (spec.rules ?? []).length === 0;
  if (action === 'CUSTOM') {
    const name = spec.provider?.name ?? '';
    if (name === '')
      findings.error(['spec', 'provider'], "CUSTOM needs 'provider.name', the authorizer to ask");
  } else if (spec.provider !== undefined) {
    findings.error(['spec', 'provider'], `only CUSTOM has a provider, and this policy's action is ${action}`);
  }
  if (empty && (action === 'DENY' || action === 'CUSTOM'))
    findings.error(
      ['spec', 'rules'],
      `${action} without rules never matches; to match every request write 'rules: [{}]'`,
    );
}

function checkDryRun(
  spec: AuthorizationPolicySpec,
  findings: Findings,
  { annotations }: ResourceMetadata,
): void {
  const value = annotations?.[DRY_RUN_ANNOTATION];
  if (value === undefined) return;
  const path = ['metadata', 'annotations', DRY_RUN_ANNOTATION];
  if (parseDryRun(value) === undefined) findings.error(path, `'${value}' is not true or false`);
  const action = spec.action ?? 'ALLOW';
  if (action !== 'ALLOW' && action !== 'DENY')
    findings.error(path, `only ALLOW and DENY have a dry run, and this policy's action is ${action}`);
}

function checkRule(rule: RuleSpec, spec: AuthorizationPolicySpec, path: FieldPath, findings: Findings): void {
  const custom = spec.action === 'CUSTOM';
  for (const block of ['from', 'to'] as const)
    if (rule[block]?.length === 0)
      findings.error([...path, block], `an empty '${block}' never matches; leave it out to match all`);
  if ((rule.from?.length ?? 0) > MOST_SOURCES)
    findings.error([...path, 'from'], `${rule.from?.length} sources: expected ${MOST_SOURCES} at most`);
  for (const [index, { source }] of (rule.from ?? []).entries()) {
    const at = [...path, 'from', index, 'source'];
    checkFields(SOURCE_FIELDS, source, at, findings);
    if (source !== undefined) checkSource(source, custom, at, findings);
  }
  for (const [index, { operation }] of (rule.to ?? []).entries()) {
    const at = [...path, 'to', index, 'operation'];
    checkFields(OPERATION_FIELDS, operation, at, findings);
    if (operation !== undefined) checkQueries(operation, at, findings);
  }
  for (const [index, condition] of (rule.when ?? []).entries())
    checkCondition(condition, custom, [...path, 'when', index], findings);
  if (spec.action === 'DENY') warnOfTcp(rule, path, findings);
}

function checkFields<Field extends SourceField | OperationField>(
  fields: readonly Field[],
  entry: FieldValues<Field> | undefined,
  path: FieldPath,
  findings: Findings,
): void {
  let given = false;
  for (const field of fields) {
    const attribute = fieldAttribute(field);
    for (const name of [field, negated(field)] as const) {
      const values = entry?.[name] ?? [];
      given ||= values.length > 0;
      checkValues(values, attribute, [...path, name], findings);
    }
  }
  if (!given)
    findings.error(path, `'${path.at(-1)}' says nothing: name at least one of ${fields.join(', ')}`);
}

function checkValues(
  values: readonly string[],
  attribute: Attribute,
  path: FieldPath,
  findings: Findings,
): void {
  for (const [index, value] of values.entries()) {
    const wrong = value === '' ? 'an empty value never matches' : attribute.check(value);
    if (wrong !== null) findings.error([...path, index], `'${value}': ${wrong}`);
    const refused = attribute.refuse?.(value) ?? null;
    if (refused !== null) findings.unsupported([...path, index], `'${value}': ${refused}`);
  }
}

function checkSource(
  source: FieldValues<SourceField>,
  custom: boolean,
  path: FieldPath,
  findings: Findings,
): void {
  for (const field of NOT_FOR_CUSTOM)
    for (const name of [field, negated(field)] as const)
      if (custom && source[name] !== undefined)
        findings.error(
          [...path, name],
          `CUSTOM cannot look at '${name}': it is asked before anyone is known`,
        );
  for (const name of ['serviceAccounts', 'notServiceAccounts'] as const) {
    const accounts = source[name] ?? [];
    if (accounts.length === 0) continue;
    checkAccounts(accounts, [...path, name], findings);
    for (const other of ['principals', 'notPrincipals', 'namespaces', 'notNamespaces'] as const)
      if ((source[other] ?? []).length > 0)
        findings.error([...path, name], `'${name}' cannot stand beside '${other}'; use one of them`);
  }
  for (const name of ['principals', 'notPrincipals'] as const)
    for (const [index, value] of (source[name] ?? []).entries())
      if (value.startsWith('spiffe://'))
        findings.info(
          [...path, name, index],
          `never matches: a principal is written without its scheme, '${value.slice('spiffe://'.length)}'`,
        );
}

function checkAccounts(accounts: readonly string[], path: FieldPath, findings: Findings): void {
  if (accounts.length > MOST_SERVICE_ACCOUNTS)
    findings.error(path, `${accounts.length} values: expected ${MOST_SERVICE_ACCOUNTS} at most`);
}

function checkQueries(operation: FieldValues<OperationField>, path: FieldPath, findings: Findings): void {
  for (const name of ['paths', 'notPaths'] as const)
    for (const [index, value] of (operation[name] ?? []).entries())
      if (value.includes('?') || value.includes('#'))
        findings.info([...path, name, index], `never matches: a path is compared without its query`);
}

function checkCondition(
  condition: ConditionSpec,
  custom: boolean,
  path: FieldPath,
  findings: Findings,
): void {
  const attribute = resolveKey(condition.key);
  if (typeof attribute === 'string') {
    const refused = unsupportedKey(condition.key);
    if (refused === null) findings.error([...path, 'key'], `'${condition.key}': ${attribute}`);
    else findings.unsupported([...path, 'key'], `'${condition.key}': ${refused}`);
  }
  if (custom && KEYS_NOT_FOR_CUSTOM.test(condition.key))
    findings.error(
      [...path, 'key'],
      `CUSTOM cannot look at '${condition.key}': it is asked before anyone is known`,
    );
  const values = condition.values ?? [];
  const notValues = condition.notValues ?? [];
  if (values.length + notValues.length === 0)
    findings.error(path, "nothing to compare with: name at least one of 'values' and 'notValues'");
  if (typeof attribute === 'string') return;
  checkValues(values, attribute, [...path, 'values'], findings);
  checkValues(notValues, attribute, [...path, 'notValues'], findings);
  if (condition.key !== 'source.serviceAccount') return;
  checkAccounts(values, [...path, 'values'], findings);
  checkAccounts(notValues, [...path, 'notValues'], findings);
}

/** A DENY rule of HTTP fields only denies every TCP connection in its scope: TCP has none of them, and what is left matches all. */
function warnOfTcp(rule: RuleSpec, path: FieldPath, findings: Findings): void {
  const sources = rule.from ?? [];
  const operations = rule.to ?? [];
  const tcpSource = sources.some(({ source }) =>
    TCP_SOURCE_FIELDS.some(
      (field) => source?.[field] !== undefined || source?.[negated(field)] !== undefined,
    ),
  );
  const tcpOperation = operations.some(
    ({ operation }) => operation?.ports !== undefined || operation?.notPorts !== undefined,
  );
  const fromOnly = sources.length > 0 && operations.length === 0 && !tcpSource;
  if (fromOnly || (operations.length > 0 && !tcpOperation))
    findings.warning(
      path,
      "a DENY rule of HTTP fields only denies all TCP traffic to these workloads; add 'ports' of the HTTP ports",
    );
}
