/**
 * Sidecar: which of the mesh a workload sees.
 * @source Istio `pilot/pkg/model/sidecar.go`, `virtualservice.go` SelectVirtualServices; spec traffic.md §7
 */
import { hostMatches, hostSubsetOf } from '../kinds/hosts.js';
import type { SidecarSpec } from '../kinds/sidecar.js';
import type { Scope } from '../resource.js';
import { type KnownService, withPorts } from './known-service.js';
import { ROOT_NAMESPACE } from './names.js';
import type { Typed } from './typed.js';
import { destinationPorts, type KnownVirtualService } from './virtual-services.js';

/**
 * The Sidecar that speaks for a workload: of its own namespace the oldest that selects it, else the oldest without a selector, else
 * the root namespace's. A gateway has none.
 * @param of those of a namespace, oldest first
 */
export function sidecarFor(
  scope: Scope,
  of: (namespace: string) => readonly Typed<SidecarSpec>[],
): Typed<SidecarSpec> | undefined {
  if (scope.gateway !== undefined) return undefined;
  const own = of(scope.namespace);
  const plain = ({ spec }: Typed<SidecarSpec>) => spec.workloadSelector === undefined;
  return (
    own.find((sidecar) => !plain(sidecar) && selects(sidecar, scope)) ??
    own.find(plain) ??
    of(ROOT_NAMESPACE).find(plain)
  );
}

function selects({ spec }: Typed<SidecarSpec>, { labels }: Scope): boolean {
  return Object.entries(spec.workloadSelector?.labels ?? {}).every(([key, value]) => labels[key] === value);
}

/** The hosts that one egress listener lets in from one namespace. */
class HostList {
  readonly exact = new Set<string>();
  readonly wild: string[] = [];
  readonly excluded: string[] = [];

  add(host: string, excluded: boolean): void {
    if (excluded) this.excluded.push(host);
    else if (host.startsWith('*')) this.wild.push(host);
    else this.exact.add(host);
  }

  excludes(host: string): boolean {
    return this.excluded.some((name) => hostSubsetOf(host, name));
  }

  hasService(host: string): boolean {
    return this.exact.has(host) || this.wild.some((name) => hostSubsetOf(host, name));
  }

  /** Both ways: a wildcard host comes in with any of the hosts that it covers. */
  hasRoutes(host: string): boolean {
    if (this.exact.has(host) || this.wild.some((name) => hostMatches(host, name))) return true;
    return host.startsWith('*') && [...this.exact].some((name) => hostMatches(host, name));
  }
}

const ANY = '*';

class Listener {
  /** undefined: every port. */
  readonly port: number | undefined;
  readonly #namespaces = new Map<string, HostList>();

  constructor({ port, hosts = [] }: NonNullable<SidecarSpec['egress']>[number], namespace: string) {
    // A listener for HTTP_PROXY is a proxy for all ports.
    this.port = port?.protocol?.toUpperCase() === 'HTTP_PROXY' ? undefined : port?.number || undefined;
    for (const entry of hosts) {
      const [where, host, ...more] = entry.split('/');
      if (where === undefined || host === undefined || more.length > 0) continue;
      // `~/*` alone lets nothing in; `~ns/host` leaves something out of what the others let in.
      const excluded = where.startsWith('~');
      const of = excluded ? where.slice(1) || ANY : where;
      this.#list(of === '.' ? namespace : of).add(host.toLowerCase(), excluded);
    }
  }

  #list(namespace: string): HostList {
    let list = this.#namespaces.get(namespace);
    if (list === undefined) this.#namespaces.set(namespace, (list = new HostList()));
    return list;
  }

  #lists(namespace: string): HostList[] {
    return [this.#namespaces.get(namespace), this.#namespaces.get(ANY)].filter((list) => list !== undefined);
  }

  /** The service, or what of it this listener lets in. */
  service(service: KnownService): KnownService | undefined {
    const lists = this.#lists(service.namespace);
    if (lists.some((list) => list.excludes(service.host))) return undefined;
    return lists.some((list) => list.hasService(service.host)) ? this.atPort(service) : undefined;
  }

  atPort(service: KnownService): KnownService | undefined {
    return this.port === undefined ? service : onlyPorts(service, new Set([this.port]));
  }

  hasRoutes({ hosts, metadata }: KnownVirtualService): boolean {
    const lists = this.#lists(metadata.namespace);
    return hosts.some(
      (host) => lists.some((list) => list.hasRoutes(host)) && !lists.some((list) => list.excludes(host)),
    );
  }
}

function onlyPorts(service: KnownService, numbers: ReadonlySet<number>): KnownService | undefined {
  const ports = service.ports.filter(({ number }) => numbers.has(number));
  if (ports.length === service.ports.length) return service;
  return ports.length === 0 ? undefined : { ...service, ports };
}

/** What a Sidecar lets in. */
export class SidecarImports {
  readonly #listeners: readonly Listener[];
  readonly #namespace: string;

  /** @param namespace of the workload, which is not the Sidecar's where that is the root namespace's */
  constructor({ spec }: Typed<SidecarSpec>, namespace: string) {
    const egress = spec.egress?.length ? spec.egress : [{ hosts: ['*/*'] }];
    this.#listeners = egress.map((listener) => new Listener(listener, namespace));
    this.#namespace = namespace;
  }

  hasRoutes(routes: KnownVirtualService): boolean {
    return this.#listeners.some((listener) => listener.hasRoutes(routes));
  }

  /** The service that listeners ask for. @param candidates of one host, visible, in the order of precedence */
  asked(candidates: readonly KnownService[], choose: Chooser): KnownService | undefined {
    const found = this.#listeners.map((listener) =>
      choose(candidates.flatMap((candidate) => listener.service(candidate) ?? [])),
    );
    return found.reduce(joined, undefined);
  }

  /** The service, if only rules that were let in lead to it. */
  pulled(
    candidates: readonly KnownService[],
    leading: Iterable<KnownVirtualService>,
  ): KnownService | undefined {
    const best = candidates.find(({ namespace }) => namespace === this.#namespace) ?? candidates[0];
    if (best === undefined) return undefined;
    let found: KnownService | undefined;
    for (const routes of leading) {
      const ports = destinationPorts(routes, this.#namespace).get(best.host);
      if (ports === undefined) continue;
      for (const listener of this.#listeners) {
        if (!listener.hasRoutes(routes)) continue;
        const part =
          listener.port === undefined && !ports.has(0) ? onlyPorts(best, ports) : listener.atPort(best);
        found = joined(found, part);
      }
    }
    return found;
  }
}

export type Chooser = (candidates: readonly KnownService[]) => KnownService | undefined;

/** Of two for one host Kubernetes' own comes first, else the first; parts of one service come together. */
export function joined(
  present: KnownService | undefined,
  more: KnownService | undefined,
): KnownService | undefined {
  if (present === undefined || more === undefined) return present ?? more;
  if (present.order.rank === 2 && more.order.rank < 2) return more;
  return present.namespace === more.namespace && present.order.rank < 2 === more.order.rank < 2
    ? withPorts(present, more)
    : present;
}
