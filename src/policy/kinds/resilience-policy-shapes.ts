/** The parts of a ResiliencePolicy. */
import { z } from 'zod';
import { PRIORITIES } from '../../traffic/priority/policy.js';
import { duration, strings, uint } from './common.js';
import { requestMatch } from './rate-limit-match.js';

export const breaker = z.strictObject({
  errorThresholdPercent: z.number().optional(),
  volumeThreshold: uint.optional(),
  window: duration.optional(),
  openDuration: duration.optional(),
  rampDuration: duration.optional(),
});

export const retryBudget = z.strictObject({
  percent: z.number().optional(),
  minRetryConcurrency: uint.optional(),
});

/** After each `delay` without a response one more attempt, on another endpoint; the first good response wins. */
export const hedging = z.strictObject({
  /** At once, the first one included. */
  maxAttempts: uint,
  delay: duration,
  /** Default: those that may be repeated. */
  methods: strings.optional(),
});

/** Envoy's gradient controller. */
export const concurrency = z.strictObject({
  minLimit: uint.optional(),
  maxLimit: uint.optional(),
  initialLimit: uint.optional(),
  sampleWindow: duration.optional(),
  percentile: z.number().optional(),
  minRttInterval: duration.optional(),
  minRttRequests: uint.optional(),
  jitterPercent: z.number().optional(),
  bufferPercent: z.number().optional(),
});

/** Of exchanges that wait for a place. */
export const queue = z.strictObject({
  maxLength: uint.optional(),
  maxWait: duration.optional(),
  standingWait: duration.optional(),
  maxLoopDelay: duration.optional(),
});

export const priority = z.strictObject({
  name: z.string(),
  priority: z.enum(PRIORITIES as ['exempt', 'critical', 'default', 'sheddable']),
  match: requestMatch.optional(),
});

export type BreakerSpec = z.infer<typeof breaker>;
export type RetryBudgetSpec = z.infer<typeof retryBudget>;
export type HedgingSpec = z.infer<typeof hedging>;
export type ConcurrencySpec = z.infer<typeof concurrency>;
export type QueueSpec = z.infer<typeof queue>;
export type PrioritySpec = z.infer<typeof priority>;
