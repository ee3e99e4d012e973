/** What workloads registered: services, and where they are. */
import type { EffectiveEndpoints } from '../effective.js';
import type { RegisteredService } from '../resource.js';
import { namespaceOf } from './names.js';
import { NamespacedList } from './namespaced-list.js';
import { compareText } from './order.js';

export interface ChangedRegistrations {
  readonly gone: readonly RegisteredService[];
  readonly come: readonly RegisteredService[];
  /** Hosts whose endpoints changed. */
  readonly endpoints: readonly string[];
}

const NOTHING: ChangedRegistrations = { gone: [], come: [], endpoints: [] };

export class Registrations {
  #services: ReadonlySet<RegisteredService> = new Set();
  #endpoints: ReadonlyMap<string, EffectiveEndpoints> = new Map();
  readonly #byNamespace = new NamespacedList<EffectiveEndpoints>((one, other) =>
    compareText(one.host, other.host),
  );

  #given: readonly [unknown, unknown] = [null, null];

  /** Looks through what it is given once, unless these are the lists that it had; objects are compared by identity. */
  replace(
    services: readonly RegisteredService[],
    endpoints: readonly EffectiveEndpoints[],
  ): ChangedRegistrations {
    if (this.#given[0] === services && this.#given[1] === endpoints) return NOTHING;
    this.#given = [services, endpoints];
    const before = { services: this.#services, endpoints: this.#endpoints };
    this.#services = new Set(services);
    this.#endpoints = new Map(endpoints.map((one) => [one.host, one]));
    const gone = [...before.endpoints.values()].filter((one) => this.#endpoints.get(one.host) !== one);
    const come = endpoints.filter((one) => before.endpoints.get(one.host) !== one);
    for (const one of gone) this.#byNamespace.remove(namespaceOf(one.host) ?? '', one);
    for (const one of come) this.#byNamespace.add(namespaceOf(one.host) ?? '', one);
    return {
      gone: [...before.services].filter((one) => !this.#services.has(one)),
      come: services.filter((one) => !before.services.has(one)),
      endpoints: [...gone, ...come].map(({ host }) => host),
    };
  }

  endpoints(host: string): EffectiveEndpoints | undefined {
    return this.#endpoints.get(host);
  }

  /** Those of the hosts of a namespace, by the names of hosts. */
  in(namespace: string): readonly EffectiveEndpoints[] {
    return this.#byNamespace.in(namespace);
  }
}
