/** Finds services by name, as a resource of some namespace may mean them. */
import { hostMatches } from '../kinds/hosts.js';
import type { ServiceSpec } from '../kinds/service.js';
import type { ServiceEntrySpec } from '../kinds/service-entry.js';
import type { VirtualServiceSpec } from '../kinds/virtual-service.js';
import { exported } from '../resolve/names.js';
import { type KnownService, ServiceTable } from '../resolve/services.js';
import type { Typed } from '../resolve/typed.js';
import type { RegisteredService } from '../resource.js';

export class ServiceDirectory {
  readonly #table = new ServiceTable();
  readonly #wildcards: KnownService[];
  readonly #names: readonly string[];

  constructor(
    documents: readonly Typed<ServiceSpec>[],
    entries: readonly Typed<ServiceEntrySpec>[],
    registered: readonly RegisteredService[],
  ) {
    for (const document of documents) this.#table.addDocument(document);
    for (const entry of entries) this.#table.addEntry(entry);
    for (const one of registered) this.#table.addRegistered(one);
    this.#names = [...this.#table.hosts(), ...this.#table.aliases.hosts()];
    this.#wildcards = this.#names.filter((host) => host.startsWith('*')).flatMap((host) => this.#named(host));
  }

  /**
   * All services behind a full name that are visible from a namespace. Ports of one host may be spread over several of them.
   * A name with a wildcard finds every service that it covers.
   */
  find(host: string, namespace: string): KnownService[] {
    return this.#candidates(host).filter(
      ({ exportTo, namespace: owner }) => exported(exportTo, owner, namespace) !== null,
    );
  }

  #candidates(host: string): readonly KnownService[] {
    if (host.startsWith('*'))
      return this.#names.filter((name) => hostMatches(host, name)).flatMap((name) => this.#named(name));
    const exact = this.#named(host);
    return exact.length > 0 ? exact : this.#wildcards.filter((known) => hostMatches(known.host, host));
  }

  /** Another name of a service is there, whatever it stands for (Istio). */
  #named(host: string): readonly KnownService[] {
    const found = this.#table.candidates(host);
    const alias = this.#table.aliases.get(host);
    return found.length > 0 || alias === undefined ? found : [alias.service];
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
  names(): readonly string[] {
    return this.#names;
  }
}
