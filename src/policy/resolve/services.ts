/** Every service that is known, by host. */

import type { ServiceSpec } from '../kinds/service.js';
import { service } from '../kinds/service.js';
import { type ServiceEntrySpec, serviceEntry } from '../kinds/service-entry.js';
import type { RegisteredService, Resource } from '../resource.js';
import { Aliases } from './aliases.js';
import {
  aliasTarget,
  compareServices,
  fromDocument,
  fromEntry,
  fromRegistry,
  type KnownService,
  selectedLabels,
  withPorts,
} from './known-service.js';
import { insertOrdered } from './order.js';
import { ofKind, type Typed } from './typed.js';

export type { KnownService } from './known-service.js';

/** In the order of precedence for the same host: Kubernetes and registered services, then ServiceEntries by age. */
export function knownServices(
  resources: readonly Resource[],
  registered: readonly RegisteredService[],
): KnownService[] {
  const table = new ServiceTable();
  for (const document of ofKind(resources, service)) table.addDocument(document);
  for (const entry of ofKind(resources, serviceEntry)) table.addEntry(entry);
  for (const one of registered) table.addRegistered(one);
  return [...table.hosts()].flatMap((host) => table.candidates(host)).sort(compareServices);
}

/** All services by host, kept while resources come and go. */
export class ServiceTable {
  readonly #documents = new Map<string, KnownService>();
  readonly #registered = new Map<string, KnownService>();
  /** By host, oldest first. */
  readonly #entries = new Map<string, KnownService[]>();
  readonly #candidates = new Map<string, readonly KnownService[]>();
  readonly aliases = new Aliases();
  /** Hosts of services that select workloads, by namespace. */
  readonly #selecting = new Map<string, Set<string>>();

  /** @returns the hosts of which something may have changed, as all of these */
  addDocument(document: Typed<ServiceSpec>): string[] {
    const known = fromDocument(document);
    const target = aliasTarget(document);
    if (target !== undefined) return this.#changed(this.aliases.add({ service: known, target }));
    this.#documents.set(known.host, known);
    return this.#changed([known.host]);
  }

  removeDocument(document: Typed<ServiceSpec>): string[] {
    const { host } = fromDocument(document);
    if (aliasTarget(document) !== undefined) return this.#changed(this.aliases.remove(host));
    this.#documents.delete(host);
    return this.#changed([host]);
  }

  addRegistered(one: RegisteredService): string[] {
    const known = fromRegistry(one);
    this.#registered.set(known.host, known);
    return this.#changed([known.host]);
  }

  removeRegistered(one: RegisteredService): string[] {
    const { host } = fromRegistry(one);
    this.#registered.delete(host);
    return this.#changed([host]);
  }

  addEntry(entry: Typed<ServiceEntrySpec>): string[] {
    const added = fromEntry(entry);
    for (const known of added) {
      const present = this.#entries.get(known.host);
      if (present === undefined) this.#entries.set(known.host, [known]);
      else insertOrdered(present, known, compareServices);
      if (selectedLabels(known) !== undefined) this.#select(known);
    }
    return this.#changed(added.map(({ host }) => host));
  }

  removeEntry(entry: Typed<ServiceEntrySpec>): string[] {
    const hosts = fromEntry(entry).map(({ host }) => host);
    for (const host of hosts) {
      const left = (this.#entries.get(host) ?? []).filter((known) => known.entry?.id !== entry.id);
      if (left.length === 0) this.#entries.delete(host);
      else this.#entries.set(host, left);
    }
    return this.#changed(hosts);
  }

  #select({ namespace, host }: KnownService): void {
    const hosts = this.#selecting.get(namespace);
    if (hosts === undefined) this.#selecting.set(namespace, new Set([host]));
    else hosts.add(host);
  }

  /** Hosts of which a service selects workloads of its namespace, or once did. */
  selecting(namespace: string): Iterable<string> {
    return this.#selecting.get(namespace) ?? [];
  }

  #changed(hosts: string[]): string[] {
    for (const host of hosts) this.#candidates.delete(host);
    return hosts;
  }

  /** Services of one host, in the order of precedence. */
  candidates(host: string): readonly KnownService[] {
    let found = this.#candidates.get(host);
    if (found === undefined) {
      const [document, registered] = [this.#documents.get(host), this.#registered.get(host)];
      // The document's ports come first; what workloads registered beside them is added.
      const plain = document && registered ? withPorts(document, registered) : (document ?? registered);
      found = [...(plain === undefined ? [] : [plain]), ...(this.#entries.get(host) ?? [])];
      if (found.length > 0) this.#candidates.set(host, found);
    }
    return found;
  }

  /** All that have a service. */
  hosts(): Set<string> {
    return new Set([...this.#documents.keys(), ...this.#registered.keys(), ...this.#entries.keys()]);
  }
}
