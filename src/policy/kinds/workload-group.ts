/**
 * WorkloadGroup: what the WorkloadEntries of many alike workloads have in common.
 * @source Istio `networking/v1alpha3/workload_group.proto`
 */
import { z } from 'zod';
import { int, labels, strings, uint } from './common.js';
import type { KindDefinition } from './kind.js';
import { workloadEntrySchema } from './workload-entry.js';
import { checkWorkloadGroup } from './workload-group-checks.js';

const probe = z.strictObject({
  initialDelaySeconds: int.optional(),
  timeoutSeconds: int.optional(),
  periodSeconds: int.optional(),
  successThreshold: int.optional(),
  failureThreshold: int.optional(),
  httpGet: z
    .strictObject({
      path: z.string().optional(),
      port: uint.optional(),
      host: z.string().optional(),
      scheme: z.string().optional(),
      httpHeaders: z
        .array(z.strictObject({ name: z.string().optional(), value: z.string().optional() }))
        .optional(),
    })
    .optional(),
  tcpSocket: z.strictObject({ host: z.string().optional(), port: uint.optional() }).optional(),
  exec: z.strictObject({ command: strings.optional() }).optional(),
  grpc: z.strictObject({ port: uint.optional(), service: z.string().optional() }).optional(),
});

const schema = z.strictObject({
  metadata: z.strictObject({ labels: labels.optional(), annotations: labels.optional() }).optional(),
  template: workloadEntrySchema.optional(),
  probe: probe.optional(),
});

export type ProbeSpec = z.infer<typeof probe>;
export type WorkloadGroupSpec = z.infer<typeof schema>;

export const workloadGroup: KindDefinition<WorkloadGroupSpec> = {
  kind: 'WorkloadGroup',
  group: 'networking.istio.io',
  versions: ['v1', 'v1beta1', 'v1alpha3'],
  schema,
  check: checkWorkloadGroup,
};
