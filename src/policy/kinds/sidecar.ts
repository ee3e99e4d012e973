/**
 * Sidecar: what a workload sees of the mesh, and how it may leave it.
 * @source Istio `networking/v1alpha3/sidecar.proto`
 */
import { z } from 'zod';
import { destination, labels, strings, uint } from './common.js';
import { connectionPool } from './destination-rule.js';
import type { KindDefinition } from './kind.js';
import { serverTls } from './server-tls.js';
import { checkSidecar } from './sidecar-checks.js';

const port = z.strictObject({
  number: uint.optional(),
  protocol: z.string().optional(),
  name: z.string().optional(),
  targetPort: uint.optional(),
});

const captureMode = z.enum(['DEFAULT', 'IPTABLES', 'NONE']);

const ingress = z.strictObject({
  port: port.optional(),
  bind: z.string().optional(),
  captureMode: captureMode.optional(),
  defaultEndpoint: z.string().optional(),
  tls: serverTls.optional(),
  connectionPool: connectionPool.optional(),
});

const egress = z.strictObject({
  port: port.optional(),
  bind: z.string().optional(),
  captureMode: captureMode.optional(),
  hosts: strings.optional(),
});

const schema = z.strictObject({
  workloadSelector: z.strictObject({ labels: labels.optional() }).optional(),
  ingress: z.array(ingress).optional(),
  egress: z.array(egress).optional(),
  inboundConnectionPool: connectionPool.optional(),
  outboundTrafficPolicy: z
    .strictObject({
      mode: z.enum(['REGISTRY_ONLY', 'ALLOW_ANY', 'ALLOW_ANY_DYNAMIC_DNS']).optional(),
      egressProxy: destination.optional(),
    })
    .optional(),
});

export type SidecarSpec = z.infer<typeof schema>;
export type SidecarPortSpec = z.infer<typeof port>;
export type SidecarIngressSpec = z.infer<typeof ingress>;
export type SidecarEgressSpec = z.infer<typeof egress>;

export const sidecar: KindDefinition<SidecarSpec> = {
  kind: 'Sidecar',
  group: 'networking.istio.io',
  versions: ['v1', 'v1beta1', 'v1alpha3'],
  schema,
  check: checkSidecar,
};
