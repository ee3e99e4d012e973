/**
 * The gradient controller's arithmetic. Pure.
 * @source Envoy `gradient_controller.cc` calculateNewLimit, applyJitter
 */
import type { Random } from '../../base/random.js';
import type { ConcurrencyPolicy } from './policy.js';

/** The limit never moves by more than this factor in one window. */
const LEAST_GRADIENT = 0.5;
const GREATEST_GRADIENT = 2;

/** What the event loop did in a window: milliseconds until it comes round, as whoever arrives at any time finds it. */
export interface LoopFacts {
  readonly sampleMs: number;
  /** On an idle service. */
  readonly minMs: number;
  /** So much is nothing to act on, whatever an idle service does. */
  readonly toleratedMs: number;
}

/**
 * The next limit: the present one times how much faster an idle service is than this window was, and its square root on top, so that
 * a limit that holds nothing back grows. Where the event loop says that less is possible than latency does, it has the last word: what
 * waits to be read is in no latency that anybody measures in here.
 * @example nextLimit(concurrencyPolicyFrom({ maxLimit: 100 }), { limit: 16, minRttMs: 10, sampleRttMs: 12.5 }); // => 20
 */
export function nextLimit(
  { minLimit, maxLimit, bufferPercent }: ConcurrencyPolicy,
  facts: {
    readonly limit: number;
    readonly minRttMs: number;
    readonly sampleRttMs: number;
    readonly loop?: LoopFacts | undefined;
  },
): number {
  const aimed = facts.minRttMs * (1 + bufferPercent / 100);
  // A window without any measurable latency is as fast as can be.
  const raw = facts.sampleRttMs > 0 ? aimed / facts.sampleRttMs : GREATEST_GRADIENT;
  const loop = facts.loop === undefined ? GREATEST_GRADIENT : loopGradient(facts.loop, bufferPercent);
  const scaled = facts.limit * Math.max(LEAST_GRADIENT, Math.min(GREATEST_GRADIENT, raw, loop));
  return Math.max(minLimit, Math.min(maxLimit, Math.floor(scaled + Math.sqrt(scaled))));
}

/** A loop that is not late says nothing; latency decides alone then. */
function loopGradient({ sampleMs, minMs, toleratedMs }: LoopFacts, bufferPercent: number): number {
  const aimed = Math.max(toleratedMs, minMs) * (1 + bufferPercent / 100);
  return sampleMs <= aimed ? GREATEST_GRADIENT : aimed / sampleMs;
}

/** Milliseconds until the smallest latency is measured again. */
export function nextMeasurementMs(
  { minRttIntervalMs, jitterPercent }: ConcurrencyPolicy,
  random: Random,
): number {
  return minRttIntervalMs + Math.floor(random.next() * Math.ceil((minRttIntervalMs * jitterPercent) / 100));
}

/** The value below which `percent` % of `samples` lie (nearest rank). `samples` is sorted in place and not empty. */
export function percentile(samples: number[], percent: number): number {
  samples.sort((one, other) => one - other);
  const rank = Math.ceil((percent / 100) * samples.length);
  return samples[Math.min(samples.length, Math.max(1, rank)) - 1]!;
}
