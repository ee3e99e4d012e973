/**
 * PolicyTest (`heddle.dev/v1`), the shape: expectations that users write next to their policy. Not policy itself: it is never stored and
 * never in force.
 */
import { z } from 'zod';
import { duration } from '../kinds/common.js';

export const TEST_API_VERSION = 'heddle.dev/v1';
export const TEST_KIND = 'PolicyTest';

const text = z.record(z.string(), z.string());
const headers = z.record(z.string(), z.union([z.string(), z.array(z.string())]));
const claims = z.record(z.string(), z.unknown());
const port = z.int().min(1).max(65_535);
const status = z.int().min(100).max(599);
const none = z.literal('none');

/** `reviews v2` or in parts; what is left out may be anything. */
const target = z.union([
  z.string(),
  z.strictObject({ host: z.string().optional(), subset: z.string().optional(), port: port.optional() }),
]);

/** A name is a service: `productpage`, or `shop/productpage` for another namespace than the test's. */
const caller = z.union([
  z.string(),
  z.strictObject({
    service: z.string().optional(),
    namespace: z.string().optional(),
    labels: text.optional(),
    /** `namespace/name` of the Gateway that the caller is. */
    gateway: z.string().optional(),
  }),
]);

const call = z.strictObject({
  from: caller.optional(),
  method: z.string().optional(),
  /** `http://reviews:9080/reviews/0`; without a scheme it is http. */
  url: z
    .string()
    .regex(/^(https?:\/\/)?[^\s/?#]+([/?]\S*)?$/, 'is not a URL; write e.g. http://reviews:9080/'),
  headers: headers.optional(),
  claims: claims.optional(),
  /** `tls`, `tcp`: a connection, of which its address and what follows counts. */
  protocol: z.enum(['http', 'tls', 'tcp']).optional(),
  sni: z.string().optional(),
  destinationIp: z.string().optional(),
  random: z.number().min(0).lt(1).optional(),
});

const callExpectation = z.strictObject({
  outcome: z.enum(['route', 'redirect', 'directResponse', 'abort', 'noRoute', 'blocked']).optional(),
  to: target.optional(),
  shares: z.record(z.string(), z.number().min(0)).optional(),
  virtualService: z.string().optional(),
  route: z.union([z.string(), z.int()]).optional(),
  status: status.optional(),
  location: z.string().optional(),
  body: z.string().optional(),
  timeout: z.union([none, duration]).optional(),
  retries: z
    .union([
      z.int().min(0),
      none,
      z.strictObject({
        attempts: z.int().min(0).optional(),
        perTryTimeout: duration.optional(),
        on: z.array(z.string()).optional(),
      }),
    ])
    .optional(),
  fault: z
    .union([
      none,
      z.strictObject({ delay: duration.optional(), abort: z.union([status, z.string()]).optional() }),
    ])
    .optional(),
  mirrors: z
    .array(
      z.union([z.string(), z.strictObject({ to: target, percent: z.number().min(0).max(100).optional() })]),
    )
    .optional(),
  method: z.string().optional(),
  authority: z.string().optional(),
  path: z.string().optional(),
  headers: z.record(z.string(), z.union([z.string(), z.null()])).optional(),
  responseHeaders: z
    .strictObject({ set: text.optional(), add: text.optional(), remove: z.array(z.string()).optional() })
    .optional(),
});

const exchange = z.strictObject({
  to: z.union([
    z.string(),
    z.strictObject({
      service: z.string().optional(),
      namespace: z.string().optional(),
      labels: text.optional(),
    }),
  ]),
  /** Left out: as `to` says, `reviews:9080`. */
  port: port.optional(),
  /** A service account, `namespace/account`, or a principal. Left out: plain text, from nobody in particular. */
  from: z.string().optional(),
  ip: z.string().optional(),
  remoteIp: z.string().optional(),
  method: z.string().optional(),
  authority: z.string().optional(),
  path: z.string().optional(),
  headers: headers.optional(),
  claims: claims.optional(),
  localIp: z.string().optional(),
  sni: z.string().optional(),
  protocol: z.enum(['http', 'tcp']).optional(),
});

const decision = z.enum(['allow', 'deny']);

const exchangeExpectation = z.union([
  decision,
  z.strictObject({
    decision: decision.optional(),
    status: status.optional(),
    policy: z.string().optional(),
    rule: z.int().min(0).optional(),
    audited: z.array(z.string()).optional(),
  }),
]);

export const callCase = z.strictObject({ name: z.string().min(1), call, expect: callExpectation });
export const exchangeCase = z.strictObject({
  name: z.string().min(1),
  exchange,
  expect: exchangeExpectation,
});

/** What holds for the whole mesh, as its settings would say. */
const mesh = z.strictObject({
  trustDomain: z.string().optional(),
  /** Former names of the trust domain. */
  trustDomainAliases: z.array(z.string()).optional(),
  outboundTrafficPolicy: z.enum(['REGISTRY_ONLY', 'ALLOW_ANY']).optional(),
  /** How paths are made equal before AuthorizationPolicies are asked. */
  pathNormalization: z.enum(['NONE', 'BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES']).optional(),
});

/** Everything but the cases, each of which is read by itself. */
export const testSchema = z.strictObject({ mesh: mesh.optional(), cases: z.array(z.unknown()) });

/** All of it, for editors. */
export const policyTestSpec = z.strictObject({
  mesh: mesh.optional(),
  cases: z.array(z.union([callCase, exchangeCase])),
});

export type PolicyTestSpec = z.infer<typeof policyTestSpec>;
export type CallCase = z.infer<typeof callCase>;
export type ExchangeCase = z.infer<typeof exchangeCase>;
export type CallExpectation = CallCase['expect'];
export type TestMesh = z.infer<typeof mesh>;
export type TargetSpec = z.infer<typeof target>;
