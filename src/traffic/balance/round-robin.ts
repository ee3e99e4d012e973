import type { Random } from '../../base/random.js';
import type { EndpointState } from '../../model/endpoint-state.js';
import { Picker } from './picker.js';
import type { Weights } from './weights.js';

/**
 * Smooth weighted round robin: each endpoint gains its weight at every pick, the richest is picked and pays what all gained.
 * Equal weights make a plain rotation, unequal ones spread each endpoint's turns evenly, and one that is left out for a
 * while only pauses. The start is random, so that many processes do not all begin with the same endpoint.
 * @source nginx, "Upstream: smooth weighted round-robin balancing", 2012
 */
export class RoundRobinPicker extends Picker {
  readonly #weights: Weights;
  readonly #credit: Float64Array;

  constructor(endpoints: readonly EndpointState[], random: Random, panicPercent: number, weights: Weights) {
    super(endpoints, random, panicPercent);
    this.#weights = weights;
    this.#credit = Float64Array.from(endpoints, (endpoint) => random.next() * endpoint.endpoint.weight);
  }

  protected override choose(avoided: readonly EndpointState[], panic: boolean): EndpointState | undefined {
    const credit = this.#credit;
    const now = this.#weights.warmingNow();
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
}
