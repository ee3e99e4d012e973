/**
 * A balancer over the part of a long list that this process works with: the first of its own order, so many that enough of them are
 * available. Endpoints beyond are never picked, so nobody connects to them.
 */
import type { Clock } from '../../base/clock.js';
import type { Availability, EndpointState } from '../../model/endpoint-state.js';
import type { Balancer, PickFacts } from '../../ports/balancer.js';
import { decideWidth, rendezvousOrder } from './aperture.js';

/** What is remembered of one list: it outlives snapshots. */
export interface Width {
  /** Available endpoints to work with; 0: not known yet. */
  endpoints: number;
  /** Since when the load is low; monotonic milliseconds. */
  quietSince: number;
}

export interface ApertureOptions {
  readonly clock: Clock;
  readonly client: string;
  readonly minEndpoints: number;
  readonly panicPercent: number;
  readonly width: Width;
  /** It works with others now. */
  readonly onChange?: (() => void) | undefined;
}

/** So many of those behind the part are ready to stand in, so that health checks know them when they are needed. */
const READY = 1 / 10;
/**
 * Those who stood in stay ready for so long. Without that, whoever is new and has to wait for its first check would bring in others,
 * who make it one of many that need not wait, so that the others go again, and so on.
 */
const READY_MS = 10_000;

export class ApertureBalancer implements Balancer {
  readonly #endpoints: readonly EndpointState[];
  readonly #options: ApertureOptions;
  readonly #make: (endpoints: readonly EndpointState[]) => Balancer;
  readonly #availability: Availability;
  /** Made at the first pick: most clusters that a process knows it never calls. */
  #order: readonly EndpointState[] | null = null;
  #balancer: Balancer | null = null;
  #working: readonly EndpointState[] = [];
  /** Since when fewer would do than are ready; monotonic milliseconds. */
  #enoughSince = 0;
  /** How much of the order is worked with, those that are not available included. */
  #cut = 0;
  /** Picks until the load is looked at again: as many as there are endpoints to look at, so that a pick pays for one. */
  #due = 0;
  #seen = -1;

  /** @param endpoints not empty @param make a balancer over some of them */
  constructor(
    endpoints: readonly EndpointState[],
    options: ApertureOptions,
    make: (endpoints: readonly EndpointState[]) => Balancer,
  ) {
    this.#endpoints = endpoints;
    this.#options = options;
    this.#make = make;
    this.#availability = endpoints[0]!.availability;
  }

  pick(facts: PickFacts): EndpointState | undefined {
    this.#due -= 1;
    if (this.#due < 0 || this.#availability.changes !== this.#seen) this.#adjust();
    return this.#balancer?.pick(facts);
  }

  working(): readonly EndpointState[] {
    if (this.#availability.changes !== this.#seen) this.#adjust();
    return this.#working;
  }

  #adjust(): void {
    const order = (this.#order ??= this.#ordered());
    this.#measure(order);
    this.#seen = this.#availability.changes;
    const cut = this.#cutOf(order);
    this.#due = cut;
    if (cut !== this.#cut || this.#balancer === null) {
      this.#cut = cut;
      this.#balancer = this.#make(order.slice(0, cut));
    }
    this.#keepReady(order, Math.min(order.length, cut + Math.ceil(cut * READY)));
  }

  #keepReady(order: readonly EndpointState[], wanted: number): void {
    const ready = this.#working.length;
    const now = this.#options.clock.now();
    if (wanted >= ready) this.#enoughSince = now;
    if (wanted === ready || now - this.#enoughSince < (wanted < ready ? READY_MS : 0)) return;
    this.#enoughSince = now;
    this.#working = order.slice(0, wanted);
    this.#options.onChange?.();
  }

  #measure(order: readonly EndpointState[]): void {
    const { clock, width, minEndpoints } = this.#options;
    let inFlight = 0;
    for (let index = 0; index < this.#cut; index += 1) inFlight += order[index]!.inFlight;
    const now = clock.now();
    const verdict = decideWidth({
      width: width.endpoints,
      minimum: minEndpoints,
      endpoints: order.length,
      inFlight,
      quietMs: now - width.quietSince,
    });
    width.endpoints = verdict.width;
    if (verdict.because !== 'load is low now') width.quietSince = now;
  }

  /** So many of the order that as many as are wanted are available. */
  #cutOf(order: readonly EndpointState[]): number {
    const { width, panicPercent } = this.#options;
    // Where so few are available that panic takes any of them, more would only be more to connect to.
    const longest = panicPercent > 0 ? Math.ceil((width.endpoints * 100) / panicPercent) : order.length;
    const end = Math.min(longest, order.length);
    let wanted = width.endpoints;
    for (let index = 0; index < end; index += 1) {
      if (order[index]!.unavailable) continue;
      wanted -= 1;
      if (wanted === 0) return index + 1;
    }
    return end;
  }

  #ordered(): EndpointState[] {
    const keys = this.#endpoints.map(({ endpoint }) => endpoint.key);
    return rendezvousOrder(this.#options.client, keys).map((index) => this.#endpoints[index]!);
  }
}
