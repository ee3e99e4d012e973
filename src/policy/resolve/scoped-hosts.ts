/** The hosts of one workload, kept while resources change. */
import { clusterName } from '../../model/cluster.js';
import type { EffectiveHost, EffectiveMesh } from '../effective.js';
import type { GatewaySpec } from '../kinds/gateway.js';
import { compareSpecificity, hostSubsetOf } from '../kinds/hosts.js';
import type { SidecarSpec } from '../kinds/sidecar.js';
import type { Scope } from '../resource.js';
import { DestinationRules } from './destination-rule.js';
import { Domains } from './domains.js';
import { opensHost } from './gateway.js';
import { HostList } from './host-list.js';
import { type ResolvedHost, resolveHost, type SeenService, type View } from './hosts.js';
import { compareServices, type KnownService, withPorts } from './known-service.js';
import { exported, fullName, ROOT_NAMESPACE } from './names.js';
import type { Prepared } from './prepare.js';
import { isSame } from './same.js';
import { joined, SidecarImports, sidecarFor } from './sidecar.js';
import type { Touched } from './touches.js';
import type { Typed } from './typed.js';
import type { KnownVirtualService } from './virtual-services.js';

export class ScopedHosts {
  readonly #prepared: Prepared;
  readonly #scope: Scope;
  readonly #defaults: EffectiveMesh;
  /** The services that the workload sees, by host. */
  readonly #seen = new Map<string, SeenService>();
  /** With all the names that they would have, each by itself. */
  readonly #resolved = new Map<string, ResolvedHost>();
  /** By host that was asked about, those that depend on the answer. */
  readonly #asking = new Map<string, Set<string>>();
  readonly #domains: Domains;
  readonly #hosts = new HostList<EffectiveHost>();
  #imports: SidecarImports | null = null;
  #gateway: Typed<GatewaySpec> | undefined;
  #proxy: string | null = null;
  #mesh: EffectiveMesh;

  constructor(prepared: Prepared, scope: Scope, mesh: EffectiveMesh) {
    this.#prepared = prepared;
    this.#scope = scope;
    this.#defaults = mesh;
    this.#mesh = mesh;
    this.#domains = new Domains(
      (name) => this.#resolved.has(name),
      (one, other) => this.#compare(one, other),
    );
  }

  get mesh(): EffectiveMesh {
    return this.#mesh;
  }

  get list(): readonly EffectiveHost[] {
    return this.#hosts.list;
  }

  get(host: string): EffectiveHost | undefined {
    return this.#hosts.get(host);
  }

  /** The hosts that a caller may mean by a name. */
  called(name: string): EffectiveHost[] {
    return [...this.#domains.called(name)].flatMap((host) => this.#hosts.get(host) ?? []);
  }

  /** Of the service behind a host. */
  namespaceOf(host: string): string | undefined {
    return this.#seen.get(host)?.service.namespace;
  }

  /** @param touched null: anything may have changed @returns the hosts that were looked at */
  catchUp(touched: Touched | null): Set<string> {
    if (touched !== null && !this.#changesSight(touched)) return this.#resolveSome(touched);
    this.#look();
    const { services, virtualServices } = this.#prepared;
    const names = new Set([
      ...services.hosts(),
      ...virtualServices.byHost.names(),
      ...this.#resolved.keys(),
      ...this.#seen.keys(),
    ]);
    for (const name of names) this.#see(name);
    this.#resolve(names);
    return names;
  }

  /** Does another Sidecar or Gateway speak, or the same one otherwise? */
  #changesSight({ sidecars, gateways }: Touched): boolean {
    const { namespace, gateway } = this.#scope;
    if (gateway !== undefined) return gateways.has(gateway);
    return sidecars.has(namespace) || sidecars.has(ROOT_NAMESPACE);
  }

  #look(): void {
    const { gateway, namespace } = this.#scope;
    const sidecar = sidecarFor(this.#scope, (where) => this.#prepared.sidecars.in(where));
    this.#imports = sidecar === undefined ? null : new SidecarImports(sidecar, namespace);
    this.#gateway = gateway === undefined ? undefined : this.#prepared.gateways.get(gateway);
    const mesh = this.#meshFor(sidecar);
    if (!isSame(mesh, this.#mesh)) this.#mesh = mesh;
  }

  /** A Sidecar that speaks of unknown hosts without a mode closes them (Istio: the first value of the enumeration). */
  #meshFor(sidecar: Typed<SidecarSpec> | undefined): EffectiveMesh {
    this.#proxy = null;
    const policy = sidecar?.spec.outboundTrafficPolicy;
    if (sidecar === undefined || policy === undefined) return this.#defaults;
    const closed = (policy.mode ?? 'REGISTRY_ONLY') === 'REGISTRY_ONLY';
    const { egressProxy: _none, ...mesh } = this.#defaults;
    if (closed) return { ...mesh, outboundTrafficPolicy: 'REGISTRY_ONLY' };
    if (policy.egressProxy === undefined) return { ...mesh, outboundTrafficPolicy: 'ALLOW_ANY' };
    const { host, port, subset = '' } = policy.egressProxy;
    this.#proxy = fullName(host, sidecar.metadata.namespace);
    const cluster = clusterName(port?.number ?? 0, subset, this.#proxy);
    return { ...mesh, outboundTrafficPolicy: 'ALLOW_ANY', egressProxy: { cluster } };
  }

  #resolveSome(touched: Touched): Set<string> {
    const names = new Set(touched.hosts);
    // Only a Sidecar makes it count where rules lead.
    if (this.#imports !== null) for (const name of touched.destinations) names.add(name);
    const dirty = new Set(names);
    for (const name of names) {
      const changed = this.#see(name);
      if (changed) this.#addWildcardsOver(name, dirty);
      if (name.startsWith('*')) this.#addAllUnder(name, dirty);
      for (const one of this.#asking.get(name) ?? []) dirty.add(one);
    }
    this.#resolve(dirty);
    return dirty;
  }

  /** A wildcard of a VirtualService is a host of its own while there is no service under it. */
  #addWildcardsOver(name: string, dirty: Set<string>): void {
    for (const wild of this.#prepared.virtualServices.byHost.covering(name))
      if (wild.startsWith('*')) dirty.add(wild);
  }

  #addAllUnder(wild: string, dirty: Set<string>): void {
    for (const host of this.#resolved.keys()) if (hostSubsetOf(host, wild)) dirty.add(host);
    for (const [asked, asking] of this.#asking)
      if (hostSubsetOf(asked, wild)) for (const one of asking) dirty.add(one);
  }

  /** Looks at the services of a host. @returns whether one came into sight, or went out of it */
  #see(host: string): boolean {
    const before = this.#seen.get(host);
    const after = this.#seenService(host);
    if (after === undefined) this.#seen.delete(host);
    else this.#seen.set(host, after);
    return (before === undefined) !== (after === undefined);
  }

  #seenService(host: string): SeenService | undefined {
    const { namespace } = this.#scope;
    const candidates = this.#prepared.services
      .candidates(host)
      .filter((service) => exported(service.exportTo, service.namespace, namespace) !== null);
    const choose = (among: readonly KnownService[]) => chosen(among, namespace);
    if (this.#imports === null) return seen(choose(candidates), true);
    const hears = (routes: KnownVirtualService) => this.#hears(routes);
    const leading = [...this.#prepared.virtualServices.leadingTo(host)].filter(hears);
    const asked = this.#imports.asked(candidates, choose);
    const pulled = this.#imports.pulled(candidates, leading);
    const proxy = host === this.#proxy ? choose(candidates) : undefined;
    return seen(joined(joined(asked, pulled), proxy), asked !== undefined);
  }

  /** @param name how they call the host that is asked about; absent: any of their hosts */
  readonly #hears = (routes: KnownVirtualService, name?: string): boolean => {
    const { namespace, gateway } = this.#scope;
    const { spec, metadata, gateways } = routes;
    if (!gateways.has(gateway ?? 'mesh')) return false;
    if (exported(spec.exportTo, metadata.namespace, namespace) === null) return false;
    if (gateway !== undefined)
      return name === undefined || opensHost(this.#gateway, metadata.namespace, name);
    return this.#imports?.hasRoutes(routes) ?? true;
  };

  #resolve(names: ReadonlySet<string>): void {
    const view: View = {
      prepared: this.#prepared,
      scope: this.#scope,
      rules: new DestinationRules(this.#prepared.destinationRules, this.#scope),
      service: (host) => this.#seen.get(host),
      hears: this.#hears,
    };
    const affected = new Set<string>();
    for (const name of names) {
      const before = this.#resolved.get(name);
      const after = this.#isHost(name) ? resolveHost(name, this.#seen.get(name), view) : undefined;
      this.#depend(name, before, after);
      if (before !== undefined && after !== undefined && isSame(before.host, after.host)) {
        this.#resolved.set(name, { ...after, host: before.host });
        // Who comes first among those that would have the same name is not said by the host itself.
        for (const host of this.#domains.change(name, before.host.domains, before.host.domains))
          affected.add(host);
        continue;
      }
      if (after === undefined) this.#resolved.delete(name);
      else this.#resolved.set(name, after);
      const domains = [before?.host.domains ?? [], after?.host.domains ?? []] as const;
      for (const host of this.#domains.change(name, ...domains)) affected.add(host);
    }
    const changes = new Map<string, EffectiveHost | undefined>();
    for (const name of affected) {
      const [before, after] = [this.#hosts.get(name), this.#withOwnNames(name)];
      if (!isSame(before, after)) changes.set(name, after);
    }
    this.#hosts.apply(changes);
  }

  #withOwnNames(name: string): EffectiveHost | undefined {
    const host = this.#resolved.get(name)?.host;
    if (host === undefined) return undefined;
    const domains = this.#domains.owned(name, host.domains);
    return domains === host.domains ? host : { ...host, domains };
  }

  /** Without a service it takes a VirtualService that calls it just so; and a wildcard, in the mesh, that no service is under it. */
  #isHost(name: string): boolean {
    if (this.#seen.has(name)) return true;
    const { byHost } = this.#prepared.virtualServices;
    if (!byHost.get(name).some((routes) => this.#hears(routes, name))) return false;
    if (!name.startsWith('*') || this.#scope.gateway !== undefined) return true;
    for (const host of this.#seen.keys()) if (hostSubsetOf(host, name)) return false;
    return true;
  }

  #depend(name: string, before: ResolvedHost | undefined, after: ResolvedHost | undefined): void {
    for (const host of before?.asked ?? []) {
      const asking = this.#asking.get(host);
      asking?.delete(name);
      if (asking?.size === 0) this.#asking.delete(host);
    }
    for (const host of after?.asked ?? []) {
      const asking = this.#asking.get(host);
      if (asking === undefined) this.#asking.set(host, new Set([name]));
      else asking.add(name);
    }
  }

  /** Services before names without one. */
  #compare(one: string, other: string): number {
    const [a, b] = [this.#seen.get(one)?.service, this.#seen.get(other)?.service];
    if (a === undefined || b === undefined)
      return Number(a === undefined) - Number(b === undefined) || compareSpecificity(one, other);
    return compareServices(a, b) || compareSpecificity(one, other);
  }
}

function seen(service: KnownService | undefined, open: boolean): SeenService | undefined {
  return service && { service, open };
}

/** Of the client's own namespace, else the first; parts of one namespace come together. */
function chosen(candidates: readonly KnownService[], namespace: string): KnownService | undefined {
  const first = candidates.find((service) => service.namespace === namespace) ?? candidates[0];
  return candidates
    .filter((service) => service.namespace === first?.namespace)
    .reduce<KnownService | undefined>(
      (all, one) => (all === undefined ? one : withPorts(all, one)),
      undefined,
    );
}
