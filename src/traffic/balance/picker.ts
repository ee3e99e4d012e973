/**
 * What all pickers share: which endpoints may be had just now. Ejected ones are left out unless panic says that too few are
 * left; those that the call has tried are left out while there is another.
 */
import type { Random } from '../../base/random.js';
import type { EndpointState } from '../../model/endpoint-state.js';
import type { Balancer, PickFacts } from '../../ports/balancer.js';

const NONE: readonly EndpointState[] = [];

export abstract class Picker implements Balancer {
  protected readonly endpoints: readonly EndpointState[];
  protected readonly random: Random;
  readonly #panicPercent: number;

  /** @param panicPercent below this share of endpoints not ejected, all are picked from; 0: never */
  constructor(endpoints: readonly EndpointState[], random: Random, panicPercent: number) {
    this.endpoints = endpoints;
    this.random = random;
    this.#panicPercent = panicPercent;
  }

  pick(facts: PickFacts): EndpointState | undefined {
    const panic = facts.calm !== true && this.#panicPercent > 0 && this.#isPanic();
    if (facts.tried.length > 0) {
      const fresh = this.choose(facts.tried, panic, facts.hash);
      if (fresh !== undefined) return fresh;
    }
    return this.choose(NONE, panic, facts.hash);
  }

  working(): readonly EndpointState[] {
    return this.endpoints;
  }

  /** One of the endpoints for which {@link takes} holds, or undefined. Allocates nothing. */
  protected abstract choose(
    avoided: readonly EndpointState[],
    panic: boolean,
    hash: number | undefined,
  ): EndpointState | undefined;

  protected takes(endpoint: EndpointState, avoided: readonly EndpointState[], panic: boolean): boolean {
    return (panic || !endpoint.unavailable) && (avoided.length === 0 || !avoided.includes(endpoint));
  }

  /**
   * Uniform among the endpoints that can be had, without `except`. The first draw nearly always hits; only when it does not are
   * they counted, so that the neighbour of an ejected endpoint does not get its share.
   */
  protected draw(
    avoided: readonly EndpointState[],
    panic: boolean,
    except: EndpointState | undefined,
  ): EndpointState | undefined {
    const { endpoints } = this;
    if (endpoints.length === 0) return undefined;
    const first = endpoints[Math.floor(this.random.next() * endpoints.length)]!;
    if (first !== except && this.takes(first, avoided, panic)) return first;
    let count = 0;
    for (const endpoint of endpoints) {
      if (endpoint !== except && this.takes(endpoint, avoided, panic)) count += 1;
    }
    if (count === 0) return undefined;
    let left = Math.floor(this.random.next() * count);
    for (const endpoint of endpoints) {
      if (endpoint === except || !this.takes(endpoint, avoided, panic)) continue;
      if (left === 0) return endpoint;
      left -= 1;
    }
    return undefined;
  }

  #isPanic(): boolean {
    let healthy = 0;
    for (const endpoint of this.endpoints) if (!endpoint.unavailable) healthy += 1;
    return healthy * 100 < this.#panicPercent * this.endpoints.length;
  }
}
