/**
 * Endpoints that policy knows by name (`resolution: DNS`): one for each address of the name, followed as answers expire. A call never
 * waits for a look-up: until there is an answer, and as long as there is none, the endpoint is the name itself, which is then looked up
 * with each connection. An answer that was good stays until there is another.
 * @source Envoy STRICT_DNS, `respect_dns_ttl`; Istio's `dnsRefreshRate` of 60 s
 */
import { isIP } from 'node:net';
import type { Clock, Timer } from '../base/clock.js';
import { type Endpoint, endpointKey } from '../model/endpoint.js';
import type { NameResolver } from '../ports/name-resolver.js';

const REFRESH_MS = 60_000;
/** Shortest time between two questions after one name, whatever its time to live. */
const SHORTEST_MS = 5_000;
const LONGEST_MS = 300_000;
/** After a first failure; doubled with each further one. */
const FAILURE_MS = 1_000;

export interface NamesOptions {
  readonly clock: Clock;
  readonly resolver: NameResolver;
  /** The addresses of a name that is in use are others now. */
  readonly onChange: () => void;
}

class Followed {
  /** Sorted; null until there was an answer. */
  addresses: readonly string[] | null = null;
  failures = 0;
  timer: Timer | null = null;
}

export class Names {
  /** Counts the changes. */
  revision = 0;
  readonly #options: NamesOptions;
  readonly #followed = new Map<string, Followed>();
  #closed = false;

  constructor(options: NamesOptions) {
    this.#options = options;
  }

  /** One endpoint for each address of those that are names, as far as they are known. Begins to follow new ones. */
  expand(endpoints: readonly Endpoint[]): readonly Endpoint[] {
    return endpoints.flatMap((endpoint) => {
      if (!isName(endpoint)) return endpoint;
      const addresses = this.#follow(endpoint.address).addresses;
      return addresses?.map((address) => at(endpoint, address)) ?? endpoint;
    });
  }

  /** Follows only these from now on. */
  retain(names: ReadonlySet<string>): void {
    for (const [name, followed] of this.#followed) {
      if (names.has(name)) continue;
      followed.timer?.cancel();
      this.#followed.delete(name);
    }
  }

  close(): void {
    this.#closed = true;
    this.retain(new Set());
  }

  #follow(name: string): Followed {
    let followed = this.#followed.get(name);
    if (followed === undefined) {
      followed = new Followed();
      this.#followed.set(name, followed);
      if (!this.#closed) void this.#ask(name, followed);
    }
    return followed;
  }

  async #ask(name: string, followed: Followed): Promise<void> {
    const { resolver, clock, onChange } = this.#options;
    let nextMs: number;
    let changed = false;
    try {
      const { addresses, ttlMs } = await resolver.resolve(name);
      const sorted = [...new Set(addresses)].sort();
      changed = sorted.join() !== followed.addresses?.join();
      followed.addresses = sorted;
      followed.failures = 0;
      nextMs = Math.min(Math.max(ttlMs ?? REFRESH_MS, SHORTEST_MS), LONGEST_MS);
    } catch {
      // Whoever calls finds out what is wrong with the name, and is told.
      nextMs = Math.min(FAILURE_MS * 2 ** Math.min(followed.failures, 6), REFRESH_MS);
      followed.failures += 1;
    }
    if (this.#followed.get(name) !== followed) return;
    followed.timer = clock.after(nextMs, () => void this.#ask(name, followed));
    if (!changed) return;
    this.revision += 1;
    onChange();
  }
}

/** Those that are to be looked up. */
export function namesOf(endpoints: readonly Endpoint[]): readonly string[] {
  return endpoints.filter(isName).map(({ address }) => address);
}

function isName({ address }: Endpoint): boolean {
  return isIP(address) === 0 && !address.startsWith('unix:');
}

function at(endpoint: Endpoint, address: string): Endpoint {
  return { ...endpoint, key: endpointKey(address, endpoint.port), address, name: endpoint.address };
}
