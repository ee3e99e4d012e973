/** What of the mesh a workload sees: through a Sidecar or a Gateway, and by what namespaces show to each other. */
import { clusterName } from '../../model/cluster.js';
import type { EffectiveRoute } from '../../traffic/route/policy.js';
import type { EffectiveMesh } from '../effective.js';
import { compareSpecificity, hostSubsetOf } from '../kinds/hosts.js';
import type { SidecarSpec } from '../kinds/sidecar.js';
import type { Scope } from '../resource.js';
import { GatewayDoor } from './gateway.js';
import type { SeenService } from './hosts.js';
import { compareServices, type KnownService, withPorts } from './known-service.js';
import { exported, fullName, ROOT_NAMESPACE } from './names.js';
import type { Prepared } from './prepare.js';
import { isSame } from './same.js';
import { joined, SidecarImports, sidecarFor } from './sidecar.js';
import type { Touched } from './touches.js';
import type { Typed } from './typed.js';
import type { KnownVirtualService } from './virtual-services.js';

export class Sight {
  readonly #prepared: Prepared;
  readonly #scope: Scope;
  readonly #defaults: EffectiveMesh;
  /** The services that the workload sees, by host. */
  readonly #seen = new Map<string, SeenService>();
  #imports: SidecarImports | null = null;
  #gateway = new GatewayDoor(undefined);
  #proxy: string | null = null;
  #mesh: EffectiveMesh;

  constructor(prepared: Prepared, scope: Scope, mesh: EffectiveMesh) {
    this.#prepared = prepared;
    this.#scope = scope;
    this.#defaults = mesh;
    this.#mesh = mesh;
  }

  get mesh(): EffectiveMesh {
    return this.#mesh;
  }

  /** Does it count where rules lead? Only with a Sidecar: it lets that in, too. */
  get followsRules(): boolean {
    return this.#imports !== null;
  }

  service(host: string): SeenService | undefined {
    return this.#seen.get(host);
  }

  hosts(): IterableIterator<string> {
    return this.#seen.keys();
  }

  hasServiceUnder(wild: string): boolean {
    for (const host of this.#seen.keys()) if (hostSubsetOf(host, wild)) return true;
    return false;
  }

  /** Does another Sidecar or Gateway speak, or the same one otherwise? */
  isChangedBy({ sidecars, gateways }: Touched): boolean {
    const { namespace, gateway } = this.#scope;
    if (gateway !== undefined) return gateways.has(gateway);
    return sidecars.has(namespace) || sidecars.has(ROOT_NAMESPACE);
  }

  /** Looks for the Sidecar or Gateway anew. Services are to be looked at again, all of them. */
  look(): void {
    const { gateway, namespace } = this.#scope;
    const sidecar = sidecarFor(this.#scope, (where) => this.#prepared.sidecars.in(where));
    this.#imports = sidecar === undefined ? null : new SidecarImports(sidecar, namespace);
    this.#gateway = new GatewayDoor(gateway === undefined ? undefined : this.#prepared.gateways.get(gateway));
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

  /** Looks at the services of a host. @returns whether one came into sight, or went out of it */
  see(host: string): boolean {
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
    const leading = [...this.#prepared.virtualServices.leadingTo(host)].filter((routes) =>
      this.hears(routes),
    );
    const asked = this.#imports.asked(candidates, choose);
    const pulled = this.#imports.pulled(candidates, leading);
    const proxy = host === this.#proxy ? choose(candidates) : undefined;
    return seen(joined(joined(asked, pulled), proxy), asked !== undefined);
  }

  /** Names that the gateway opens, where the workload is one. */
  get gatewayHosts(): Iterable<string> {
    return this.#gateway.hosts;
  }

  gatewayRoutes(host: string): readonly EffectiveRoute[] {
    return this.#gateway.routes(host);
  }

  /** @param name how they call `host`, which is asked about; absent: any of their hosts */
  readonly hears = (routes: KnownVirtualService, name?: string, host = name): boolean => {
    const { namespace, gateway } = this.#scope;
    const { spec, metadata, gateways } = routes;
    if (!gateways.has(gateway ?? 'mesh')) return false;
    if (exported(spec.exportTo, metadata.namespace, namespace) === null) return false;
    if (gateway !== undefined)
      return name === undefined || this.#gateway.opens(host!, name, metadata.namespace);
    return this.#imports?.hasRoutes(routes) ?? true;
  };

  /** Services before names without one. */
  compare(one: string, other: string): number {
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
