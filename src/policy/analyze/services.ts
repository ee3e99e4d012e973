/** Finds services by name, as a resource of some namespace may mean them. */
import { hostMatches } from '../kinds/hosts.js';
import { exported } from '../resolve/names.js';
import { type KnownService, knownServices } from '../resolve/services.js';
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

  /** Names close by, for a hint. */
  names(): string[] {
    return [...this.#exact.keys()];
  }
}
