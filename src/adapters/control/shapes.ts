/**
 * The outline of each distributed resource: enough that nothing of it can surprise the code that indexes it. What the fields mean is
 * checked once, where policy is compiled. Unknown fields pass: a newer service may say more.
 */
import { z } from 'zod';
import { PRIORITIES } from '../../traffic/priority/policy.js';
import { route, text } from './route-shapes.js';

const hostName = z.string().min(1).max(255);
const labels = z.record(z.string(), text);
const port = z.number().int().min(0).max(65_535);

const endpoint = z.looseObject({
  key: text,
  address: hostName,
  port,
  labels,
  weight: z.number().positive(),
  locality: text.optional(),
  spiffeId: text.optional(),
  mtls: z.boolean(),
  workload: text.optional(),
});

const match = z
  .looseObject({
    paths: z.array(text).optional(),
    methods: z.array(text).optional(),
    headers: z.record(z.string(), z.looseObject({})).optional(),
    principals: z.array(text).optional(),
  })
  .optional();

const positive = z.number().positive();

const rateLimit = z.looseObject({
  policy: text,
  limits: z.array(
    z.looseObject({
      name: text,
      match,
      by: z.array(text).optional(),
      requests: positive,
      perMs: positive,
      burst: positive,
      resourceExhausted: z.boolean().optional(),
    }),
  ),
});

const concurrency = z.looseObject({
  minLimit: positive,
  maxLimit: positive,
  initialLimit: positive,
  sampleWindowMs: positive,
  percentile: positive,
  minRttIntervalMs: positive,
  minRttRequests: positive,
  jitterPercent: z.number(),
  bufferPercent: z.number(),
});

const queue = z.looseObject({
  maxLength: z.number().nonnegative(),
  maxWaitMs: positive,
  standingWaitMs: positive,
  maxLoopDelayMs: positive,
});

const outlier = z.looseObject({
  successRate: z.looseObject({ stdevFactor: z.number(), requestVolume: z.number() }).optional(),
  failurePercentage: z.looseObject({ thresholdPercent: z.number(), requestVolume: z.number() }).optional(),
});

const status = z.number().int().min(100).max(1_000);

const health = z.intersection(
  z.looseObject({
    intervalMs: positive,
    timeoutMs: positive,
    unhealthyIntervalMs: positive,
    port: port.optional(),
  }),
  z.discriminatedUnion('kind', [
    z.looseObject({
      kind: z.literal('http'),
      path: text,
      method: text,
      expected: z.array(z.looseObject({ start: status, end: status })),
      headers: labels,
    }),
    z.looseObject({ kind: z.literal('tcp') }),
    z.looseObject({ kind: z.literal('grpc'), service: text }),
  ]),
);

const cluster = z.looseObject({
  name: text,
  port,
  subset: text,
  labels,
  balancer: z.looseObject({
    kind: z.enum(['round-robin', 'random', 'least-request', 'peak-ewma', 'consistent-hash', 'passthrough']),
    decayMs: positive.optional(),
  }),
  outlier: outlier.optional(),
  health: health.optional(),
  subsetting: z
    .looseObject({ enabled: z.boolean(), minEndpoints: positive, threshold: z.number() })
    .optional(),
  connection: z.looseObject({}),
  limits: z.looseObject({}),
  tls: z.looseObject({ mode: z.enum(['disable', 'auto', 'mesh', 'simple', 'mutual']) }),
  hedging: z.looseObject({ maxAttempts: positive, delayMs: positive, methods: z.array(text) }).optional(),
  deadlineMs: positive.optional(),
  concurrency: concurrency.optional(),
});

const connectionRoute = z.looseObject({
  index: z.number().int(),
  match: z.looseObject({}).optional(),
  destinations: z.array(z.looseObject({ cluster: text, weight: z.number().nonnegative() })).min(1),
});

const host = z.looseObject({
  host: hostName,
  domains: z.array(hostName),
  ports: z.array(z.looseObject({ number: port, name: text, protocol: text, targetPort: port.optional() })),
  location: z.enum(['mesh', 'external']),
  resolution: z.enum(['static', 'dns', 'dns-round-robin', 'none']),
  virtualService: text.nullable(),
  routes: z.array(route),
  tls: z.array(connectionRoute).optional(),
  tcp: z.array(connectionRoute).optional(),
  clusters: z.array(cluster),
  rateLimit: rateLimit.optional(),
});

const mtlsMode = z.enum(['STRICT', 'PERMISSIVE', 'DISABLE']);

const authorization = z.looseObject({
  policy: text,
  action: z.enum(['ALLOW', 'DENY', 'AUDIT', 'CUSTOM']),
  dryRun: z.boolean(),
  rules: z.array(z.looseObject({})),
});

const checkProvider = z.looseObject({
  name: text,
  service: hostName,
  port,
  timeoutMs: positive,
  pathPrefix: text,
  failOpen: z.boolean(),
  statusOnError: z.number().int().min(200).max(599),
  requestHeaders: z.array(text),
  additionalHeaders: z.record(z.string(), text),
  body: z.looseObject({ maxBytes: z.number().int().nonnegative(), allowPartial: z.boolean() }).optional(),
  upstreamOnAllow: z.array(text),
  downstreamOnDeny: z.array(text),
  downstreamOnAllow: z.array(text),
});

const tokenRule = z.looseObject({
  policy: text,
  issuer: text.nullable(),
  audiences: z.array(text),
  keys: z.looseObject({ from: z.enum(['inline', 'uri', 'issuer']) }),
  locations: z.array(z.looseObject({ in: z.enum(['header', 'param', 'cookie']), name: text })),
  payloadHeader: text.nullable(),
  claimHeaders: z.array(z.looseObject({ header: text, claim: text })),
  spaceDelimited: z.array(text),
});

const count = z.number().nonnegative();

const inbound = z.looseObject({
  mtls: z.looseObject({ mode: mtlsMode, ports: z.record(z.string(), mtlsMode) }),
  tokens: z.array(tokenRule).optional(),
  authorization: z.array(authorization),
  providers: z.record(z.string(), checkProvider).optional(),
  pathNormalization: z.enum(['NONE', 'BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES']),
  resilience: z
    .looseObject({
      policy: text,
      deadlineMs: positive.optional(),
      concurrency: concurrency.optional(),
      queue: queue.optional(),
      priorities: z.array(z.looseObject({ name: text, priority: z.enum(PRIORITIES), match })).optional(),
    })
    .optional(),
  rateLimit: rateLimit.optional(),
  maxRequests: z.looseObject({ others: count.optional(), ports: z.record(z.string(), count) }).optional(),
});

const telemetrySide = z.looseObject({
  tracing: z.looseObject({}).optional(),
  metrics: z
    .array(z.looseObject({ provider: text, overrides: z.array(z.looseObject({ metric: text })) }))
    .optional(),
  accessLogging: z.array(z.looseObject({ provider: text })).optional(),
});

/** By the first part of the resource's name. */
const SHAPES: Readonly<Record<string, z.ZodType>> = {
  mesh: z.looseObject({
    trustDomain: hostName,
    trustDomainAliases: z.array(hostName).optional(),
    outboundTrafficPolicy: z.enum(['ALLOW_ANY', 'REGISTRY_ONLY']),
    egressProxy: z.looseObject({ cluster: text }).optional(),
  }),
  inbound,
  telemetry: z.looseObject({ client: telemetrySide, server: telemetrySide }),
  bundle: z.looseObject({
    trustDomain: hostName,
    roots: z.array(text).min(1).max(64),
    denied: z.looseObject({ serials: z.array(text), ids: z.array(text), keys: z.array(text) }).optional(),
  }),
  host,
  endpoints: z.looseObject({ host: hostName, ports: z.record(z.string(), z.array(endpoint)) }),
};

/** What is wrong with the resource called `name`; empty if nothing is. A kind that is not known here is not wrong. */
export function checkShape(name: string, value: unknown): string[] {
  const slash = name.indexOf('/');
  const kind = slash < 0 ? name : name.slice(0, slash);
  const shape = Object.hasOwn(SHAPES, kind) ? SHAPES[kind] : undefined;
  if (shape === undefined) return [];
  const result = shape.safeParse(value);
  if (!result.success) {
    return result.error.issues
      .slice(0, 10)
      .map((issue) => `${name} at ${issue.path.map(String).join('.') || 'its top'}: ${issue.message}`);
  }
  // A resource that says it is about another host than its name would be removed and replaced as the wrong one.
  const about = (result.data as { host?: unknown }).host;
  if (slash >= 0 && about !== name.slice(slash + 1)) return [`${name} at host: it says ${String(about)}`];
  return [];
}
