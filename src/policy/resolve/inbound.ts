/**
 * What applies to the calls that arrive at one workload: which PeerAuthentication speaks for each port, and which
 * RequestAuthentications and AuthorizationPolicies select it.
 * @source Istio `pilot/pkg/security/authn/policy_applier.go`, `pilot/pkg/model/{authorization,policyattachment}.go`
 */
import { MeshError } from '../../base/errors.js';
import type { PathNormalization } from '../../security/authorize/normalize-path.js';
import { type AuthorizationPolicySpec, effectiveAuthorization } from '../../security/authorize/policy.js';
import type { MtlsMode, MtlsModeSpec, PeerAuthenticationSpec } from '../../security/mtls/policy.js';
import {
  combineTokenRules,
  DEFAULT_KEYS_TIMEOUT_MS,
  effectiveTokenRule,
  type RequestAuthenticationSpec,
} from '../../security/token/policy.js';
import type { EffectiveInbound, EffectiveTokenRule } from '../effective.js';
import { authorizationPolicy } from '../kinds/authorization-policy.js';
import { durationMs } from '../kinds/duration.js';
import type { KindDefinition } from '../kinds/kind.js';
import { type MeshConfigSpec, meshConfig } from '../kinds/mesh-config.js';
import { peerAuthentication } from '../kinds/peer-authentication.js';
import { requestAuthentication } from '../kinds/request-authentication.js';
import type { Resource, Scope } from '../resource.js';
import { ROOT_NAMESPACE } from './names.js';
import { checkProviders } from './providers.js';

export interface InboundOptions {
  /** Whose policies without a selector hold for the whole mesh. @default 'istio-system' */
  readonly rootNamespace?: string;
  /** How paths are made equal before they are matched. @default 'BASE' (Istio) */
  readonly pathNormalization?: PathNormalization;
}

/**
 * The inbound side of the workload in `scope`, out of all resources of the mesh. They must have been validated.
 * @throws MeshError `HEDDLE_INVALID_POLICY` for a security policy of the wrong shape: leaving it out would open what it closes
 */
export function resolveInbound(
  resources: readonly Resource[],
  scope: Scope,
  options: InboundOptions = {},
): EffectiveInbound {
  return resolvePreparedInbound(prepareInbound(resources, options), scope);
}

/** The security policies of the mesh, typed and by namespace: the part of resolving that is the same for every workload. */
export interface PreparedInbound {
  readonly root: string;
  readonly pathNormalization: PathNormalization;
  /** Oldest first. */
  readonly peers: Namespaced<PeerAuthenticationSpec>;
  readonly policies: Namespaced<AuthorizationPolicySpec>;
  readonly tokens: Namespaced<RequestAuthenticationSpec>;
  readonly configs: Namespaced<MeshConfigSpec>;
}

type Namespaced<Spec> = ReadonlyMap<string, readonly Found<Spec>[]>;

interface Found<Spec> {
  readonly resource: Resource;
  /** null: of the wrong shape. */
  readonly spec: Spec | null;
}

export function prepareInbound(
  resources: readonly Resource[],
  options: InboundOptions = {},
): PreparedInbound {
  const ordered = [...resources].sort(compareAge);
  return {
    root: options.rootNamespace ?? ROOT_NAMESPACE,
    pathNormalization: options.pathNormalization ?? 'BASE',
    peers: byNamespace(ordered, peerAuthentication),
    policies: byNamespace(ordered, authorizationPolicy),
    tokens: byNamespace(ordered, requestAuthentication),
    configs: byNamespace(ordered, meshConfig),
  };
}

/** The same as {@link resolveInbound}, for many workloads of one state: prepare once. */
export function resolvePreparedInbound(prepared: PreparedInbound, scope: Scope): EffectiveInbound {
  const tokens = selectTokenRules(prepared, scope);
  const authorization = selectAuthorization(prepared, scope);
  const configs = (prepared.configs.get(prepared.root) ?? []).map(({ spec }) => spec);
  const providers = checkProviders(configs, authorization);
  return {
    mtls: resolveMtls(prepared, scope),
    ...(tokens.length === 0 ? {} : { tokens }),
    authorization,
    ...(Object.keys(providers).length > 0 && { providers }),
    pathNormalization: prepared.pathNormalization,
  };
}

function byNamespace<Spec>(resources: readonly Resource[], kind: KindDefinition<Spec>): Namespaced<Spec> {
  const found = new Map<string, Found<Spec>[]>();
  for (const resource of resources) {
    if (resource.kind !== kind.kind || !resource.apiVersion.startsWith(`${kind.group}/`)) continue;
    const { success, data } = kind.schema.safeParse(resource.spec);
    const entry = { resource, spec: success ? data : null };
    const present = found.get(resource.metadata.namespace);
    if (present === undefined) found.set(resource.metadata.namespace, [entry]);
    else present.push(entry);
  }
  return found;
}

interface Valid<Spec> extends Found<Spec> {
  readonly spec: Spec;
}

function inNamespace<Spec>(found: Namespaced<Spec>, namespace: string): Valid<Spec>[] {
  return (found.get(namespace) ?? []).map(({ resource, spec }) => {
    if (spec !== null) return { resource, spec };
    const { name } = resource.metadata;
    throw new MeshError(`${resource.kind} ${namespace}/${name} is not valid; run 'heddle analyze' on it`, {
      code: 'HEDDLE_INVALID_POLICY',
    });
  });
}

/** The oldest first, then by name and namespace. A resource without a time is older than any with one. */
function compareAge(one: Resource, other: Resource): number {
  const age = timeOf(one) - timeOf(other);
  if (age !== 0) return age;
  return (
    compare(one.metadata.name, other.metadata.name) ||
    compare(one.metadata.namespace, other.metadata.namespace)
  );
}

function timeOf(resource: Resource): number {
  const time = Date.parse(resource.metadata.creationTimestamp ?? '');
  return Number.isNaN(time) ? 0 : time;
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function resolveMtls({ peers, root }: PreparedInbound, scope: Scope): EffectiveInbound['mtls'] {
  const first = (namespace: string, selects: boolean): PeerAuthenticationSpec | undefined =>
    inNamespace(peers, namespace).find(
      ({ spec }) => hasSelector(spec) === selects && selectsLabels(spec, scope),
    )?.spec;
  const mesh = first(root, false);
  const namespace = scope.namespace === root ? undefined : first(scope.namespace, false);
  // Istio ignores selectors in the root namespace: there they would reach into every namespace.
  const workload = scope.namespace === root ? undefined : first(scope.namespace, true);
  let mode: MtlsMode = 'PERMISSIVE';
  for (const spec of [mesh, namespace, workload]) mode = inherit(spec?.mtls?.mode, mode);
  const ports: Record<string, MtlsMode> = {};
  for (const [port, mtls] of Object.entries(workload?.portLevelMtls ?? {}))
    ports[port] = inherit(mtls.mode, mode);
  return { mode, ports };
}

function inherit(mode: MtlsModeSpec | undefined, parent: MtlsMode): MtlsMode {
  return mode === undefined || mode === 'UNSET' ? parent : mode;
}

interface Selecting {
  readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> | undefined } | undefined;
}

function hasSelector(spec: Selecting): boolean {
  return Object.keys(spec.selector?.matchLabels ?? {}).length > 0;
}

/** No selector selects all. */
export function selectsLabels(spec: Selecting, { labels }: Pick<Scope, 'labels'>): boolean {
  return Object.entries(spec.selector?.matchLabels ?? {}).every(
    ([key, value]) => Object.hasOwn(labels, key) && labels[key] === value,
  );
}

interface Attached extends Selecting {
  readonly targetRef?: unknown;
  readonly targetRefs?: readonly unknown[] | undefined;
}

/** Of the root and the own namespace. One with `targetRefs` is for gateways and waypoints, never for an ordinary workload. */
function attached<Spec extends Attached>(found: Namespaced<Spec>, root: string, scope: Scope): Valid<Spec>[] {
  const namespaces = scope.namespace === root ? [root] : [root, scope.namespace];
  return namespaces
    .flatMap((namespace) => inNamespace(found, namespace))
    .filter(({ spec }) => spec.targetRef === undefined && (spec.targetRefs ?? []).length === 0)
    .filter(({ spec }) => selectsLabels(spec, scope));
}

function selectAuthorization(
  { policies, root }: PreparedInbound,
  scope: Scope,
): EffectiveInbound['authorization'] {
  return attached(policies, root, scope).map(({ resource, spec }) =>
    effectiveAuthorization(spec, resource.metadata),
  );
}

/** All of them together: what one takes, another need not. @source Istio `pilot/pkg/security/authn/policy_applier.go` */
function selectTokenRules({ tokens, root }: PreparedInbound, scope: Scope): EffectiveTokenRule[] {
  const rules = attached(tokens, root, scope).flatMap(({ resource, spec }) => {
    const { namespace, name } = resource.metadata;
    return (spec.jwtRules ?? []).map((rule) =>
      effectiveTokenRule(rule, `${namespace}/${name}`, durationMs(rule.timeout, DEFAULT_KEYS_TIMEOUT_MS)),
    );
  });
  return combineTokenRules(rules);
}
