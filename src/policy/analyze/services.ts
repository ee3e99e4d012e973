/** Finds services by name, as a resource of some namespace may mean them. */
import { hostMatches } from '../kinds/hosts.js';
import type { VirtualServiceSpec } from '../kinds/virtual-service.js';
import { exported } from '../resolve/names.js';
import { type KnownService, knownServices } from '../resolve/services.js';
import type { Typed } from '../resolve/typed.js';
import type { RegisteredService, Resource } from '../resource.js';

export class ServiceDirectory {
  readonly #exact = new Map<string, KnownService[]>();
  readonly #wildcards: KnownService[] = [];

  constructor(resources: readonly Resource[], registered: readonly RegisteredService[]) {
    for (const service of knownServices(resources, registered)) {
      if (service.host.startsWith('*')) this.#wildcards.push(service);
      else {
        const present = this.#exact.get(service.host);
        if (present === undefined) this.#exact.set(service.host, [service]);
        else present.push(service);
      }
    }
  }

  /**
   * All services behind a full name that are visible from a namespace. Ports of one host may be spread over several of them.
   * A name with a wildcard finds every service that it covers.
   */
  find(host: string, namespace: string): KnownService[] {
    const candidates = host.startsWith('*')
      ? [...[...this.#exact.values()].flat(), ...this.#wildcards].filter((known) =>
          hostMatches(host, known.host),
        )
      : (this.#exact.get(host) ?? this.#wildcards.filter((known) => hostMatches(known.host, host)));
    return candidates.filter(
      ({ exportTo, namespace: owner }) => exported(exportTo, owner, namespace) !== null,
    );
  }

  /** The same for a host of a VirtualService: it is enough that one of the namespaces that hear of the rule sees the service. */
  findFor(host: string, { spec, metadata }: Typed<VirtualServiceSpec>): KnownService[] {
    const { namespace } = metadata;
    const listeners = spec.exportTo?.length ? spec.exportTo : [namespace];
    for (const listener of listeners) {
      const found = this.find(host, listener === '.' ? namespace : listener);
      if (found.length > 0) return found;
    }
    return [];
  }

  /** Names close by, for a hint. */
  names(): string[] {
    return [...this.#exact.keys()];
  }
}
