import type { EndpointState } from '../../model/endpoint-state.js';
import { TwoChoicesPicker } from './two-choices.js';

/**
 * Of two endpoints the one with fewer attempts in flight for its weight: idle endpoints get their share by weighted lots, busy ones are
 * compared by load. Of equals the one that was drawn first.
 */
export class LeastRequestPicker extends TwoChoicesPicker {
  protected override better(other: EndpointState, one: EndpointState): boolean {
    return other.inFlight < one.inFlight;
  }

  protected override betterFor(
    other: EndpointState,
    otherWeight: number,
    one: EndpointState,
    weight: number,
  ): boolean {
    return other.inFlight * weight < one.inFlight * otherWeight;
  }
}
