import type { Random } from '../../base/random.js';
import { type Availability, type EndpointState, sharedAvailability } from '../../model/endpoint-state.js';
import { Picker } from './picker.js';
import type { Weights } from './weights.js';

/**
 * Equal weights: a plain rotation over the endpoints that are available. Else smooth weighted round robin: each endpoint gains its weight at every pick, the richest is picked and pays what all gained;
 * each endpoint's turns are spread evenly, and one that is left out for a while only pauses. The start is random, so that many processes do not all begin with the same endpoint.
 * @source nginx, "Upstream: smooth weighted round-robin balancing", 2012
 */
export class RoundRobinPicker extends Picker {
  readonly #weights: Weights;
  readonly #credit: Float64Array;
  /** Says whether `#rotation` is what is available; null: endpoints have none in common. */
  readonly #availability: Availability | null;
  #rotation: readonly EndpointState[] = [];
  #seen = -1;
  #next: number;

  constructor(endpoints: readonly EndpointState[], random: Random, panicPercent: number, weights: Weights) {
    super(endpoints, random, panicPercent);
    this.#weights = weights;
    this.#credit = Float64Array.from(endpoints, (endpoint) => random.next() * endpoint.endpoint.weight);
    this.#availability = sharedAvailability(endpoints);
    this.#next = Math.floor(random.next() * endpoints.length);
  }

  protected override choose(avoided: readonly EndpointState[], panic: boolean): EndpointState | undefined {
    const now = this.#weights.warmingNow();
    if (this.#availability !== null && this.#weights.allEqual(now)) return this.#rotate(avoided, panic);
    const credit = this.#credit;
    let gained = 0;
    let richest = -1;
    for (let index = 0; index < this.endpoints.length; index += 1) {
      const endpoint = this.endpoints[index]!;
      if (!this.takes(endpoint, avoided, panic)) continue;
      const weight = this.#weights.of(endpoint, now);
      gained += weight;
      credit[index]! += weight;
      if (richest < 0 || credit[index]! > credit[richest]!) richest = index;
    }
    if (richest < 0) return undefined;
    credit[richest]! -= gained;
    return this.endpoints[richest];
  }

  #rotate(avoided: readonly EndpointState[], panic: boolean): EndpointState | undefined {
    const among = panic ? this.endpoints : this.#available();
    for (let step = 0; step < among.length; step += 1) {
      this.#next = this.#next + 1 < among.length ? this.#next + 1 : 0;
      const endpoint = among[this.#next]!;
      if (avoided.length === 0 || !avoided.includes(endpoint)) return endpoint;
    }
    return undefined;
  }

  /** Without those that are not available, so that the one after them does not get their share beside its own. */
  #available(): readonly EndpointState[] {
    const { changes } = this.#availability!;
    if (changes !== this.#seen) {
      this.#seen = changes;
      this.#rotation = this.endpoints.filter((endpoint) => !endpoint.unavailable);
    }
    return this.#rotation;
  }
}
