/**
 * AuthorizationPolicy: what an operator may say about who may call (Istio's shape), and the same resolved for one workload.
 * @source Istio `security/v1beta1/authorization_policy.proto`; `pilot/pkg/security/authz`
 */

/** Fields of a rule's `from[].source`; each has a `not…` twin. */
export const SOURCE_FIELDS = [
  'principals',
  'namespaces',
  'serviceAccounts',
  'trustDomains',
  'requestPrincipals',
  'ipBlocks',
  'remoteIpBlocks',
] as const;

/** Fields of a rule's `to[].operation`; each has a `not…` twin. */
export const OPERATION_FIELDS = ['hosts', 'ports', 'methods', 'paths'] as const;

export type SourceField = (typeof SOURCE_FIELDS)[number];
export type OperationField = (typeof OPERATION_FIELDS)[number];
export type Negated<Field extends string> = `not${Capitalize<Field>}`;
export type FieldValues<Field extends string> = {
  readonly [Name in Field | Negated<Field>]?: readonly string[] | undefined;
};

/** `notPaths` for `paths`. */
export function negated<Field extends string>(field: Field): Negated<Field> {
  return `not${field[0]!.toUpperCase()}${field.slice(1)}` as Negated<Field>;
}

export interface ConditionSpec {
  readonly key: string;
  readonly values?: readonly string[] | undefined;
  readonly notValues?: readonly string[] | undefined;
}

export interface RuleSpec {
  readonly from?: readonly { readonly source?: FieldValues<SourceField> | undefined }[] | undefined;
  readonly to?: readonly { readonly operation?: FieldValues<OperationField> | undefined }[] | undefined;
  readonly when?: readonly ConditionSpec[] | undefined;
}

export type AuthorizationAction = 'ALLOW' | 'DENY' | 'AUDIT' | 'CUSTOM';

export interface AuthorizationPolicySpec {
  readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> | undefined } | undefined;
  readonly targetRef?: TargetReference | undefined;
  readonly targetRefs?: readonly TargetReference[] | undefined;
  /** Absent or empty: an ALLOW policy that never matches, so it denies all. */
  readonly rules?: readonly RuleSpec[] | undefined;
  /** @default 'ALLOW' */
  readonly action?: AuthorizationAction | undefined;
  readonly provider?: { readonly name?: string | undefined } | undefined;
}

/** What a policy is attached to in place of a selector: a gateway or waypoint, never a plain workload. */
export interface TargetReference {
  readonly group?: string | undefined;
  readonly kind?: string | undefined;
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
}

/** A list of values of which one must match, and one of which none may. */
export interface ValueSet {
  readonly values?: readonly string[];
  readonly notValues?: readonly string[];
}

/** One rule, resolved. One entry of `from` and of `to` must hold; in an entry all fields must; `when` must hold as a whole. */
export interface EffectiveRule {
  readonly from?: readonly Readonly<Record<string, ValueSet>>[];
  readonly to?: readonly Readonly<Record<string, ValueSet>>[];
  readonly when?: readonly (ValueSet & { readonly key: string })[];
}

/** One policy that selects the workload. */
export interface EffectiveAuthorization {
  /** `ns/name`. */
  readonly policy: string;
  readonly action: AuthorizationAction;
  /** Evaluated and reported, never enforced. */
  readonly dryRun: boolean;
  readonly rules: readonly EffectiveRule[];
  readonly provider?: string;
}

export interface PolicyName {
  readonly namespace: string;
  readonly name: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export const DRY_RUN_ANNOTATION = 'istio.io/dry-run';

/** Whether the annotation asks for a dry run; undefined if its value is no boolean (Go's `ParseBool`, as Istio reads it). */
export function parseDryRun(value: string | undefined): boolean | undefined {
  if (value === undefined) return false;
  if (/^(?:1|t|T|TRUE|true|True)$/.test(value)) return true;
  return /^(?:0|f|F|FALSE|false|False)$/.test(value) ? false : undefined;
}

/** The policy as workloads get it. The spec must have been checked. */
export function effectiveAuthorization(
  spec: AuthorizationPolicySpec,
  name: PolicyName,
): EffectiveAuthorization {
  return {
    policy: `${name.namespace}/${name.name}`,
    action: spec.action ?? 'ALLOW',
    dryRun: parseDryRun(name.annotations?.[DRY_RUN_ANNOTATION]) ?? false,
    rules: (spec.rules ?? []).map((rule) => effectiveRule(rule, name.namespace)),
    ...(spec.provider?.name === undefined ? {} : { provider: spec.provider.name }),
  };
}

function effectiveRule(rule: RuleSpec, namespace: string): EffectiveRule {
  const from = rule.from?.map((entry) => foldFields(SOURCE_FIELDS, entry.source ?? {}, namespace));
  const to = rule.to?.map((entry) => foldFields(OPERATION_FIELDS, entry.operation ?? {}, namespace));
  const when = rule.when?.map((condition) => {
    const accounts = condition.key === 'source.serviceAccount';
    return { key: condition.key, ...valueSet(condition.values, condition.notValues, accounts, namespace) };
  });
  return {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(when === undefined ? {} : { when }),
  };
}

function foldFields<Field extends string>(
  fields: readonly Field[],
  entry: FieldValues<Field>,
  namespace: string,
): Record<string, ValueSet> {
  const folded: Record<string, ValueSet> = {};
  for (const field of fields) {
    const set = valueSet(entry[field], entry[negated(field)], field === 'serviceAccounts', namespace);
    if (set.values !== undefined || set.notValues !== undefined) folded[field] = set;
  }
  return folded;
}

/** An empty list says nothing, as in protobuf. A bare service account is one of the policy's own namespace. */
function valueSet(
  values: readonly string[] | undefined,
  notValues: readonly string[] | undefined,
  accounts: boolean,
  namespace: string,
): ValueSet {
  const full = (list: readonly string[]): readonly string[] =>
    accounts ? list.map((value) => (value.includes('/') ? value : `${namespace}/${value}`)) : list;
  return {
    ...(values === undefined || values.length === 0 ? {} : { values: full(values) }),
    ...(notValues === undefined || notValues.length === 0 ? {} : { notValues: full(notValues) }),
  };
}
