/** The kinds of resource that Heddle knows. Completing the policy language is adding a file and a line here. */
import { authorizationPolicy } from './authorization-policy.js';
import { destinationRule } from './destination-rule.js';
import { gateway } from './gateway.js';
import type { KindDefinition } from './kind.js';
import { meshConfig } from './mesh-config.js';
import { peerAuthentication } from './peer-authentication.js';
import { rateLimit } from './rate-limit.js';
import { requestAuthentication } from './request-authentication.js';
import { resiliencePolicy } from './resilience-policy.js';
import { service } from './service.js';
import { serviceEntry } from './service-entry.js';
import { sidecar } from './sidecar.js';
import { telemetry } from './telemetry.js';
import { virtualService } from './virtual-service.js';
import { workloadEntry } from './workload-entry.js';
import { workloadGroup } from './workload-group.js';

/** A definition whose spec type was forgotten: its schema proves the spec before `check` sees it. */
export interface AnyKind extends Omit<KindDefinition, 'check'> {
  check: KindDefinition<never>['check'];
}

export const KINDS: readonly AnyKind[] = [
  virtualService,
  destinationRule,
  serviceEntry,
  workloadEntry,
  workloadGroup,
  gateway,
  sidecar,
  service,
  peerAuthentication,
  requestAuthentication,
  authorizationPolicy,
  telemetry,
  resiliencePolicy,
  rateLimit,
  meshConfig,
];

/** The kind of `apiVersion` and `kind`, or undefined. */
export function kindOf(apiVersion: string, kind: string): AnyKind | undefined {
  return KINDS.find(
    (known) =>
      known.kind === kind &&
      known.versions.some((version) => joinVersion(known.group, version) === apiVersion),
  );
}

/** `networking.istio.io/v1`; the core group has no name. */
export function joinVersion(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`;
}
