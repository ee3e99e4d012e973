/**
 * Which of several weighted destinations a call goes to. Drawn once a call: its retries stay with the choice.
 * @source Envoy `config_impl.cc` pickWeightedCluster: the first cumulative weight above the draw
 */
import type { Random } from '../../base/random.js';

export interface Weighted {
  readonly weight: number;
}

/** Sum of the weights. */
export function totalWeight(choices: readonly Weighted[]): number {
  let total = 0;
  for (const choice of choices) total += choice.weight;
  return total;
}

/**
 * Index of the choice. A single choice is taken without a draw, whatever its weight (Istio).
 * @param total as {@link totalWeight} gives it, worked out once
 */
export function pickWeighted(choices: readonly Weighted[], total: number, random: Random): number {
  if (choices.length === 1) return 0;
  let left = random.next() * total;
  for (let index = 0; index < choices.length; index += 1) {
    left -= choices[index]!.weight;
    if (left < 0) return index;
  }
  // Rounding can leave a draw just below the sum behind: it belongs to the last choice that can be chosen at all.
  let last = choices.length - 1;
  while (last > 0 && choices[last]!.weight === 0) last -= 1;
  return last;
}
