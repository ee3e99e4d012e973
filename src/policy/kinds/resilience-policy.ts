/**
 * ResiliencePolicy (`heddle.dev/v1`): what Istio cannot say about a host. An error-rate breaker and a retry budget.
 */
import { z } from 'zod';
import {
  checkDuration,
  checkExportTo,
  checkPercent,
  duration,
  isIp,
  strings,
  uint,
  wildcardFault,
} from './common.js';
import type { KindDefinition } from './kind.js';

const schema = z.strictObject({
  /** Short or full name; may start with `*.`. */
  host: z.string(),
  exportTo: strings.optional(),
  breaker: z
    .strictObject({
      errorThresholdPercent: z.number().optional(),
      volumeThreshold: uint.optional(),
      window: duration.optional(),
      openDuration: duration.optional(),
    })
    .optional(),
  retryBudget: z
    .strictObject({ percent: z.number().optional(), minRetryConcurrency: uint.optional() })
    .optional(),
});

export type ResiliencePolicySpec = z.infer<typeof schema>;

export const resiliencePolicy: KindDefinition<ResiliencePolicySpec> = {
  kind: 'ResiliencePolicy',
  group: 'heddle.dev',
  versions: ['v1'],
  schema,
  check(spec, findings, metadata) {
    const fault = isIp(spec.host) ? null : wildcardFault(spec.host);
    if (fault !== null) findings.error(['spec', 'host'], `'${spec.host}' is not a host: ${fault}`);
    checkExportTo(spec.exportTo, metadata.namespace, findings);
    if (spec.breaker === undefined && spec.retryBudget === undefined)
      findings.error(['spec'], "it says nothing: set 'breaker' or 'retryBudget'");
    const { breaker, retryBudget } = spec;
    const path = ['spec', 'breaker'];
    checkPercent(breaker?.errorThresholdPercent, [...path, 'errorThresholdPercent'], findings);
    checkDuration(breaker?.window, [...path, 'window'], findings);
    checkDuration(breaker?.openDuration, [...path, 'openDuration'], findings);
    checkPercent(retryBudget?.percent, ['spec', 'retryBudget', 'percent'], findings);
  },
};
