import type { EndpointState } from '../../model/endpoint-state.js';
import { Picker } from './picker.js';

/** Uniform. Weights are not looked at, as in Envoy's RANDOM. */
export class RandomPicker extends Picker {
  protected override choose(avoided: readonly EndpointState[], panic: boolean): EndpointState | undefined {
    return this.draw(avoided, panic, undefined);
  }
}
