/**
 * A balancer over levels: the nearest endpoints take the calls as long as enough of them are healthy, then the next ones take what is
 * missing.
 * @source Envoy `load_balancing/priority.rst`, `locality_weight.rst`; spec resilience.md §8.3, §8.4
 */
import type { Random } from '../../base/random.js';
import { type Availability, type EndpointState, sharedAvailability } from '../../model/endpoint-state.js';
import type { Balancer, PickFacts } from '../../ports/balancer.js';
import type { LocalityLevel } from './locality.js';

/** Healthy endpoints are taken to bear this much more than their part, so that a level is left only when it is short of many. */
const OVERPROVISIONING = 1.4;
/** So many attempts of a call use the levels as they are, before those that they used are left out. @source Istio's `previous_priorities` */
const ATTEMPTS_A_LEVEL = 2;

class Group {
  readonly endpoints: readonly EndpointState[];
  readonly balancer: Balancer;
  /** Of those that are worked with: nobody learns about the others. */
  available = 0;
  size = 0;
  /** Its part among the groups of its level. */
  share = 0;
  readonly #weight: number;

  constructor(endpoints: readonly EndpointState[], weight: number, balancer: Balancer) {
    this.endpoints = endpoints;
    this.balancer = balancer;
    this.#weight = weight;
  }

  count(): void {
    const working = this.balancer.working();
    let available = 0;
    for (const state of working) if (!state.unavailable) available += 1;
    this.available = available;
    this.size = working.length;
    this.share = this.#weight * Math.min(1, (OVERPROVISIONING * available) / working.length);
  }
}

/** The facts of a pick, without panic. */
class CalmFacts implements PickFacts {
  hash: number | undefined = undefined;
  tried: readonly EndpointState[] = [];
  readonly calm = true;

  of({ hash, tried }: PickFacts): this {
    this.hash = hash;
    this.tried = tried;
    return this;
  }
}

export class LocalityBalancer implements Balancer {
  readonly #levels: readonly (readonly Group[])[];
  /** Of each level, if it is not left out. */
  readonly #health: Float64Array;
  readonly #loads: Float64Array;
  /** Of each level, its part of all endpoints. */
  readonly #sizes: Float64Array;
  readonly #random: Random;
  readonly #panicPercent: number;
  /** Every level has so few available endpoints that panic takes any of them. */
  #panic = false;
  /** null: endpoints do not say together whether one of them changed, so they are counted at each pick. */
  readonly #availability: Availability | null;
  #seen = -1;
  /** What the last pick asked its groups. Picks are synchronous: one object serves all. */
  readonly #calm = new CalmFacts();

  /** @param make a balancer over the endpoints of one group */
  constructor(
    levels: readonly LocalityLevel[],
    { random, panicPercent }: { readonly random: Random; readonly panicPercent: number },
    make: (endpoints: readonly EndpointState[]) => Balancer,
  ) {
    this.#levels = levels.map((level) =>
      level.map(({ endpoints, weight }) => new Group(endpoints, weight, make(endpoints))),
    );
    this.#health = new Float64Array(levels.length);
    this.#sizes = sizesOf(levels);
    this.#loads = new Float64Array(levels.length);
    this.#random = random;
    this.#panicPercent = panicPercent;
    this.#availability = sharedAvailability(levels.flat().flatMap(({ endpoints }) => endpoints));
  }

  pick(facts: PickFacts): EndpointState | undefined {
    // A hash decides the level too: the same key stays in the same place.
    const draw = facts.hash === undefined ? this.#random.next() : facts.hash / 2 ** 32;
    const short = this.#measure(facts);
    const within: PickFacts = short ? facts : this.#calm.of(facts);
    const first = this.#levelAt(draw);
    const picked = this.#pickIn(first, draw, within);
    if (picked !== undefined) return picked;
    for (let level = 0; level < this.#levels.length; level += 1) {
      if (level === first || this.#loads[level] === 0) continue;
      const other = this.#pickIn(level, draw, within);
      if (other !== undefined) return other;
    }
    return undefined;
  }

  working(): readonly EndpointState[] {
    return this.#levels.flat().flatMap(({ balancer }) => balancer.working());
  }

  /** Works out each level's load, in parts of 1. @returns whether all levels together are short of healthy endpoints */
  #measure(facts: PickFacts): boolean {
    this.#count();
    const loads = this.#loads;
    let total = 0;
    for (let level = 0; level < loads.length; level += 1) {
      loads[level] = this.#isLeftOut(this.#levels[level]!, facts) ? 0 : this.#health[level]!;
      total += loads[level]!;
    }
    // Nobody knows better than the numbers of endpoints where to go. @source Envoy `recalculateLoadInTotalPanic`
    if (this.#panic && total < 1) {
      loads.set(this.#sizes);
      return true;
    }
    if (total === 0) {
      loads[0] = 1;
      return true;
    }
    const whole = Math.min(1, total);
    let left = 1;
    for (let level = 0; level < loads.length; level += 1) {
      loads[level] = Math.min(left, loads[level]! / whole);
      left -= loads[level]!;
    }
    return total < 1;
  }

  /** Counts who is available, where that may have changed: lists may be long. */
  #count(): void {
    if (this.#availability !== null) {
      if (this.#seen === this.#availability.changes) return;
      this.#seen = this.#availability.changes;
    }
    this.#panic = this.#panicPercent > 0;
    for (const [level, groups] of this.#levels.entries()) {
      let available = 0;
      let all = 0;
      for (const group of groups) {
        group.count();
        available += group.available;
        all += group.size;
      }
      this.#health[level] = Math.min(1, (OVERPROVISIONING * available) / all);
      if (available * 100 >= this.#panicPercent * all) this.#panic = false;
    }
  }

  #levelAt(draw: number): number {
    let left = draw;
    let last = 0;
    for (let level = 0; level < this.#loads.length; level += 1) {
      if (this.#loads[level] === 0) continue;
      last = level;
      left -= this.#loads[level]!;
      if (left < 0) break;
    }
    return last;
  }

  /** In the group on which the lot falls; where that has nothing to give, in the next one that has. */
  #pickIn(level: number, draw: number, facts: PickFacts): EndpointState | undefined {
    const groups = this.#levels[level]!;
    const first =
      groups.length === 1 ? 0 : this.#groupAt(groups, facts.hash === undefined ? this.#random.next() : draw);
    for (let step = 0; step < groups.length; step += 1) {
      const picked = groups[(first + step) % groups.length]!.balancer.pick(facts);
      if (picked !== undefined) return picked;
    }
    return undefined;
  }

  #groupAt(groups: readonly Group[], draw: number): number {
    let total = 0;
    for (const { share } of groups) total += share;
    let left = draw * total;
    for (let index = 0; index < groups.length; index += 1) {
      left -= groups[index]!.share;
      if (left < 0) return index;
    }
    return 0;
  }

  /** For a retry that is to go elsewhere: was this level tried before? Not if all were. */
  #isLeftOut(groups: readonly Group[], { elsewhere, tried }: PickFacts): boolean {
    if (elsewhere !== true || tried.length < ATTEMPTS_A_LEVEL) return false;
    const counted = tried.slice(0, tried.length - (tried.length % ATTEMPTS_A_LEVEL));
    const used = (level: readonly Group[]) =>
      level.some(({ endpoints }) => counted.some((state) => endpoints.includes(state)));
    return used(groups) && !this.#levels.every(used);
  }
}

function sizesOf(levels: readonly LocalityLevel[]): Float64Array {
  const sizes = Float64Array.from(levels, (level) =>
    level.reduce((sum, { endpoints }) => sum + endpoints.length, 0),
  );
  const all = sizes.reduce((sum, size) => sum + size, 0);
  return sizes.map((size) => size / all);
}
