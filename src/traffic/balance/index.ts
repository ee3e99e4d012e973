/** Picking an endpoint: policy in, {@link Balancer} out. */
import type { Clock } from '../../base/clock.js';
import type { Random } from '../../base/random.js';
import type { EndpointState } from '../../model/endpoint-state.js';
import type { Balancer } from '../../ports/balancer.js';
import { ConsistentHashPicker } from './consistent-hash.js';
import { LeastRequestPicker } from './least-request.js';
import type { BalancerPolicy } from './policy.js';
import { RandomPicker } from './random.js';
import { RoundRobinPicker } from './round-robin.js';
import { Weights } from './weights.js';

export { type HashFacts, hashOf } from './decide.js';

export interface BalancerOptions {
  readonly clock: Clock;
  readonly random: Random;
  /**
   * Panic: with fewer than this share of endpoints not ejected, all are picked from. 0: never, so that a cluster of which all
   * endpoints are ejected answers UH. Istio's `outlierDetection.minHealthPercent`.
   */
  readonly panicPercent: number;
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
  const { clock, random, panicPercent } = options;
  switch (policy.kind) {
    case 'round-robin':
      return new RoundRobinPicker(
        endpoints,
        random,
        panicPercent,
        new Weights(endpoints, policy.warmup, clock),
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
