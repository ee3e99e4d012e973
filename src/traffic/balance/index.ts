/** Picking an endpoint: policy in, {@link Balancer} out. */
import type { Clock } from '../../base/clock.js';
import type { Random } from '../../base/random.js';
import type { EndpointState } from '../../model/endpoint-state.js';
import type { Balancer } from '../../ports/balancer.js';
import { ApertureBalancer, type Width } from './aperture-balancer.js';
import { ConsistentHashPicker } from './consistent-hash.js';
import { LeastRequestPicker } from './least-request.js';
import { type Caller, localityLevels } from './locality.js';
import { LocalityBalancer } from './locality-balancer.js';
import { PeakEwmaPicker } from './peak-ewma.js';
import { type BalancerPolicy, type LocalityPolicy, type SubsettingPolicy, subsettingFrom } from './policy.js';
import { RandomPicker } from './random.js';
import { RoundRobinPicker } from './round-robin.js';
import { Weights } from './weights.js';

export type { Width } from './aperture-balancer.js';
export { type MadeCookie, makeCookie } from './cookie.js';
export { type HashFacts, hashOf } from './decide.js';
export { type Caller, callerOf, localityOf } from './locality.js';

export interface BalancerOptions {
  readonly clock: Clock;
  readonly random: Random;
  /**
   * Panic: with fewer than this share of endpoints not ejected, all are picked from. 0: never, so that a cluster of which all
   * endpoints are ejected answers UH. Istio's `outlierDetection.minHealthPercent`.
   */
  readonly panicPercent: number;
  /** Absent: where endpoints are does not count. */
  readonly locality?: LocalityOptions;
  /** Absent: every list is worked with whole. */
  readonly subsetting?: SubsettingOptions;
}

export interface SubsettingOptions {
  /** Absent: the default, {@link subsettingFrom}. */
  readonly policy: SubsettingPolicy | undefined;
  /** Name of this process; no other has it, or both work with the same endpoints. */
  readonly client: string;
  /** What is remembered of each list, in the order of the levels and of the groups in them. Filled here. */
  readonly widths: Width[];
  /** What {@link Balancer.working} says is something else now. */
  readonly onChange?: () => void;
}

export interface LocalityOptions {
  readonly caller: Caller;
  /** Absent: nearest first. */
  readonly policy: LocalityPolicy | undefined;
  /** Whether outlier detection takes endpoints out: only then is there a farther level to go to. */
  readonly failover: boolean;
}

/**
 * A balancer over one list of endpoints.
 * @example createBalancer({ kind: 'least-request' }, [], { clock, random, panicPercent: 0 }).pick({ hash: undefined, tried: [] }); // => undefined
 */
export function createBalancer(
  policy: BalancerPolicy,
  endpoints: readonly EndpointState[],
  options: BalancerOptions,
): Balancer {
  const { locality } = options;
  let groups = 0;
  const balancerOf = (group: readonly EndpointState[]) => {
    groups += 1;
    return groupBalancer(policy, group, options, groups - 1);
  };
  if (locality === undefined) return balancerOf(endpoints);
  const levels = localityLevels(locality.policy, endpoints, locality.caller, locality.failover);
  const [first] = levels;
  // One group has no use for a choice among groups. It can be smaller than the list: a distribution leaves localities out.
  if (levels.length <= 1 && (first?.length ?? 0) <= 1) return balancerOf(first?.[0]?.endpoints ?? []);
  return new LocalityBalancer(levels, options, balancerOf);
}

/** Over the part of the group that this process works with, or over all of it. */
function groupBalancer(
  policy: BalancerPolicy,
  endpoints: readonly EndpointState[],
  options: BalancerOptions,
  number: number,
): Balancer {
  const { subsetting, clock, panicPercent } = options;
  const { enabled, minEndpoints, threshold } = subsetting?.policy ?? DEFAULT_SUBSETTING;
  const whole =
    subsetting === undefined ||
    !enabled ||
    endpoints.length <= threshold ||
    // A hash says which endpoint it is.
    policy.kind === 'consistent-hash' ||
    policy.kind === 'passthrough';
  if (whole) return flatBalancer(policy, endpoints, options);
  const width = (subsetting.widths[number] ??= { endpoints: 0, quietSince: clock.now() });
  const { client, onChange } = subsetting;
  return new ApertureBalancer(
    endpoints,
    { clock, client, minEndpoints, panicPercent, width, onChange },
    (part) => flatBalancer(policy, part, options),
  );
}

const DEFAULT_SUBSETTING = subsettingFrom({});

function flatBalancer(
  policy: BalancerPolicy,
  endpoints: readonly EndpointState[],
  options: BalancerOptions,
): Balancer {
  const { clock, random, panicPercent } = options;
  switch (policy.kind) {
    case 'round-robin':
      return new RoundRobinPicker(
        endpoints,
        random,
        panicPercent,
        new Weights(endpoints, policy.warmup, clock),
      );
    case 'peak-ewma':
      return new PeakEwmaPicker(
        endpoints,
        random,
        panicPercent,
        new Weights(endpoints, policy.warmup, clock),
        { clock, decayMs: policy.decayMs },
      );
    case 'least-request':
      return new LeastRequestPicker(
        endpoints,
        random,
        panicPercent,
        new Weights(endpoints, policy.warmup, clock),
      );
    // Its endpoints, where it has any, are as good as each other.
    case 'passthrough':
    case 'random':
      return new RandomPicker(endpoints, random, panicPercent);
    case 'consistent-hash':
      return new ConsistentHashPicker(endpoints, random, panicPercent, policy);
  }
}
