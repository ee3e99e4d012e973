import type { Clock } from '../../base/clock.js';
import type { Random } from '../../base/random.js';
import type { EndpointState } from '../../model/endpoint-state.js';
import { latencyOf } from '../../model/latency.js';
import { TwoChoicesPicker } from './two-choices.js';
import type { Weights } from './weights.js';

/** So many times `decayMs` after it was last seen, a latency says nothing any more. */
const STALE = 6;
/** More than any latency: behind all that is known, before others of its kind by what is in flight. */
const UNKNOWN_BUSY = 1e12;
/**
 * With unequal weights the endpoint that was drawn first, by weight, is left only for one that is better by more than the noise: so
 * endpoints that are about as fast as each other keep their shares.
 */
const SLACK = 2;

/**
 * Of two endpoints the one where an attempt is likely to be answered first: by the latency that is believed of it, times what would be
 * in flight there. One of which nothing is known is asked as soon as it is drawn, but by one attempt at a time until it has answered.
 * @source Finagle, `PeakEwma.scala`
 */
export class PeakEwmaPicker extends TwoChoicesPicker {
  readonly #clock: Clock;
  readonly #decayMs: number;

  constructor(
    endpoints: readonly EndpointState[],
    random: Random,
    panicPercent: number,
    weights: Weights,
    { clock, decayMs }: { readonly clock: Clock; readonly decayMs: number },
  ) {
    super(endpoints, random, panicPercent, weights);
    this.#clock = clock;
    this.#decayMs = decayMs;
  }

  protected override better(other: EndpointState, one: EndpointState): boolean {
    const now = this.#clock.now();
    return this.#cost(other, now, 1) < this.#cost(one, now, 1);
  }

  protected override betterFor(
    other: EndpointState,
    otherWeight: number,
    one: EndpointState,
    weight: number,
  ): boolean {
    const now = this.#clock.now();
    const mean = (weight + otherWeight) / 2;
    return SLACK * this.#cost(other, now, otherWeight / mean) < this.#cost(one, now, weight / mean);
  }

  /** @param weight in parts of the mean of the two */
  #cost(endpoint: EndpointState, now: number, weight: number): number {
    const { inFlight, latencyMs } = endpoint;
    if (latencyMs === 0 || now - endpoint.latencyAt > STALE * this.#decayMs)
      return inFlight === 0 ? 0 : UNKNOWN_BUSY * (1 + inFlight / weight);
    return latencyOf(endpoint, now, this.#decayMs) * (1 + inFlight / weight);
  }
}
