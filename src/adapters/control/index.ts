/** The workload's client of the config service: policy and identity over one stream. */
import { ControlClient } from './client.js';
import type { ControlOptions } from './options.js';

export type { ControlClient } from './client.js';
export type { ControlOptions } from './options.js';

/**
 * Begins to connect, and keeps connected until closed; `ready` says when there is policy.
 * @throws MeshError `HEDDLE_INVALID_SETTING` for a URL or token that is not one, or that do not go together
 * @example const control = connectControl({ url: 'https://control:15010', token, workload, clock: systemClock, random: systemRandom });
 */
export function connectControl(options: ControlOptions): ControlClient {
  return new ControlClient(options);
}
