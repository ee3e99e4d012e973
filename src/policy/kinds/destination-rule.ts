/**
 * DestinationRule, the shape.
 * @source Istio `networking/v1alpha3/destination_rule.proto`
 */
import { z } from 'zod';
import { duration, int, labels, notYet, portSelector, strings, uint, workloadSelector } from './common.js';
import { checkDestinationRule } from './destination-rule-checks.js';
import type { KindDefinition } from './kind.js';

const loadBalancer = z.strictObject({
  simple: z
    .enum(['UNSPECIFIED', 'LEAST_CONN', 'LEAST_REQUEST', 'RANDOM', 'ROUND_ROBIN', 'PASSTHROUGH'])
    .optional(),
  consistentHash: z
    .strictObject({
      httpHeaderName: z.string().optional(),
      httpCookie: z
        .strictObject({
          name: z.string().optional(),
          path: z.string().optional(),
          ttl: duration.optional(),
          attributes: z
            .array(z.strictObject({ name: z.string().optional(), value: z.string().optional() }))
            .optional(),
        })
        .optional(),
      useSourceIp: z.boolean().optional(),
      httpQueryParameterName: z.string().optional(),
      ringHash: z.strictObject({ minimumRingSize: z.int().min(0).optional() }).optional(),
      maglev: z.strictObject({ tableSize: z.int().min(0).optional() }).optional(),
      minimumRingSize: z.int().min(0).optional(),
    })
    .optional(),
  localityLbSetting: notYet.optional(),
  zoneAwareLbSetting: notYet.optional(),
  backendUtilization: notYet.optional(),
  warmup: z
    .strictObject({
      duration: duration.optional(),
      minimumPercent: z.number().optional(),
      aggression: z.number().optional(),
    })
    .optional(),
  warmupDurationSecs: duration.optional(),
});

/** Also a Sidecar's. */
export const connectionPool = z.strictObject({
  tcp: z
    .strictObject({
      maxConnections: int.optional(),
      connectTimeout: duration.optional(),
      tcpKeepalive: notYet.optional(),
      maxConnectionDuration: notYet.optional(),
      idleTimeout: duration.optional(),
    })
    .optional(),
  http: z
    .strictObject({
      http1MaxPendingRequests: int.optional(),
      http2MaxRequests: int.optional(),
      maxRequestsPerConnection: int.optional(),
      maxRetries: int.optional(),
      idleTimeout: duration.optional(),
      h2UpgradePolicy: z.enum(['DEFAULT', 'DO_NOT_UPGRADE', 'UPGRADE']).optional(),
      useClientProtocol: z.boolean().optional(),
      maxConcurrentStreams: int.optional(),
      http2KeepAlive: notYet.optional(),
    })
    .optional(),
});

const outlierDetection = z.strictObject({
  consecutiveErrors: int.optional(),
  splitExternalLocalOriginErrors: z.boolean().optional(),
  consecutiveLocalOriginFailures: uint.optional(),
  consecutiveGatewayErrors: uint.optional(),
  consecutive5xxErrors: uint.optional(),
  interval: duration.optional(),
  baseEjectionTime: duration.optional(),
  maxEjectionPercent: int.optional(),
  minHealthPercent: int.optional(),
  outlierDetectionHttpErrorCodes: notYet.optional(),
});

const tls = z.strictObject({
  mode: z.enum(['DISABLE', 'SIMPLE', 'MUTUAL', 'ISTIO_MUTUAL']).optional(),
  clientCertificate: z.string().optional(),
  privateKey: z.string().optional(),
  caCertificates: z.string().optional(),
  credentialName: z.string().optional(),
  subjectAltNames: strings.optional(),
  sni: z.string().optional(),
  insecureSkipVerify: z.boolean().optional(),
  caCrl: notYet.optional(),
});

const blocks = {
  loadBalancer: loadBalancer.optional(),
  connectionPool: connectionPool.optional(),
  outlierDetection: outlierDetection.optional(),
  tls: tls.optional(),
};

const portPolicy = z.strictObject({ port: portSelector.optional(), ...blocks });

const trafficPolicy = z.strictObject({
  ...blocks,
  portLevelSettings: z.array(portPolicy).optional(),
  tunnel: notYet.optional(),
  proxyProtocol: notYet.optional(),
  retryBudget: z
    .strictObject({
      percent: z.number().optional(),
      minRetryConcurrency: uint.optional(),
      budgetInterval: notYet.optional(),
    })
    .optional(),
});

const schema = z.strictObject({
  host: z.string(),
  trafficPolicy: trafficPolicy.optional(),
  subsets: z
    .array(
      z.strictObject({
        name: z.string(),
        labels: labels.optional(),
        trafficPolicy: trafficPolicy.optional(),
      }),
    )
    .optional(),
  exportTo: strings.optional(),
  workloadSelector: workloadSelector.optional(),
});

export type DestinationRuleSpec = z.infer<typeof schema>;
export type TrafficPolicySpec = z.infer<typeof trafficPolicy>;
export type PortPolicySpec = z.infer<typeof portPolicy>;
export type LoadBalancerSpec = z.infer<typeof loadBalancer>;
export type ConnectionPoolSpec = z.infer<typeof connectionPool>;
export type OutlierDetectionSpec = z.infer<typeof outlierDetection>;
export type ClientTlsSpec = z.infer<typeof tls>;
export type SubsetSpec = NonNullable<DestinationRuleSpec['subsets']>[number];

export const destinationRule: KindDefinition<DestinationRuleSpec> = {
  kind: 'DestinationRule',
  group: 'networking.istio.io',
  versions: ['v1', 'v1beta1', 'v1alpha3'],
  schema,
  check: checkDestinationRule,
};
