/** All resources at once, as analyzers look at them: typed, with the place where each was written. */
import type { AuthorizationPolicySpec } from '../../security/authorize/policy.js';
import type { PeerAuthenticationSpec } from '../../security/mtls/policy.js';
import { authorizationPolicy } from '../kinds/authorization-policy.js';
import { type DestinationRuleSpec, destinationRule } from '../kinds/destination-rule.js';
import { type GatewaySpec, gateway } from '../kinds/gateway.js';
import type { FieldPath, KindDefinition } from '../kinds/kind.js';
import { type MeshConfigSpec, meshConfig } from '../kinds/mesh-config.js';
import { peerAuthentication } from '../kinds/peer-authentication.js';
import { type RateLimitSpec, rateLimit } from '../kinds/rate-limit.js';
import { requestAuthentication } from '../kinds/request-authentication.js';
import { type ResiliencePolicySpec, resiliencePolicy } from '../kinds/resilience-policy.js';
import { type ServiceSpec, service } from '../kinds/service.js';
import { type ServiceEntrySpec, serviceEntry } from '../kinds/service-entry.js';
import { type SidecarSpec, sidecar } from '../kinds/sidecar.js';
import { type TelemetrySpec, telemetry } from '../kinds/telemetry.js';
import { type VirtualServiceSpec, virtualService } from '../kinds/virtual-service.js';
import { type WorkloadEntrySpec, workloadEntry } from '../kinds/workload-entry.js';
import type { ParsedFiles, ParsedResource } from '../parse.js';
import type { Typed } from '../resolve/typed.js';
import type { RegisteredService, Resource } from '../resource.js';
import { KubernetesDocuments } from './kubernetes.js';
import { type Attached, labelsOf } from './selectors.js';
import { ServiceDirectory } from './services.js';
import { SpecCache } from './spec-cache.js';

/** A resource whose spec has the right shape, and where it was written. */
export interface Subject<Spec> extends Typed<Spec> {
  readonly parsed: ParsedResource;
}

/** Resources of one kind, in the order in which they were written. */
export interface Subjects<Spec> {
  readonly all: readonly Subject<Spec>[];
  /** Those that findings are wanted about: all of them, or those of a change. */
  readonly asked: readonly Subject<Spec>[];
}

/** A running workload, as selectors see it. */
export interface KnownWorkload {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** For messages. @default its labels */
  readonly name?: string;
}

export interface World {
  /** Every resource that findings are wanted about. */
  readonly asked: readonly ParsedResource[];
  readonly virtualServices: Subjects<VirtualServiceSpec>;
  readonly destinationRules: Subjects<DestinationRuleSpec>;
  readonly serviceEntries: Subjects<ServiceEntrySpec>;
  readonly workloadEntries: Subjects<WorkloadEntrySpec>;
  readonly gateways: Subjects<GatewaySpec>;
  readonly sidecars: Subjects<SidecarSpec>;
  readonly plainServices: Subjects<ServiceSpec>;
  readonly authorizationPolicies: Subjects<AuthorizationPolicySpec>;
  readonly peerAuthentications: Subjects<PeerAuthenticationSpec>;
  readonly requestAuthentications: Subjects<Attached>;
  readonly telemetries: Subjects<TelemetrySpec>;
  readonly resiliencePolicies: Subjects<ResiliencePolicySpec>;
  readonly rateLimits: Subjects<RateLimitSpec>;
  readonly meshConfigs: Subjects<MeshConfigSpec>;
  readonly services: ServiceDirectory;
  readonly kubernetes: KubernetesDocuments;
  /** null: not known, as when files are analyzed on their own. */
  readonly workloads: readonly KnownWorkload[] | null;
}

export interface Surroundings {
  /** Services that workloads registered, beside those in the files. @default none */
  readonly services?: readonly RegisteredService[];
  /** All workloads that run. @default those of Pods, Deployments and the like in the files; none there: not known */
  readonly workloads?: readonly KnownWorkload[];
}

/** Says what is wrong with a resource; the path starts at its top. */
export type Report = (
  subject: { readonly parsed: ParsedResource },
  finding: {
    readonly code: string;
    readonly level: 'error' | 'warning' | 'info';
    readonly path: FieldPath;
    readonly message: string;
  },
) => void;

/** Looks at the world for one kind of mistake. */
export type Analyzer = (world: World, report: Report) => void;

/**
 * @param parsed what findings are wanted about
 * @param stored what is there beside it, already checked
 */
export function surveyWorld(
  parsed: ParsedFiles,
  around: Surroundings,
  stored: readonly Resource[] = [],
  cache = new SpecCache(),
): World {
  const byKind = new Map<string, { all: ParsedResource[]; asked: ParsedResource[] }>();
  const sort = (resources: readonly ParsedResource[], asked: boolean) => {
    for (const one of resources) {
      const { kind } = one.resource;
      let group = byKind.get(kind);
      if (group === undefined) byKind.set(kind, (group = { all: [], asked: [] }));
      group.all.push(one);
      if (asked) group.asked.push(one);
    }
  };
  sort(parsed.resources, true);
  sort(
    stored.map((resource) => cache.stored(resource)),
    false,
  );
  const typed = <Spec>(of: readonly ParsedResource[], kind: KindDefinition<Spec>) => {
    const found: Subject<Spec>[] = [];
    for (const one of of) {
      const subject = cache.subject(one, kind);
      if (subject !== null) found.push(subject);
    }
    return found;
  };
  const subjects = <Spec>(kind: KindDefinition<Spec>): Subjects<Spec> => {
    const group = byKind.get(kind.kind);
    if (group === undefined) return { all: [], asked: [] };
    const all = typed(group.all, kind);
    const few = new Set(group.asked);
    return { all, asked: few.size === group.all.length ? all : all.filter((one) => few.has(one.parsed)) };
  };
  const kubernetes = new KubernetesDocuments(parsed.others);
  const serviceEntries = subjects(serviceEntry);
  const plainServices = subjects(service);
  return {
    asked: parsed.resources,
    virtualServices: subjects(virtualService),
    destinationRules: subjects(destinationRule),
    serviceEntries,
    workloadEntries: subjects(workloadEntry),
    gateways: subjects(gateway),
    sidecars: subjects(sidecar),
    plainServices,
    authorizationPolicies: subjects(authorizationPolicy),
    peerAuthentications: subjects(peerAuthentication),
    requestAuthentications: subjects(requestAuthentication),
    telemetries: subjects(telemetry),
    resiliencePolicies: subjects(resiliencePolicy),
    rateLimits: subjects(rateLimit),
    meshConfigs: subjects(meshConfig),
    services: new ServiceDirectory(plainServices.all, serviceEntries.all, around.services ?? []),
    kubernetes,
    workloads: around.workloads ?? kubernetes.workloads,
  };
}

/** `app=a, version=v1`, or the workload's name. */
export function nameOf(workload: KnownWorkload): string {
  return workload.name ?? labelsOf(workload.labels);
}
