/**
 * The plain Kubernetes Service, so that folders of Istio's samples work as they are. Only its name and ports say something
 * here: which endpoints it has is known from the workloads that register for it.
 * @source Kubernetes `core/v1` Service; Istio `pkg/config/kube/conversion.go` (protocol by appProtocol, then by name)
 */
import { z } from 'zod';
import { checkPort } from './common.js';
import type { KindDefinition } from './kind.js';

const schema = z.looseObject({
  type: z.string().optional(),
  externalName: z.string().optional(),
  ports: z
    .array(
      z.looseObject({
        port: z.int(),
        name: z.string().optional(),
        appProtocol: z.string().optional(),
        protocol: z.string().optional(),
        targetPort: z.union([z.int(), z.string()]).optional(),
      }),
    )
    .optional(),
});

export type ServiceSpec = z.infer<typeof schema>;

export const service: KindDefinition<ServiceSpec> = {
  kind: 'Service',
  group: '',
  versions: ['v1'],
  schema,
  check(spec, findings) {
    const numbers = new Set<string>();
    for (const [index, port] of (spec.ports ?? []).entries()) {
      const path = ['spec', 'ports', index, 'port'];
      checkPort(port.port, path, findings);
      const key = `${port.protocol ?? 'TCP'}/${port.port}`;
      if (numbers.has(key)) findings.error(path, `port ${port.port} is there twice`);
      numbers.add(key);
    }
  },
};
