/**
 * ResiliencePolicy (`heddle.dev/v1`): what Istio cannot say about calls to a host (error-rate breaker, retry budget, hedging,
 * deadline, adaptive concurrency, how endpoints are picked, checked and taken out), or about the calls that arrive at workloads (deadline, adaptive concurrency, queue, priorities).
 */
import { z } from 'zod';
import { checkDuration, duration } from './common.js';
import type { KindDefinition } from './kind.js';
import { attachment, checkAttachment, refuseFields } from './resilience-policy-attachment.js';
import {
  checkBreaker,
  checkConcurrency,
  checkHedging,
  checkPriorities,
  checkQueue,
  checkRetryBudget,
} from './resilience-policy-checks.js';
import {
  checkLoadBalancer,
  checkOutlierDetection,
  checkSubsetting,
  loadBalancer,
  outlierDetection,
  subsetting,
} from './resilience-policy-endpoints.js';
import { checkHealthCheck, healthCheck } from './resilience-policy-health.js';
import { breaker, concurrency, hedging, priority, queue, retryBudget } from './resilience-policy-shapes.js';

const schema = z.strictObject({
  ...attachment,
  breaker: breaker.optional(),
  retryBudget: retryBudget.optional(),
  hedging: hedging.optional(),
  loadBalancer: loadBalancer.optional(),
  subsetting: subsetting.optional(),
  outlierDetection: outlierDetection.optional(),
  healthCheck: healthCheck.optional(),
  /** Of a call: whatever its route says. Of an exchange: the longest that it may take. */
  deadline: duration.optional(),
  concurrency: concurrency.optional(),
  queue: queue.optional(),
  priorities: z.array(priority).optional(),
});

export type ResiliencePolicySpec = z.infer<typeof schema>;

const OUT_ONLY = [
  'breaker',
  'retryBudget',
  'hedging',
  'loadBalancer',
  'subsetting',
  'outlierDetection',
  'healthCheck',
];
const IN_ONLY = ['queue', 'priorities'];
const BOTH = ['deadline', 'concurrency'];

export const resiliencePolicy: KindDefinition<ResiliencePolicySpec> = {
  kind: 'ResiliencePolicy',
  group: 'heddle.dev',
  versions: ['v1'],
  schema,
  check(spec, findings, metadata) {
    const direction = checkAttachment(spec, metadata.namespace, findings);
    if (direction === 'out') refuseFields(spec, IN_ONLY, "in: attach the policy with 'selector'", findings);
    if (direction === 'in') refuseFields(spec, OUT_ONLY, "out: attach the policy with 'host'", findings);
    const fields = [
      ...(direction === 'in' ? [] : OUT_ONLY),
      ...BOTH,
      ...(direction === 'out' ? [] : IN_ONLY),
    ];
    const all = [...OUT_ONLY, ...BOTH, ...IN_ONLY];
    if (!all.some((field) => spec[field as keyof ResiliencePolicySpec] !== undefined))
      findings.error(['spec'], `it says nothing: set one of ${fields.join(', ')}`);
    checkBreaker(spec.breaker, findings);
    checkRetryBudget(spec.retryBudget, findings);
    checkHedging(spec.hedging, spec.deadline, findings);
    checkLoadBalancer(spec.loadBalancer, findings);
    checkSubsetting(spec.subsetting, findings);
    checkOutlierDetection(spec.outlierDetection, findings);
    checkHealthCheck(spec.healthCheck, findings);
    checkDuration(spec.deadline, ['spec', 'deadline'], findings);
    checkConcurrency(spec.concurrency, findings);
    checkQueue(spec.queue, spec.concurrency !== undefined, findings);
    checkPriorities(spec.priorities, spec.concurrency !== undefined, findings);
  },
};
