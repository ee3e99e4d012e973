/**
 * Gateway: what a gateway of the mesh listens on, and which hosts it lets in or out there.
 * @source Istio `networking/v1alpha3/gateway.proto`
 */
import { z } from 'zod';
import { labels, strings, uint } from './common.js';
import { checkGateway } from './gateway-checks.js';
import type { KindDefinition } from './kind.js';
import { serverTls } from './server-tls.js';

const server = z.strictObject({
  name: z.string().optional(),
  port: z
    .strictObject({
      number: uint.optional(),
      protocol: z.string().optional(),
      name: z.string().optional(),
      targetPort: uint.optional(),
    })
    .optional(),
  bind: z.string().optional(),
  hosts: strings.optional(),
  tls: serverTls.optional(),
  defaultEndpoint: z.string().optional(),
});

const schema = z.strictObject({
  servers: z.array(server).optional(),
  selector: labels.optional(),
});

export type GatewaySpec = z.infer<typeof schema>;
export type GatewayServerSpec = z.infer<typeof server>;

export const gateway: KindDefinition<GatewaySpec> = {
  kind: 'Gateway',
  group: 'networking.istio.io',
  versions: ['v1', 'v1beta1', 'v1alpha3'],
  schema,
  check: checkGateway,
};
