/**
 * All resources, typed and by what they are about: the part of resolving that is the same for every workload. A change costs what the
 * change is worth, however many resources there are, and says which hosts it may have touched.
 */
import type { EffectiveEndpoints } from '../effective.js';
import { type DestinationRuleSpec, destinationRule } from '../kinds/destination-rule.js';
import { type GatewaySpec, gateway } from '../kinds/gateway.js';
import type { KindDefinition } from '../kinds/kind.js';
import { type RateLimitSpec, rateLimit } from '../kinds/rate-limit.js';
import { type ResiliencePolicySpec, resiliencePolicy } from '../kinds/resilience-policy.js';
import { service } from '../kinds/service.js';
import { serviceEntry } from '../kinds/service-entry.js';
import { type SidecarSpec, sidecar } from '../kinds/sidecar.js';
import { type TelemetrySpec, telemetry } from '../kinds/telemetry.js';
import { virtualService } from '../kinds/virtual-service.js';
import { type WorkloadEntrySpec, workloadEntry } from '../kinds/workload-entry.js';
import type { RegisteredService, Resource } from '../resource.js';
import { type AboutHost, aboutHost, type HostRule, HostRules } from './host-rules.js';
import { NamespacedList } from './namespaced-list.js';
import { compareAge } from './order.js';
import { Registrations } from './registrations.js';
import { SecurityPolicies } from './security-policies.js';
import { ServiceTable } from './services.js';
import { Touches } from './touches.js';
import { type Typed, typed } from './typed.js';
import { VirtualServices } from './virtual-services.js';

/** Which resource, whatever it says: the API's version does not count. */
export type ResourceName = Pick<Resource, 'apiVersion' | 'kind'> & {
  readonly metadata: Pick<Resource['metadata'], 'namespace' | 'name'>;
};

export interface ResourceChange {
  /** New, or in the place of the one of the same name. */
  readonly upsert?: readonly Resource[];
  readonly remove?: readonly ResourceName[];
}

type OfHost<Spec> = Spec & { readonly host: string };

/** Takes a resource up; what it returns takes it out again. */
type TakeUp = (resource: Resource) => () => void;

export class Prepared {
  readonly services = new ServiceTable();
  readonly virtualServices = new VirtualServices();
  readonly destinationRules = new HostRules<DestinationRuleSpec>();
  readonly resiliencePolicies = new HostRules<OfHost<ResiliencePolicySpec>>();
  readonly rateLimits = new HostRules<OfHost<RateLimitSpec>>();
  readonly sidecars = new NamespacedList<Typed<SidecarSpec>>(compareAge);
  readonly telemetries = new NamespacedList<Typed<TelemetrySpec>>(compareAge);
  /** By `ns/name`. */
  readonly gateways = new Map<string, Typed<GatewaySpec>>();
  readonly workloadEntries = new NamespacedList<Typed<WorkloadEntrySpec>>(compareAge);
  /** What says who may call; of a wrong one nothing may be left out. */
  readonly security = new SecurityPolicies();
  /** What `heddle.dev/v1` says of calls in. */
  readonly protection = {
    resilience: new NamespacedList<Typed<ResiliencePolicySpec>>(compareAge),
    rateLimits: new NamespacedList<Typed<RateLimitSpec>>(compareAge),
  };
  readonly registrations = new Registrations();
  readonly touches = new Touches();
  readonly #resources = new Map<string, { readonly resource: Resource; readonly takeOut: () => void }>();

  /** Resources that are not valid are left out: they were refused, and reported, when they came in. */
  change({ upsert = [], remove = [] }: ResourceChange): void {
    for (const name of remove) this.#takeOut(keyOf(name));
    for (const resource of upsert) {
      const key = keyOf(resource);
      if (this.#resources.get(key)?.resource === resource) continue;
      this.#takeOut(key);
      this.#resources.set(key, { resource, takeOut: this.#takeUp(resource) });
    }
    this.touches.close();
  }

  /** What workloads registered; objects that are the same as before are taken to say the same. */
  register(services: readonly RegisteredService[], endpoints: readonly EffectiveEndpoints[]): void {
    const changed = this.registrations.replace(services, endpoints);
    for (const one of changed.gone) this.touches.hosts(this.services.removeRegistered(one));
    for (const one of changed.come) this.touches.hosts(this.services.addRegistered(one));
    this.touches.endpoints(changed.endpoints);
    this.touches.close();
  }

  #takeOut(key: string): void {
    this.#resources.get(key)?.takeOut();
    this.#resources.delete(key);
  }

  #takeUp(resource: Resource): () => void {
    return this.#kinds.get(`${groupOf(resource)}/${resource.kind}`)?.(resource) ?? nothing;
  }

  readonly #kinds: ReadonlyMap<string, TakeUp> = new Map<string, TakeUp>([
    this.#kind(service, (one) => {
      this.touches.hosts(this.services.addDocument(one));
      return () => this.touches.hosts(this.services.removeDocument(one));
    }),
    this.#kind(serviceEntry, (one) => {
      this.touches.hosts(this.services.addEntry(one));
      return () => this.touches.hosts(this.services.removeEntry(one));
    }),
    this.#kind(virtualService, (one) => {
      this.touches.routes(this.virtualServices.set(one.id, one));
      return () => this.touches.routes(this.virtualServices.set(one.id, undefined));
    }),
    this.#kind(destinationRule, (one) => this.#addRule(this.destinationRules, one)),
    this.#kind(resiliencePolicy, (one) =>
      isAboutHost(one)
        ? this.#addRule(this.resiliencePolicies, one)
        : this.#addTo(this.protection.resilience, one, 'security'),
    ),
    this.#kind(rateLimit, (one) =>
      isAboutHost(one)
        ? this.#addRule(this.rateLimits, one)
        : this.#addTo(this.protection.rateLimits, one, 'security'),
    ),
    ...this.security.kinds.map(({ kind, group }): [string, TakeUp] => [
      `${group}/${kind}`,
      (resource) => this.#addSecurity(resource),
    ]),
    this.#kind(sidecar, (one) => this.#addTo(this.sidecars, one, 'sidecars')),
    this.#kind(telemetry, (one) => this.#addTo(this.telemetries, one, 'telemetries')),
    this.#kind(workloadEntry, (one) => this.#addTo(this.workloadEntries, one, 'workloads')),
    this.#kind(gateway, (one) => {
      this.gateways.set(one.id, one);
      this.touches.add('gateways', one.id);
      return () => {
        this.gateways.delete(one.id);
        this.touches.add('gateways', one.id);
      };
    }),
  ]);

  #kind<Spec>(kind: KindDefinition<Spec>, add: (one: Typed<Spec>) => () => void): [string, TakeUp] {
    const takeUp: TakeUp = (resource) => {
      const one = typed(resource, kind);
      return one === undefined ? nothing : add(one);
    };
    return [`${kind.group}/${kind.kind}`, takeUp];
  }

  #addRule<Spec extends AboutHost>(rules: HostRules<Spec>, one: Typed<Spec>): () => void {
    const rule: HostRule<Spec> = aboutHost(one);
    rules.add(rule);
    this.touches.hosts([rule.host]);
    return () => {
      rules.remove(rule);
      this.touches.hosts([rule.host]);
    };
  }

  #addSecurity(resource: Resource): () => void {
    const takeOut = this.security.add(resource);
    const { namespace } = resource.metadata;
    this.touches.add('security', namespace);
    return () => {
      takeOut();
      this.touches.add('security', namespace);
    };
  }

  #addTo<Item extends { readonly metadata: Resource['metadata'] }>(
    list: NamespacedList<Item>,
    one: Item,
    about: 'security' | 'sidecars' | 'telemetries' | 'workloads',
  ): () => void {
    const { namespace } = one.metadata;
    list.add(namespace, one);
    this.touches.add(about, namespace);
    return () => {
      list.remove(namespace, one);
      this.touches.add(about, namespace);
    };
  }
}

function nothing(): void {}

function groupOf({ apiVersion }: Pick<Resource, 'apiVersion'>): string {
  const slash = apiVersion.lastIndexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

function keyOf(name: ResourceName): string {
  const { namespace, name: own } = name.metadata;
  return `${groupOf(name)}/${name.kind}/${namespace}/${own}`;
}

function isAboutHost<Spec extends { readonly host?: string | undefined }>(
  one: Typed<Spec>,
): one is Typed<OfHost<Spec>> {
  return one.spec.host !== undefined;
}

/** @param services and endpoints that workloads registered */
export function prepare(
  resources: readonly Resource[],
  services: readonly RegisteredService[],
  endpoints: readonly EffectiveEndpoints[] = [],
): Prepared {
  const prepared = new Prepared();
  prepared.register(services, endpoints);
  // Of two of one name the first holds.
  const byName = new Map<string, Resource>();
  for (const resource of resources) {
    const key = keyOf(resource);
    if (!byName.has(key)) byName.set(key, resource);
  }
  prepared.change({ upsert: [...byName.values()] });
  return prepared;
}
