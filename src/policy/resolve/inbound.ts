/**
 * What applies to the calls that arrive at one workload: which PeerAuthentication speaks for each port, and which
 * AuthorizationPolicies select it.
 * @source Istio `pilot/pkg/security/authn/policy_applier.go`, `pilot/pkg/model/{authorization,policyattachment}.go`
 */
import { MeshError } from '../../base/errors.js';
import { effectiveAuthorization } from '../../security/authorize/policy.js';
import type { MtlsMode, MtlsModeSpec, PeerAuthenticationSpec } from '../../security/mtls/policy.js';
import type { EffectiveInbound } from '../effective.js';
import { authorizationPolicy } from '../kinds/authorization-policy.js';
import type { KindDefinition } from '../kinds/kind.js';
import { peerAuthentication } from '../kinds/peer-authentication.js';
import type { Resource, Scope } from '../resource.js';
import { ROOT_NAMESPACE } from './names.js';

export interface InboundOptions {
  /** Whose policies without a selector hold for the whole mesh. @default 'istio-system' */
  readonly rootNamespace?: string;
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
  const root = options.rootNamespace ?? ROOT_NAMESPACE;
  const own = resources
    .filter(({ metadata }) => metadata.namespace === root || metadata.namespace === scope.namespace)
    .sort(compareAge);
  return {
    mtls: resolveMtls(own, scope, root),
    authorization: selectAuthorization(own, scope),
    pathNormalization: 'BASE',
  };
}

interface Found<Spec> {
  readonly resource: Resource;
  readonly spec: Spec;
}

function specsOf<Spec>(resources: readonly Resource[], kind: KindDefinition<Spec>): Found<Spec>[] {
  const found: Found<Spec>[] = [];
  for (const resource of resources) {
    if (resource.kind !== kind.kind || !resource.apiVersion.startsWith(`${kind.group}/`)) continue;
    const spec = kind.schema.safeParse(resource.spec);
    const { namespace, name } = resource.metadata;
    if (!spec.success)
      throw new MeshError(`${kind.kind} ${namespace}/${name} is not valid; run 'heddle analyze' on it`, {
        code: 'HEDDLE_INVALID_POLICY',
        cause: spec.error,
      });
    found.push({ resource, spec: spec.data });
  }
  return found;
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

function resolveMtls(own: readonly Resource[], scope: Scope, root: string): EffectiveInbound['mtls'] {
  const found = specsOf(own, peerAuthentication);
  const first = (namespace: string, selects: boolean): PeerAuthenticationSpec | undefined =>
    found.find(
      ({ resource, spec }) =>
        resource.metadata.namespace === namespace &&
        hasSelector(spec) === selects &&
        selectsLabels(spec, scope),
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

/** A policy with `targetRefs` is for gateways and waypoints, never for an ordinary workload. */
function selectAuthorization(own: readonly Resource[], scope: Scope): EffectiveInbound['authorization'] {
  return specsOf(own, authorizationPolicy)
    .filter(({ spec }) => spec.targetRef === undefined && (spec.targetRefs ?? []).length === 0)
    .filter(({ spec }) => selectsLabels(spec, scope))
    .map(({ resource, spec }) => effectiveAuthorization(spec, resource.metadata));
}
