/**
 * WorkloadEntry: one endpoint that is not a process of this mesh, or not registered by itself.
 * @source Istio `networking/v1alpha3/workload_entry.proto`
 */
import { z } from 'zod';
import { labels, uint } from './common.js';
import type { KindDefinition } from './kind.js';
import { checkWorkloadEntry } from './workload-entry-checks.js';

/** Also an endpoint of a ServiceEntry and the template of a WorkloadGroup. */
export const workloadEntrySchema = z.strictObject({
  address: z.string().optional(),
  ports: z.record(z.string(), uint).optional(),
  labels: labels.optional(),
  network: z.string().optional(),
  locality: z.string().optional(),
  weight: uint.optional(),
  serviceAccount: z.string().optional(),
});

export type WorkloadEntrySpec = z.infer<typeof workloadEntrySchema>;

export const workloadEntry: KindDefinition<WorkloadEntrySpec> = {
  kind: 'WorkloadEntry',
  group: 'networking.istio.io',
  versions: ['v1', 'v1beta1', 'v1alpha3'],
  schema: workloadEntrySchema,
  check: checkWorkloadEntry,
};
