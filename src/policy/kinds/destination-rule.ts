/**
 * DestinationRule, the shape.
 * @source Istio `networking/v1alpha3/destination_rule.proto`
 */
import { z } from 'zod';
import { duration, int, labels, strings, uint, workloadSelector } from './common.js';
import { checkDestinationRule } from './destination-rule-checks.js';
import type { KindDefinition } from './kind.js';

/** Which region stands in for which. */
const failover = z.array(z.strictObject({ from: z.string().optional(), to: z.string().optional() }));

const localityLbSetting = z.strictObject({
  distribute: z
    .array(z.strictObject({ from: z.string().optional(), to: z.record(z.string(), uint).optional() }))
    .optional(),
  failover: failover.optional(),
  failoverPriority: strings.optional(),
  enabled: z.boolean().optional(),
});

const zoneAwareLbSetting = z.strictObject({
  failover: failover.optional(),
  failoverPriority: strings.optional(),
  enabled: z.boolean().optional(),
  minClusterSize: z.int().min(1).max(4_294_967_295).optional(),
});

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
  backendUtilization: z
    .strictObject({
      errorUtilizationPenaltyPercent: uint.optional(),
      metricNamesForComputingUtilization: strings.optional(),
      weightExpirationPeriod: duration.optional(),
      weightStabilizationPeriod: duration.optional(),
      weightUpdatePeriod: duration.optional(),
    })
    .optional(),
  localityLbSetting: localityLbSetting.optional(),
  zoneAwareLbSetting: zoneAwareLbSetting.optional(),
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
      tcpKeepalive: z
        .strictObject({ probes: uint.optional(), time: duration.optional(), interval: duration.optional() })
        .optional(),
      maxConnectionDuration: duration.optional(),
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
      http2KeepAlive: z
        .strictObject({ interval: duration.optional(), timeout: duration.optional() })
        .optional(),
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
  outlierDetectionHttpErrorCodes: z.array(z.int().min(100).max(599)).optional(),
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
  caCrl: z.string().optional(),
});

const blocks = {
  loadBalancer: loadBalancer.optional(),
  connectionPool: connectionPool.optional(),
  outlierDetection: outlierDetection.optional(),
  tls: tls.optional(),
};

const portPolicy = z.strictObject({
  port: z.strictObject({ number: uint.optional() }).optional(),
  ...blocks,
});

const trafficPolicy = z.strictObject({
  ...blocks,
  portLevelSettings: z.array(portPolicy).optional(),
  tunnel: z
    .strictObject({
      protocol: z.string().optional(),
      targetHost: z.string().optional(),
      targetPort: uint.optional(),
    })
    .optional(),
  proxyProtocol: z.strictObject({ version: z.enum(['V1', 'V2']).optional() }).optional(),
  retryBudget: z
    .strictObject({
      percent: z.number().optional(),
      minRetryConcurrency: uint.optional(),
      budgetInterval: duration.optional(),
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
export type LocalityLbSpec = z.infer<typeof localityLbSetting>;
export type ZoneAwareLbSpec = z.infer<typeof zoneAwareLbSetting>;
export type TunnelSpec = NonNullable<TrafficPolicySpec['tunnel']>;
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
