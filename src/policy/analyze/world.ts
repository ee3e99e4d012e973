/** All resources at once, as analyzers look at them: typed, with the place where each was written. */
import type { AuthorizationPolicySpec } from '../../security/authorize/policy.js';
import type { PeerAuthenticationSpec } from '../../security/mtls/policy.js';
import { authorizationPolicy } from '../kinds/authorization-policy.js';
import { type DestinationRuleSpec, destinationRule } from '../kinds/destination-rule.js';
import type { FieldPath, KindDefinition } from '../kinds/kind.js';
import { peerAuthentication } from '../kinds/peer-authentication.js';
import { type ServiceEntrySpec, serviceEntry } from '../kinds/service-entry.js';
import { type VirtualServiceSpec, virtualService } from '../kinds/virtual-service.js';
import type { ParsedFiles, ParsedResource } from '../parse.js';
import { ofKind, type Typed } from '../resolve/typed.js';
import type { RegisteredService } from '../resource.js';
import { ServiceDirectory } from './services.js';

/** A resource whose spec has the right shape, and where it was written. */
export interface Subject<Spec> extends Typed<Spec> {
  readonly parsed: ParsedResource;
}

/** A running workload, as selectors see it. */
export interface KnownWorkload {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface World {
  readonly all: readonly ParsedResource[];
  readonly virtualServices: readonly Subject<VirtualServiceSpec>[];
  readonly destinationRules: readonly Subject<DestinationRuleSpec>[];
  readonly serviceEntries: readonly Subject<ServiceEntrySpec>[];
  readonly authorizationPolicies: readonly Subject<AuthorizationPolicySpec>[];
  readonly peerAuthentications: readonly Subject<PeerAuthenticationSpec>[];
  readonly services: ServiceDirectory;
  /** Documents of kinds that Heddle does not read, `Kind ns/name`: a reference to one is not a reference to nothing. */
  readonly unread: ReadonlySet<string>;
  /** null: not known, as when files are analyzed on their own. */
  readonly workloads: readonly KnownWorkload[] | null;
}

export interface Surroundings {
  /** Services that workloads registered, beside those in the files. @default none */
  readonly services?: readonly RegisteredService[];
  /** All workloads that run. @default not known: nothing is said about selectors that select none */
  readonly workloads?: readonly KnownWorkload[];
}

/** Says what is wrong with a resource; the path starts at `spec`. */
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

export function surveyWorld({ resources, messages }: ParsedFiles, around: Surroundings): World {
  return {
    all: resources,
    virtualServices: subjects(resources, virtualService),
    destinationRules: subjects(resources, destinationRule),
    serviceEntries: subjects(resources, serviceEntry),
    authorizationPolicies: subjects(resources, authorizationPolicy),
    peerAuthentications: subjects(resources, peerAuthentication),
    services: new ServiceDirectory(
      resources.map(({ resource }) => resource),
      around.services ?? [],
    ),
    unread: new Set(messages.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`)),
    workloads: around.workloads ?? null,
  };
}

function subjects<Spec>(resources: readonly ParsedResource[], kind: KindDefinition<Spec>): Subject<Spec>[] {
  return resources.flatMap((parsed) =>
    ofKind([parsed.resource], kind).map((typed) => ({ ...typed, parsed })),
  );
}
