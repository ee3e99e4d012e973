/** An endpoint's share among the others: its weight, less while it warms up. */
import type { Clock } from '../../base/clock.js';
import type { EndpointState } from '../../model/endpoint-state.js';
import type { WarmupPolicy } from './policy.js';

export class Weights {
  /** All weights are the same once nothing warms up any more. */
  readonly #equal: boolean;
  readonly #warmup: WarmupPolicy | undefined;
  /** When the last of them is warm; monotonic milliseconds. */
  readonly #warmAt: number;
  readonly #clock: Clock;

  constructor(endpoints: readonly EndpointState[], warmup: WarmupPolicy | undefined, clock: Clock) {
    const first = endpoints[0]?.endpoint.weight ?? 1;
    this.#equal = endpoints.every((endpoint) => endpoint.endpoint.weight === first);
    this.#warmup = warmup !== undefined && warmup.durationMs > 0 ? warmup : undefined;
    this.#clock = clock;
    this.#warmAt = endpoints.reduce(
      (latest, endpoint) => Math.max(latest, endpoint.addedAt + (this.#warmup?.durationMs ?? 0)),
      Number.NEGATIVE_INFINITY,
    );
  }

  /** Now, in monotonic milliseconds, while something warms up; Infinity when all is warm. */
  warmingNow(): number {
    if (this.#warmup === undefined) return Number.POSITIVE_INFINITY;
    const now = this.#clock.now();
    return now < this.#warmAt ? now : Number.POSITIVE_INFINITY;
  }

  /** @param now what {@link warmingNow} said */
  allEqual(now: number): boolean {
    return this.#equal && now === Number.POSITIVE_INFINITY;
  }

  /**
   * @param now what {@link warmingNow} said
   * @source Envoy slow start: weight × max(minimum, (elapsed / window)^(1/aggression))
   */
  of(endpoint: EndpointState, now: number): number {
    const { weight } = endpoint.endpoint;
    const warmup = this.#warmup;
    if (warmup === undefined || now - endpoint.addedAt >= warmup.durationMs) return weight;
    const elapsedRatio = Math.max(1, now - endpoint.addedAt) / warmup.durationMs;
    return weight * Math.max(warmup.minimumPercent / 100, elapsedRatio ** (1 / warmup.aggression));
  }
}
