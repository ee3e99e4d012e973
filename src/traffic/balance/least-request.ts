import type { Random } from '../../base/random.js';
import type { EndpointState } from '../../model/endpoint-state.js';
import { Picker } from './picker.js';
import type { Weights } from './weights.js';

/**
 * Power of two choices: two different endpoints by lot, the one with fewer attempts in flight for its weight takes it. Envoy draws
 * with replacement and so compares an endpoint with itself now and then; that choice is lost, so we do not. With unequal weights
 * the lots are weighted: idle endpoints then get their share, busy ones are compared by load.
 * @source M. Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 2001
 */
export class LeastRequestPicker extends Picker {
  readonly #weights: Weights;

  constructor(endpoints: readonly EndpointState[], random: Random, panicPercent: number, weights: Weights) {
    super(endpoints, random, panicPercent);
    this.#weights = weights;
  }

  protected override choose(avoided: readonly EndpointState[], panic: boolean): EndpointState | undefined {
    const now = this.#weights.warmingNow();
    if (this.#weights.allEqual(now)) {
      const one = this.draw(avoided, panic, undefined);
      if (one === undefined) return undefined;
      const other = this.draw(avoided, panic, one);
      return other !== undefined && other.inFlight < one.inFlight ? other : one;
    }
    const one = this.#drawWeighted(avoided, panic, undefined, now);
    if (one === undefined) return undefined;
    const other = this.#drawWeighted(avoided, panic, one, now);
    if (other === undefined) return one;
    const otherLoad = other.inFlight * this.#weights.of(one, now);
    return otherLoad < one.inFlight * this.#weights.of(other, now) ? other : one;
  }

  #drawWeighted(
    avoided: readonly EndpointState[],
    panic: boolean,
    except: EndpointState | undefined,
    now: number,
  ): EndpointState | undefined {
    let total = 0;
    for (const endpoint of this.endpoints) {
      if (endpoint !== except && this.takes(endpoint, avoided, panic))
        total += this.#weights.of(endpoint, now);
    }
    let left = this.random.next() * total;
    let last: EndpointState | undefined;
    for (const endpoint of this.endpoints) {
      if (endpoint === except || !this.takes(endpoint, avoided, panic)) continue;
      last = endpoint;
      left -= this.#weights.of(endpoint, now);
      if (left < 0) break;
    }
    return last;
  }
}
