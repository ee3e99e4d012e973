/**
 * Power of two choices: two different endpoints by lot, the better one takes the attempt. Envoy draws with replacement and so compares
 * an endpoint with itself now and then; that choice is lost, so we do not. With unequal weights the lots are weighted.
 * @source M. Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 2001
 */
import type { Random } from '../../base/random.js';
import type { EndpointState } from '../../model/endpoint-state.js';
import { Picker } from './picker.js';
import type { Weights } from './weights.js';

export abstract class TwoChoicesPicker extends Picker {
  protected readonly weights: Weights;

  constructor(endpoints: readonly EndpointState[], random: Random, panicPercent: number, weights: Weights) {
    super(endpoints, random, panicPercent);
    this.weights = weights;
  }

  /** Is `other` better than `one`, which was drawn first? All weights are equal. */
  protected abstract better(other: EndpointState, one: EndpointState): boolean;

  /** @param weight of `one` @param otherWeight of `other` */
  protected abstract betterFor(
    other: EndpointState,
    otherWeight: number,
    one: EndpointState,
    weight: number,
  ): boolean;

  protected override choose(avoided: readonly EndpointState[], panic: boolean): EndpointState | undefined {
    const now = this.weights.warmingNow();
    if (this.weights.allEqual(now)) {
      const one = this.draw(avoided, panic, undefined);
      if (one === undefined) return undefined;
      const other = this.draw(avoided, panic, one);
      return other !== undefined && this.better(other, one) ? other : one;
    }
    const one = this.#drawWeighted(avoided, panic, undefined, now);
    if (one === undefined) return undefined;
    const other = this.#drawWeighted(avoided, panic, one, now);
    if (other === undefined) return one;
    return this.betterFor(other, this.weights.of(other, now), one, this.weights.of(one, now)) ? other : one;
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
        total += this.weights.of(endpoint, now);
    }
    let left = this.random.next() * total;
    let last: EndpointState | undefined;
    for (const endpoint of this.endpoints) {
      if (endpoint === except || !this.takes(endpoint, avoided, panic)) continue;
      last = endpoint;
      left -= this.weights.of(endpoint, now);
      if (left < 0) break;
    }
    return last;
  }
}
