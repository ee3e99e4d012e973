/**
 * EffectivePolicy, the narrow waist: what all resources together say for one host as seen from one workload, and for one
 * workload's inbound side. Plain JSON, the only thing sent to workloads. Names are full, durations are milliseconds, inheritance
 * and visibility are settled; a bridge to another system is one more producer or consumer of it.
 */
import type { ConnectionSettings } from '../model/destination.js';
import type { Endpoint } from '../model/endpoint.js';
import type { EffectiveTelemetry } from '../observability/policy.js';
import type { EffectiveAuthorization } from '../security/authorize/policy.js';
import type { EffectiveCheckProvider } from '../security/authorize/provider.js';
import type { MtlsMode } from '../security/mtls/policy.js';
import type { EffectiveTokenRule } from '../security/token/policy.js';
import type { BalancerPolicy, LocalityPolicy, SubsettingPolicy } from '../traffic/balance/policy.js';
import type { BreakerPolicy } from '../traffic/breaker/policy.js';
import type { ConcurrencyPolicy } from '../traffic/concurrency/policy.js';
import type { HealthCheckPolicy } from '../traffic/health/policy.js';
import type { HedgePolicy } from '../traffic/hedge/policy.js';
import type { LimitPolicy } from '../traffic/limit/policy.js';
import type { OutlierPolicy } from '../traffic/outlier/policy.js';
import type { PriorityRule } from '../traffic/priority/policy.js';
import type { QueuePolicy } from '../traffic/queue/policy.js';
import type { RateLimitPolicy } from '../traffic/rate-limit/policy.js';
import type { RetryBudgetPolicy } from '../traffic/retry/policy.js';
import type { EffectiveRoute } from '../traffic/route/policy.js';
import type { EffectiveConnectionRoute } from '../traffic/tcp-route/policy.js';

export type {
  AccessLogPolicy,
  CustomTag,
  EffectiveTelemetry,
  MetricOverride,
  MetricsPolicy,
  TelemetrySide,
  TracingPolicy,
} from '../observability/policy.js';
export type { EffectiveAuthorization, EffectiveRule, ValueSet } from '../security/authorize/policy.js';
export type { EffectiveCheckProvider } from '../security/authorize/provider.js';
export type { MtlsMode } from '../security/mtls/policy.js';
export type { EffectiveTokenRule, TokenKeys, TokenLocation } from '../security/token/policy.js';

export interface ServicePort {
  readonly number: number;
  readonly name: string;
  /** `HTTP`, `HTTP2`, `GRPC`, `HTTPS`, `TLS`, `TCP`. */
  readonly protocol: string;
  /** Port of the endpoints where it differs. */
  readonly targetPort?: number;
}

/** JSON cannot say Infinity: an absent `maxConnections` is unlimited. */
export type EffectiveConnection = Omit<ConnectionSettings, 'maxConnections'> & {
  readonly maxConnections?: number;
  /** How long a connection may be silent before the first keep-alive probe. @default the system's (7 200 000) */
  readonly keepAliveMs?: number;
  /** A connection is not used for longer than this. @default unlimited */
  readonly maxConnectionDurationMs?: number;
};

export type EffectiveTls =
  | { readonly mode: 'disable' }
  /** Mutual TLS with mesh identity wherever the endpoint can take it (`auto`), or always (`mesh`). */
  | { readonly mode: 'auto' | 'mesh'; readonly sni: string; readonly subjectAltNames?: readonly string[] }
  | {
      readonly mode: 'simple' | 'mutual';
      readonly sni: string;
      readonly subjectAltNames: readonly string[];
      /** Name of a folder on the workload, with tls.crt, tls.key and ca.crt, in place of the files below. */
      readonly credential?: string;
      /** Paths of PEM files on the workload. */
      readonly caCertificates?: string;
      readonly clientCertificate?: string;
      readonly privateKey?: string;
      readonly insecureSkipVerify?: boolean;
      /** Path of a PEM file with certificates that were revoked. */
      readonly crl?: string;
    };

/** A TCP connection goes through a forward proxy, which is asked to connect to the target. */
export interface EffectiveTunnel {
  readonly protocol: 'CONNECT' | 'POST';
  readonly targetHost: string;
  readonly targetPort: number;
}

/** A destination that a route can pick: all endpoints of a host and port, or a subset of them. */
export interface EffectiveCluster {
  /** `outbound|PORT|SUBSET|HOST`. */
  readonly name: string;
  readonly port: number;
  readonly subset: string;
  /** Endpoints whose labels hold all of these. */
  readonly labels: Readonly<Record<string, string>>;
  readonly balancer: BalancerPolicy;
  readonly connection: EffectiveConnection;
  readonly limits: LimitPolicy;
  readonly outlier?: OutlierPolicy;
  /** Absent: nobody asks endpoints how they are. */
  readonly health?: HealthCheckPolicy;
  /** Absent: lists of more than 100 endpoints are worked with in part, of at least 50. */
  readonly subsetting?: SubsettingPolicy;
  readonly breaker?: BreakerPolicy;
  readonly retryBudget?: RetryBudgetPolicy;
  readonly hedging?: HedgePolicy;
  /** The longest that a call may take, whatever its route and its caller say. */
  readonly deadlineMs?: number;
  readonly concurrency?: ConcurrencyPolicy;
  readonly tls: EffectiveTls;
  /** Absent: the mesh's default, which is failover between localities where `outlier` says who is unwell. */
  readonly locality?: LocalityPolicy;
  /** Localities do not count here. */
  readonly localityOff?: true;
  /** The header that says who calls comes first on each connection. */
  readonly proxyProtocol?: 'V1' | 'V2';
  readonly tunnel?: EffectiveTunnel;
}

/** One host, as seen from one workload. */
export interface EffectiveHost {
  /** FQDN, e.g. `reviews.default.svc.cluster.local`. */
  readonly host: string;
  /** All names by which this workload may call it, without ports, lower case; may start with `*.`. */
  readonly domains: readonly string[];
  readonly ports: readonly ServicePort[];
  readonly location: 'mesh' | 'external';
  /**
   * Where endpoints come from: the registry or static lists (`static`); DNS, with an endpoint for each address of a name (`dns`), or
   * with one look-up for each connection (`dns-round-robin`). `none`: a call goes to
   * the host and port that the caller addressed, found by DNS, so that a wildcard host needs no endpoints; those that are listed
   * come first.
   */
  readonly resolution: 'static' | 'dns' | 'dns-round-robin' | 'none';
  /** `ns/name` of the VirtualService behind `routes`, `tls` and `tcp`; null: none speaks for the host. */
  readonly virtualService: string | null;
  /** Empty: calls go to the cluster of the port they address. */
  readonly routes: readonly EffectiveRoute[];
  /** The VirtualService's rules for TLS that is passed on as it is, by the name that the client asks for. */
  readonly tls?: readonly EffectiveConnectionRoute[];
  /** The VirtualService's rules for connections of any other kind. */
  readonly tcp?: readonly EffectiveConnectionRoute[];
  /** What applies to a call for which no VirtualService speaks. */
  readonly clusters: readonly EffectiveCluster[];
  /** How many calls this process may make to the host. */
  readonly rateLimit?: RateLimitPolicy;
}

/** The endpoints of one host, by service port. They change far more often than policy, so they travel apart from it. */
export interface EffectiveEndpoints {
  readonly host: string;
  readonly ports: Readonly<Record<string, readonly Endpoint[]>>;
}

/** How a workload protects itself. */
export interface EffectiveInboundResilience {
  /** `ns/name` of the ResiliencePolicy. */
  readonly policy: string;
  /** The longest that an exchange may take. */
  readonly deadlineMs?: number;
  readonly concurrency?: ConcurrencyPolicy;
  /** Only with `concurrency`. @default that of `queuePolicyFrom` */
  readonly queue?: QueuePolicy;
  /** Only with `concurrency`. */
  readonly priorities?: readonly PriorityRule[];
}

/** What applies to the calls that arrive at one workload. */
export interface EffectiveInbound {
  readonly mtls: { readonly mode: MtlsMode; readonly ports: Readonly<Record<string, MtlsMode>> };
  /** Of all RequestAuthentications that select the workload, by issuer. Absent: nothing looks for tokens. */
  readonly tokens?: readonly EffectiveTokenRule[];
  readonly authorization: readonly EffectiveAuthorization[];
  /** Those that CUSTOM policies above name and that are known, by name. Absent: none is. */
  readonly providers?: Readonly<Record<string, EffectiveCheckProvider>>;
  /** @default 'BASE' (Istio) */
  readonly pathNormalization: 'NONE' | 'BASE' | 'MERGE_SLASHES' | 'DECODE_AND_MERGE_SLASHES';
  readonly resilience?: EffectiveInboundResilience;
  readonly rateLimit?: RateLimitPolicy;
  /** Most exchanges at once, of each port by itself. Absent: unlimited. @source Istio Sidecar `connectionPool.http.http2MaxRequests` */
  readonly maxRequests?: EffectiveMaxRequests;
}

export interface EffectiveMaxRequests {
  /** Of the ports that are not named; absent: unlimited. */
  readonly others?: number;
  readonly ports: Readonly<Record<string, number>>;
}

/** What holds for the whole mesh. */
export interface EffectiveMesh {
  /** @default 'cluster.local' */
  readonly trustDomain: string;
  /** Former names of the trust domain: policy that names one of them means all. @default none */
  readonly trustDomainAliases?: readonly string[];
  /** How paths are made equal before AuthorizationPolicies are asked. @default 'BASE' (Istio) */
  readonly pathNormalization?: EffectiveInbound['pathNormalization'];
  /** What happens to a call to a host that policy does not know. @default 'REGISTRY_ONLY': closed unless opened */
  readonly outboundTrafficPolicy: 'ALLOW_ANY' | 'REGISTRY_ONLY';
  /** With `ALLOW_ANY`: calls to unknown hosts go to this cluster instead of where they are addressed to. */
  readonly egressProxy?: { readonly cluster: string };
}

/** All of it, for one workload. */
export interface EffectivePolicy {
  /** The store's number for the write that this state includes. */
  readonly revision: number;
  readonly mesh: EffectiveMesh;
  readonly hosts: readonly EffectiveHost[];
  readonly endpoints: readonly EffectiveEndpoints[];
  readonly inbound: EffectiveInbound;
  /** Absent: no Telemetry speaks of this workload. */
  readonly telemetry?: EffectiveTelemetry;
}
