/**
 * EffectivePolicy, the narrow waist: what all resources together say for one host as seen from one workload, and for one
 * workload's inbound side. Plain JSON, the only thing sent to workloads. Names are full, durations are milliseconds, inheritance
 * and visibility are settled; a bridge to another system is one more producer or consumer of it.
 */
import type { ConnectionSettings } from '../model/destination.js';
import type { Endpoint } from '../model/endpoint.js';
import type { EffectiveAuthorization } from '../security/authorize/policy.js';
import type { MtlsMode } from '../security/mtls/policy.js';
import type { BalancerPolicy } from '../traffic/balance/policy.js';
import type { BreakerPolicy } from '../traffic/breaker/policy.js';
import type { LimitPolicy } from '../traffic/limit/policy.js';
import type { OutlierPolicy } from '../traffic/outlier/policy.js';
import type { RetryBudgetPolicy } from '../traffic/retry/policy.js';
import type { EffectiveRoute } from '../traffic/route/policy.js';
import type { EffectiveConnectionRoute } from '../traffic/tcp-route/policy.js';

export type { EffectiveAuthorization, EffectiveRule, ValueSet } from '../security/authorize/policy.js';
export type { MtlsMode } from '../security/mtls/policy.js';

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
};

export type EffectiveTls =
  | { readonly mode: 'disable' }
  /** Mutual TLS with mesh identity wherever the endpoint can take it (`auto`), or always (`mesh`). */
  | { readonly mode: 'auto' | 'mesh'; readonly sni: string; readonly subjectAltNames?: readonly string[] }
  | {
      readonly mode: 'simple' | 'mutual';
      readonly sni: string;
      readonly subjectAltNames: readonly string[];
      /** Paths of PEM files on the workload. */
      readonly caCertificates?: string;
      readonly clientCertificate?: string;
      readonly privateKey?: string;
      readonly insecureSkipVerify?: boolean;
    };

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
  readonly breaker?: BreakerPolicy;
  readonly retryBudget?: RetryBudgetPolicy;
  readonly tls: EffectiveTls;
}

/** One host, as seen from one workload. */
export interface EffectiveHost {
  /** FQDN, e.g. `reviews.default.svc.cluster.local`. */
  readonly host: string;
  /** All names by which this workload may call it, without ports, lower case; may start with `*.`. */
  readonly domains: readonly string[];
  readonly ports: readonly ServicePort[];
  readonly location: 'mesh' | 'external';
  /** Where endpoints come from: the registry or static lists (`static`), or DNS look-ups when connecting. */
  readonly resolution: 'static' | 'dns' | 'none';
  /** `ns/name` of the VirtualService behind `routes`; null: calls go to the cluster of the port they address. */
  readonly virtualService: string | null;
  readonly routes: readonly EffectiveRoute[];
  /** The VirtualService's rules for TLS that is passed on as it is, by the name that the client asks for. */
  readonly tls?: readonly EffectiveConnectionRoute[];
  /** The VirtualService's rules for connections of any other kind. */
  readonly tcp?: readonly EffectiveConnectionRoute[];
  /** What applies to a call for which no VirtualService speaks. */
  readonly clusters: readonly EffectiveCluster[];
}

/** The endpoints of one host, by service port. They change far more often than policy, so they travel apart from it. */
export interface EffectiveEndpoints {
  readonly host: string;
  readonly ports: Readonly<Record<string, readonly Endpoint[]>>;
}

/** What applies to the calls that arrive at one workload. */
export interface EffectiveInbound {
  readonly mtls: { readonly mode: MtlsMode; readonly ports: Readonly<Record<string, MtlsMode>> };
  readonly authorization: readonly EffectiveAuthorization[];
  /** @default 'BASE' (Istio) */
  readonly pathNormalization: 'NONE' | 'BASE' | 'MERGE_SLASHES' | 'DECODE_AND_MERGE_SLASHES';
}

/** What holds for the whole mesh. */
export interface EffectiveMesh {
  /** @default 'cluster.local' */
  readonly trustDomain: string;
  /** What happens to a call to a host that policy does not know. @default 'REGISTRY_ONLY': closed unless opened */
  readonly outboundTrafficPolicy: 'ALLOW_ANY' | 'REGISTRY_ONLY';
}

/** All of it, for one workload. */
export interface EffectivePolicy {
  /** The store's number for the write that this state includes. */
  readonly revision: number;
  readonly mesh: EffectiveMesh;
  readonly hosts: readonly EffectiveHost[];
  readonly endpoints: readonly EffectiveEndpoints[];
  readonly inbound: EffectiveInbound;
}
