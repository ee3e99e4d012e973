/** What outlier detection works with, and whom it tells what. */
import type { Clock } from '../../base/clock.js';
import type { Random } from '../../base/random.js';
import type { EndpointState } from '../../model/endpoint-state.js';
import type { OutlierPolicy } from './policy.js';

/** What an endpoint is ejected for. */
export type OutlierReason =
  | 'consecutive-5xx'
  | 'consecutive-gateway-errors'
  | 'consecutive-local-origin-failures'
  | 'success-rate'
  | 'failure-percentage';

export interface OutlierOptions {
  readonly clock: Clock;
  /** Draws who is ejected where policy enforces only a part. */
  readonly random: Random;
  readonly policy: OutlierPolicy;
  readonly onEjected?: (endpoint: EndpointState, reason: OutlierReason, ejectedMs: number) => void;
  readonly onReturned?: (endpoint: EndpointState) => void;
  /** An endpoint should have gone, but `maxEjectionPercent` of them are out already. */
  readonly onOverflow?: (endpoint: EndpointState, reason: OutlierReason) => void;
  /** An endpoint should have gone, but the lot fell otherwise: `enforcingPercent`. */
  readonly onSpared?: (endpoint: EndpointState, reason: OutlierReason) => void;
}
