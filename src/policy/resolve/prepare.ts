/**
 * All resources, typed and in order: the part of resolving that is the same for every workload, done once.
 */
import { type DestinationRuleSpec, destinationRule } from '../kinds/destination-rule.js';
import { type RateLimitSpec, rateLimit } from '../kinds/rate-limit.js';
import { type ResiliencePolicySpec, resiliencePolicy } from '../kinds/resilience-policy.js';
import { type VirtualServiceSpec, virtualService } from '../kinds/virtual-service.js';
import type { RegisteredService, Resource } from '../resource.js';
import { HostIndex } from './host-index.js';
import { fullName } from './names.js';
import { type InboundPolicies, ofHosts } from './resilience.js';
import { type KnownService, knownServices } from './services.js';
import { ofKind, type Typed } from './typed.js';

/** A rule about a host. */
export interface HostRule<Spec> extends Typed<Spec> {
  /** In full; may start with `*`. */
  readonly host: string;
}

/** By namespace, then by host. */
export type HostRules<Spec> = ReadonlyMap<string, HostIndex<HostRule<Spec>>>;

export interface Prepared {
  readonly resources: readonly Resource[];
  readonly services: readonly KnownService[];
  /** Oldest first, as all of these. */
  readonly virtualServices: readonly Typed<VirtualServiceSpec>[];
  readonly destinationRules: HostRules<DestinationRuleSpec>;
  readonly resiliencePolicies: HostRules<ResiliencePolicySpec & { readonly host: string }>;
  readonly rateLimits: HostRules<RateLimitSpec & { readonly host: string }>;
  /** What `heddle.dev/v1` says of calls in. */
  readonly protection: InboundPolicies;
}

/** Resources that are not valid are left out: they were refused, and reported, when they came in. */
export function prepare(resources: readonly Resource[], services: readonly RegisteredService[]): Prepared {
  const ordered = [...resources].sort(compareAge);
  const resilience = ofKind(ordered, resiliencePolicy);
  const rateLimits = ofKind(ordered, rateLimit);
  return {
    resources: ordered,
    services: knownServices(ordered, services),
    virtualServices: ofKind(ordered, virtualService),
    destinationRules: withHost(ofKind(ordered, destinationRule)),
    resiliencePolicies: withHost(ofHosts(resilience)),
    rateLimits: withHost(ofHosts(rateLimits)),
    protection: { resilience, rateLimits },
  };
}

function withHost<Spec extends { readonly host: string }>(rules: readonly Typed<Spec>[]): HostRules<Spec> {
  const namespaces = new Map<string, HostIndex<HostRule<Spec>>>();
  for (const rule of rules) {
    const { namespace } = rule.metadata;
    const index = namespaces.get(namespace) ?? new HostIndex<HostRule<Spec>>();
    namespaces.set(namespace, index);
    const host = fullName(rule.spec.host, namespace);
    index.add(host, { ...rule, host });
  }
  return namespaces;
}

/** @source Istio `sortConfigByCreationTime`: time, then name, then namespace. No time counts as the oldest. */
function compareAge(one: Resource, other: Resource): number {
  const age = birth(one) - birth(other);
  if (age !== 0) return age;
  return (
    compareText(one.metadata.name, other.metadata.name) ||
    compareText(one.metadata.namespace, other.metadata.namespace) ||
    compareText(one.kind, other.kind) ||
    compareText(one.apiVersion, other.apiVersion)
  );
}

function birth(resource: Resource): number {
  const time = Date.parse(resource.metadata.creationTimestamp ?? '');
  return Number.isNaN(time) ? 0 : time;
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
