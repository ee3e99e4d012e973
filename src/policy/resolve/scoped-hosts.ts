/** The hosts of one workload, kept while resources change. */
import type { EffectiveHost, EffectiveMesh } from '../effective.js';
import { hostSubsetOf } from '../kinds/hosts.js';
import type { Scope } from '../resource.js';
import { DestinationRules } from './destination-rule.js';
import { Domains } from './domains.js';
import { HostList } from './host-list.js';
import { type ResolvedHost, resolveHost, type View } from './hosts.js';
import type { Prepared } from './prepare.js';
import { isSame } from './same.js';
import { Sight } from './sight.js';
import type { Touched } from './touches.js';

export class ScopedHosts {
  readonly #prepared: Prepared;
  readonly #scope: Scope;
  readonly #sight: Sight;
  /** With all the names that they would have, each by itself. */
  readonly #resolved = new Map<string, ResolvedHost>();
  /** By host that was asked about, those that depend on the answer. */
  readonly #asking = new Map<string, Set<string>>();
  readonly #domains: Domains;
  readonly #hosts = new HostList<EffectiveHost>();

  constructor(prepared: Prepared, scope: Scope, mesh: EffectiveMesh) {
    this.#prepared = prepared;
    this.#scope = scope;
    this.#sight = new Sight(prepared, scope, mesh);
    this.#domains = new Domains(
      (name) => this.#resolved.has(name) && this.#sight.service(name) !== undefined,
      (one, other) => this.#sight.compare(one, other),
    );
  }

  get mesh(): EffectiveMesh {
    return this.#sight.mesh;
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
    return this.#sight.service(host)?.service.namespace;
  }

  /** @param touched null: anything may have changed @returns the hosts that were looked at */
  catchUp(touched: Touched | null): Set<string> {
    if (touched !== null && !this.#sight.isChangedBy(touched)) return this.#resolveSome(touched);
    this.#sight.look();
    const { services, virtualServices } = this.#prepared;
    const names = new Set([
      ...services.hosts(),
      ...virtualServices.byHost.names(),
      ...this.#resolved.keys(),
      ...this.#sight.hosts(),
      ...this.#sight.gatewayHosts,
    ]);
    for (const name of names) this.#sight.see(name);
    this.#resolve(names);
    return names;
  }

  #resolveSome(touched: Touched): Set<string> {
    const names = new Set(touched.hosts);
    if (this.#sight.followsRules) for (const name of touched.destinations) names.add(name);
    const dirty = new Set(names);
    for (const name of names) {
      const changed = this.#sight.see(name);
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
    for (const host of this.#sight.gatewayHosts) if (hostSubsetOf(host, wild)) dirty.add(host);
    for (const host of this.#resolved.keys()) if (hostSubsetOf(host, wild)) dirty.add(host);
    for (const [asked, asking] of this.#asking)
      if (hostSubsetOf(asked, wild)) for (const one of asking) dirty.add(one);
  }

  #resolve(names: ReadonlySet<string>): void {
    const view: View = {
      prepared: this.#prepared,
      scope: this.#scope,
      rules: new DestinationRules(this.#prepared.destinationRules, this.#scope),
      service: (host) => this.#sight.service(host),
      hears: this.#sight.hears,
      gatewayRoutes: (host) => this.#sight.gatewayRoutes(host),
    };
    const affected = new Set<string>();
    for (const name of names) {
      const before = this.#resolved.get(name);
      const after = this.#isHost(name) ? resolveHost(name, this.#sight.service(name), view) : undefined;
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
    if (this.#sight.service(name) !== undefined) return true;
    const { byHost } = this.#prepared.virtualServices;
    // At a gateway a wider name may speak for it, or the gateway itself.
    if (this.#scope.gateway !== undefined) return true;
    if (!byHost.get(name).some((routes) => this.#sight.hears(routes, name, name))) return false;
    return !name.startsWith('*') || !this.#sight.hasServiceUnder(name);
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
}
