/** An endpoint's share among the others: its weight, less while it warms up. */
import type { Clock } from '../../base/clock.js';
import { type Availability, type EndpointState, sharedAvailability } from '../../model/endpoint-state.js';
import type { WarmupPolicy } from './policy.js';

export class Weights {
  readonly #endpoints: readonly EndpointState[];
  /** All weights are the same once nothing warms up any more. */
  readonly #equal: boolean;
  readonly #warmup: WarmupPolicy | undefined;
  readonly #clock: Clock;
  /** Says when `#warmAt` is to be worked out again; null: endpoints have none in common, so it is each time. */
  readonly #availability: Availability | null;
  /** When the last of them is warm; monotonic milliseconds. */
  #warmAt = Number.NEGATIVE_INFINITY;
  #seen = -1;

  constructor(endpoints: readonly EndpointState[], warmup: WarmupPolicy | undefined, clock: Clock) {
    const first = endpoints[0]?.endpoint.weight ?? 1;
    this.#endpoints = endpoints;
    this.#equal = endpoints.every((endpoint) => endpoint.endpoint.weight === first);
    this.#warmup = warmup !== undefined && warmup.durationMs > 0 ? warmup : undefined;
    this.#clock = clock;
    this.#availability = this.#warmup === undefined ? null : sharedAvailability(endpoints);
  }

  /** Now, in monotonic milliseconds, while something warms up; Infinity when all is warm. */
  warmingNow(): number {
    if (this.#warmup === undefined) return Number.POSITIVE_INFINITY;
    const changes = this.#availability?.changes ?? this.#seen + 1;
    if (changes !== this.#seen) this.#look(changes, this.#warmup.durationMs);
    const now = this.#clock.now();
    return now < this.#warmAt ? now : Number.POSITIVE_INFINITY;
  }

  /** @param now what {@link warmingNow} said */
  allEqual(now: number): boolean {
    return this.#equal && now === Number.POSITIVE_INFINITY;
  }

  /**
   * What is not available is picked in panic alone, and then by its whole weight.
   * @param now what {@link warmingNow} said
   * @source Envoy slow start: weight × max(minimum, (elapsed / window)^(1/aggression)); `applySlowStartFactor`
   */
  of(endpoint: EndpointState, now: number): number {
    const { weight } = endpoint.endpoint;
    const warmup = this.#warmup;
    if (warmup === undefined || endpoint.unavailable) return weight;
    const elapsedMs = now - endpoint.warmsFrom;
    if (elapsedMs >= warmup.durationMs) return weight;
    const elapsedRatio = Math.max(1, elapsedMs) / warmup.durationMs;
    return weight * Math.max(warmup.minimumPercent / 100, elapsedRatio ** (1 / warmup.aggression));
  }

  #look(changes: number, durationMs: number): void {
    this.#seen = changes;
    let last = Number.NEGATIVE_INFINITY;
    for (const { warmsFrom } of this.#endpoints) last = Math.max(last, warmsFrom + durationMs);
    this.#warmAt = last;
  }
}
