/**
 * A balancer over levels: the nearest endpoints take the calls as long as enough of them are healthy, then the next ones take what is
 * missing.
 * @source Envoy `load_balancing/priority.rst`, `locality_weight.rst`; spec resilience.md §8.3, §8.4
 */
import type { Random } from '../../base/random.js';
import type { EndpointState } from '../../model/endpoint-state.js';
import type { Balancer, PickFacts } from '../../ports/balancer.js';
import type { LocalityLevel } from './locality.js';

/** Healthy endpoints are taken to bear this much more than their part, so that a level is left only when it is short of many. */
const OVERPROVISIONING = 1.4;
/** So many attempts of a call use the levels as they are, before those that they used are left out. @source Istio's `previous_priorities` */
const ATTEMPTS_A_LEVEL = 2;

interface Group {
  readonly endpoints: readonly EndpointState[];
  readonly weight: number;
  readonly balancer: Balancer;
}

export class LocalityBalancer implements Balancer {
  readonly #levels: readonly (readonly Group[])[];
  readonly #loads: Float64Array;
  readonly #random: Random;

  /** @param make a balancer over the endpoints of one group */
  constructor(
    levels: readonly LocalityLevel[],
    random: Random,
    make: (endpoints: readonly EndpointState[]) => Balancer,
  ) {
    this.#levels = levels.map((level) =>
      level.map(({ endpoints, weight }) => ({ endpoints, weight, balancer: make(endpoints) })),
    );
    this.#loads = new Float64Array(levels.length);
    this.#random = random;
  }

  pick(facts: PickFacts): EndpointState | undefined {
    // A hash decides the level too: the same key stays in the same place.
    const draw = facts.hash === undefined ? this.#random.next() : facts.hash / 2 ** 32;
    const short = this.#measure(facts);
    const within: PickFacts = short ? facts : { ...facts, calm: true };
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

  /** Works out each level's load, in parts of 1. @returns whether all levels together are short of healthy endpoints */
  #measure(facts: PickFacts): boolean {
    const loads = this.#loads;
    let total = 0;
    for (const [level, groups] of this.#levels.entries()) {
      loads[level] = this.#isLeftOut(groups, facts) ? 0 : healthOf(groups);
      total += loads[level];
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
    for (const group of groups) total += shareOf(group);
    let left = draw * total;
    for (let index = 0; index < groups.length; index += 1) {
      left -= shareOf(groups[index]!);
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

/** 1: enough of the level's endpoints are healthy. */
function healthOf(groups: readonly Group[]): number {
  let healthy = 0;
  let all = 0;
  for (const { endpoints } of groups) {
    all += endpoints.length;
    for (const state of endpoints) if (!state.unavailable) healthy += 1;
  }
  return Math.min(1, (OVERPROVISIONING * healthy) / all);
}

function shareOf({ endpoints, weight }: Group): number {
  let healthy = 0;
  for (const state of endpoints) if (!state.unavailable) healthy += 1;
  return weight * Math.min(1, (OVERPROVISIONING * healthy) / endpoints.length);
}
