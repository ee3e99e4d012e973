/** The answer of `heddle explain outbound`, field by field: what others build on. */
import { z } from 'zod';

const texts = z.record(z.string(), z.string());
const match = z.union([
  z.strictObject({ exact: z.string() }),
  z.strictObject({ prefix: z.string() }),
  z.strictObject({ regex: z.string() }),
]);
export const contract = z.strictObject({
  outcome: z.enum(['route', 'redirect', 'directResponse', 'abort', 'noRoute', 'blocked']),
  virtualService: z
    .string()
    .regex(/^[^/]+\/[^/]+$/)
    .nullable(),
  route: z.strictObject({ index: z.int().min(0), name: z.string().nullable() }).nullable(),
  clusters: z.array(
    z.strictObject({
      name: z.string().regex(/^(?:outbound\|\d+\|[^|]*\|[^|]+|PassthroughCluster)$/),
      host: z.string(),
      subset: z.string(),
      port: z.int(),
      weight: z.number(),
    }),
  ),
  picked: z.string().nullable(),
  request: z.strictObject({
    method: z.string(),
    scheme: z.string(),
    authority: z.string(),
    path: z.string(),
    headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
  }),
  responseHeaders: z.strictObject({ set: texts, add: texts, remove: z.array(z.string()) }),
  redirect: z.strictObject({ status: z.int(), location: z.string() }).nullable(),
  directResponse: z.strictObject({ status: z.int(), body: z.string() }).nullable(),
  fault: z
    .strictObject({
      delayMs: z.number().nullable(),
      abortStatus: z.int().nullable(),
      grpcStatus: z.string().nullable(),
    })
    .nullable(),
  mirrors: z.array(z.strictObject({ cluster: z.string(), percentage: z.number() })),
  timeoutMs: z.number().nullable(),
  retries: z
    .strictObject({ attempts: z.int(), perTryTimeoutMs: z.number().nullable(), on: z.array(z.string()) })
    .nullable(),
  cors: z
    .strictObject({
      allowOrigins: z.array(match),
      allowMethods: z.array(z.string()),
      allowHeaders: z.array(z.string()),
      exposeHeaders: z.array(z.string()),
      maxAgeSeconds: z.int().nullable(),
      allowCredentials: z.boolean(),
      unmatchedPreflights: z.enum(['FORWARD', 'IGNORE']),
    })
    .nullable(),
  steps: z.array(z.string()),
});
