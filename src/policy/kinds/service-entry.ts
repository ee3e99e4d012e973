/**
 * ServiceEntry: a service that the registry does not know.
 * @source Istio `networking/v1alpha3/service_entry.proto`, `workload_entry.proto`
 */
import { z } from 'zod';
import { labels, strings, uint } from './common.js';
import type { KindDefinition } from './kind.js';
import { checkServiceEntry } from './service-entry-checks.js';
import { type WorkloadEntrySpec, workloadEntrySchema } from './workload-entry.js';

const schema = z.strictObject({
  hosts: strings.optional(),
  addresses: strings.optional(),
  ports: z
    .array(
      z.strictObject({
        number: uint,
        protocol: z.string().optional(),
        name: z.string().optional(),
        targetPort: uint.optional(),
      }),
    )
    .optional(),
  location: z.enum(['MESH_EXTERNAL', 'MESH_INTERNAL']).optional(),
  resolution: z.enum(['NONE', 'STATIC', 'DNS', 'DNS_ROUND_ROBIN', 'DYNAMIC_DNS']).optional(),
  endpoints: z.array(workloadEntrySchema).optional(),
  /** Registered workloads and WorkloadEntries of the namespace are its endpoints. */
  workloadSelector: z.strictObject({ labels: labels.optional() }).optional(),
  exportTo: strings.optional(),
  subjectAltNames: strings.optional(),
});

export type ServiceEntrySpec = z.infer<typeof schema>;
export type ServiceEntryEndpoint = WorkloadEntrySpec;

export const serviceEntry: KindDefinition<ServiceEntrySpec> = {
  kind: 'ServiceEntry',
  group: 'networking.istio.io',
  versions: ['v1', 'v1beta1', 'v1alpha3'],
  schema,
  check: checkServiceEntry,
};
