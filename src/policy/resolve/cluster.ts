/**
 * One cluster of one host, as EffectivePolicy says it: the DestinationRule's blocks in the traffic features' own words.
 * @source Istio `pilot/pkg/networking/core/cluster_builder.go`, `cluster_tls.go`; spec traffic.md §4.3 to §4.7
 */
import { clusterName } from '../../model/cluster.js';
import { NEVER_MS } from '../../model/destination.js';
import { type BalancerInput, balancerPolicyFrom } from '../../traffic/balance/policy.js';
import { breakerPolicyFrom } from '../../traffic/breaker/policy.js';
import { limitPolicyFrom } from '../../traffic/limit/policy.js';
import { type OutlierPolicy, outlierPolicyFrom } from '../../traffic/outlier/policy.js';
import { retryBudgetFrom } from '../../traffic/retry/policy.js';
import type { EffectiveCluster, EffectiveConnection, EffectiveTls, EffectiveTunnel } from '../effective.js';
import type {
  ClientTlsSpec,
  ConnectionPoolSpec,
  LoadBalancerSpec,
  LocalityLbSpec,
  OutlierDetectionSpec,
  SubsetSpec,
  TunnelSpec,
} from '../kinds/destination-rule.js';
import { durationMs } from '../kinds/duration.js';
import type { ResiliencePolicySpec } from '../kinds/resilience-policy.js';
import type { ClusterPolicy } from './destination-rule.js';
import { endpointResilience } from './endpoint-resilience.js';
import { clusterResilience } from './resilience.js';

/** @source Istio meshConfig.connectTimeout; Envoy's idle timeout */
const CONNECT_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_MS = 3_600_000;

export interface ClusterFacts {
  readonly host: string;
  readonly location: 'mesh' | 'external';
  readonly port: number;
  /** Of the service's port. */
  readonly protocol: string;
  /** undefined: all endpoints. */
  readonly subset: SubsetSpec | undefined;
  readonly policy: ClusterPolicy;
  readonly resilience: ResiliencePolicySpec | null;
  /** Of the ServiceEntry. */
  readonly subjectAltNames: readonly string[];
}

export function effectiveCluster(facts: ClusterFacts): EffectiveCluster {
  const { policy, resilience, subset, port, host } = facts;
  const outlier = policy.outlierDetection;
  const budget = resilience?.retryBudget ?? policy.retryBudget;
  const breaker = resilience?.breaker;
  return {
    name: clusterName(port, subset?.name ?? '', host),
    port,
    subset: subset?.name ?? '',
    labels: subset?.labels ?? {},
    connection: connection(policy.connectionPool, facts.protocol),
    limits: limitPolicyFrom(policy.connectionPool?.http ?? {}),
    ...endpointResilience(resilience, {
      balancer: balancerPolicyFrom(balancerInput(policy.loadBalancer)),
      outlier: outlier && outlierOf(outlier),
    }),
    ...(breaker !== undefined && {
      breaker: breakerPolicyFrom({
        ...breaker,
        windowMs: durationMs(breaker.window, undefined),
        openMs: durationMs(breaker.openDuration, undefined),
        rampMs: durationMs(breaker.rampDuration, undefined),
      }),
    }),
    ...(budget !== undefined && { retryBudget: retryBudgetFrom(budget) }),
    ...clusterResilience(resilience),
    tls: effectiveTls(policy.tls, facts),
    ...localityOf(policy.loadBalancer),
    ...(policy.proxyProtocol !== undefined && { proxyProtocol: policy.proxyProtocol.version ?? 'V1' }),
    ...(policy.tunnel !== undefined && { tunnel: effectiveTunnel(policy.tunnel) }),
  };
}

function outlierOf(outlier: OutlierDetectionSpec): OutlierPolicy {
  return outlierPolicyFrom({
    ...outlier,
    intervalMs: durationMs(outlier.interval, undefined),
    baseEjectionTimeMs: durationMs(outlier.baseEjectionTime, undefined),
    errorCodes: outlier.outlierDetectionHttpErrorCodes,
  });
}

function balancerInput(balancer: LoadBalancerSpec | undefined): BalancerInput | undefined {
  if (balancer === undefined) return undefined;
  const hash = balancer.consistentHash;
  // Nothing to hash: Envoy's ring and table then take a host at random.
  if (
    hash !== undefined &&
    !hash.httpHeaderName &&
    !hash.httpCookie &&
    !hash.useSourceIp &&
    !hash.httpQueryParameterName
  )
    return { simple: 'RANDOM' };
  const warmupMs = durationMs(balancer.warmup?.duration ?? balancer.warmupDurationSecs, null);
  return {
    simple: balancer.simple,
    ...(hash !== undefined && {
      hash: {
        header: hash.httpHeaderName,
        query: hash.httpQueryParameterName,
        ...(hash.httpCookie !== undefined && {
          cookie: {
            name: hash.httpCookie.name ?? '',
            path: hash.httpCookie.path,
            ttlMs: durationMs(hash.httpCookie.ttl, undefined),
            attributes: hash.httpCookie.attributes?.map(({ name = '', value }) => ({
              name,
              ...(value && { value }),
            })),
          },
        }),
        ringSize: hash.ringHash?.minimumRingSize ?? hash.minimumRingSize,
        ...(hash.maglev !== undefined && { maglevSize: hash.maglev.tableSize ?? 65_537 }),
      },
    }),
    ...(warmupMs !== null && {
      warmup: {
        durationMs: warmupMs,
        minimumPercent: balancer.warmup?.minimumPercent,
        aggression: balancer.warmup?.aggression,
      },
    }),
  };
}

/** 0 is the same as absent for every number, as in Istio; an idle timeout of `0s` means never. */
function connection(pool: ConnectionPoolSpec | undefined, protocol: string): EffectiveConnection {
  const tcpIdle = durationMs(pool?.tcp?.idleTimeout, IDLE_TIMEOUT_MS) || NEVER_MS;
  const idle = durationMs(pool?.http?.idleTimeout, tcpIdle) || NEVER_MS;
  const keepAlive = durationMs(pool?.tcp?.tcpKeepalive?.time, null);
  const longest = durationMs(pool?.tcp?.maxConnectionDuration, null);
  return {
    ...(pool?.tcp?.maxConnections && { maxConnections: pool.tcp.maxConnections }),
    connectTimeoutMs: durationMs(pool?.tcp?.connectTimeout, CONNECT_TIMEOUT_MS),
    idleTimeoutMs: idle,
    ...(tcpIdle !== idle && { tcpIdleTimeoutMs: tcpIdle }),
    maxRequestsPerConnection: pool?.http?.maxRequestsPerConnection ?? 0,
    ...(keepAlive && { keepAliveMs: keepAlive }),
    ...(longest && { maxConnectionDurationMs: longest }),
    ...(speaksHttp2(pool, protocol) && http2(pool?.http)),
  };
}

/**
 * Ports that are declared so, and what a rule upgrades, whatever the port. `DO_NOT_UPGRADE` takes nothing from a port that speaks
 * HTTP/2 anyway. gRPC-Web is made for HTTP/1.1, and nobody here translates it.
 * @source Istio `cluster_builder.go` shouldH2Upgrade, setH2Options
 */
function speaksHttp2(pool: ConnectionPoolSpec | undefined, protocol: string): boolean {
  return protocol === 'HTTP2' || protocol === 'GRPC' || pool?.http?.h2UpgradePolicy === 'UPGRADE';
}

function http2(
  http: ConnectionPoolSpec['http'],
): Pick<EffectiveConnection, 'http2' | 'maxConcurrentStreams' | 'http2KeepAlive'> {
  const intervalMs = durationMs(http?.http2KeepAlive?.interval, null);
  const timeoutMs = durationMs(http?.http2KeepAlive?.timeout, null);
  return {
    http2: true,
    ...(http?.maxConcurrentStreams && { maxConcurrentStreams: http.maxConcurrentStreams }),
    ...(intervalMs && timeoutMs && { http2KeepAlive: { intervalMs, timeoutMs } }),
  };
}

/** Absent: the mesh's own setting holds. */
function localityOf(
  balancer: LoadBalancerSpec | undefined,
): Pick<EffectiveCluster, 'locality' | 'localityOff'> {
  const regions = balancer?.zoneAwareLbSetting;
  const setting: LocalityLbSpec | undefined = regions ?? balancer?.localityLbSetting;
  if (setting === undefined) return {};
  if (setting.enabled === false) return { localityOff: true };
  const { distribute = [], failover = [], failoverPriority = [] } = setting;
  return {
    locality: {
      ...(regions !== undefined && { regions: true as const }),
      ...(distribute.length > 0 && {
        distribute: distribute.map(({ from = '', to = {} }) => ({ from, to })),
      }),
      ...(failover.length > 0 && { failover: failover.map(({ from = '', to = '' }) => ({ from, to })) }),
      ...(failoverPriority.length > 0 && { failoverPriority }),
    },
  };
}

function effectiveTunnel({ protocol, targetHost = '', targetPort = 0 }: TunnelSpec): EffectiveTunnel {
  return { protocol: protocol === 'POST' ? 'POST' : 'CONNECT', targetHost, targetPort };
}

function effectiveTls(tls: ClientTlsSpec | undefined, facts: ClusterFacts): EffectiveTls {
  const meshName = `outbound_.${facts.port}_.${facts.subset?.name ?? ''}_.${facts.host}`;
  const names = tls?.subjectAltNames?.length ? tls.subjectAltNames : facts.subjectAltNames;
  if (tls === undefined) {
    // Outside the mesh nobody has a mesh identity: plain text unless the operator says otherwise.
    if (facts.location === 'external') return { mode: 'disable' };
    return { mode: 'auto', sni: meshName, ...(names.length > 0 && { subjectAltNames: names }) };
  }
  switch (tls.mode ?? 'DISABLE') {
    case 'DISABLE':
      return { mode: 'disable' };
    case 'ISTIO_MUTUAL':
      return { mode: 'mesh', sni: tls.sni || meshName, ...(names.length > 0 && { subjectAltNames: names }) };
    default:
      return {
        mode: tls.mode === 'MUTUAL' ? 'mutual' : 'simple',
        sni: tls.sni ?? '',
        subjectAltNames: names,
        ...(tls.credentialName && { credential: credentialOf(tls.credentialName) }),
        ...(tls.caCertificates && { caCertificates: tls.caCertificates }),
        ...(tls.clientCertificate && { clientCertificate: tls.clientCertificate }),
        ...(tls.privateKey && { privateKey: tls.privateKey }),
        ...(tls.caCrl && { crl: tls.caCrl }),
        ...(tls.insecureSkipVerify !== undefined && { insecureSkipVerify: tls.insecureSkipVerify }),
      };
  }
}

/** The name alone: `kubernetes://name`, `configmap://namespace/name`. @source Istio `credentials/resource.go` ParseResourceName */
function credentialOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}
