import type { Endpoint } from './endpoint.js';

/** Stands for "never": the longest that a platform timer can wait. */
export const NEVER_MS = 2_147_483_647;

/** How connections to an endpoint of a cluster are made and kept. All times in milliseconds. */
export interface ConnectionSettings {
  /** Most connections to all endpoints of the cluster, or as many as there are endpoints if that is more. @default unlimited (Infinity) */
  readonly maxConnections: number;
  /** Until connected, TLS included. @default 10 000 (Istio) */
  readonly connectTimeoutMs: number;
  /** Unused connections are closed after this. @default 3 600 000 (Istio); kept below what the server announces */
  readonly idleTimeoutMs: number;
  /** Requests after which a connection is closed; 0 is unlimited, 1 switches keep-alive off. @default 0 */
  readonly maxRequestsPerConnection: number;
  /** Silence after which the first keep-alive probe is sent. @default 60 000 */
  readonly keepAliveMs?: number;
  /** No connection takes another request after this; one that is not HTTP is closed then. @default unlimited */
  readonly maxConnectionDurationMs?: number;
  /** A connection that is not HTTP is closed after so long without a byte either way. @default idleTimeoutMs */
  readonly tcpIdleTimeoutMs?: number;
  /**
   * HTTP/2: offered first where TLS lets the peer choose (ALPN), by prior knowledge in plain text. Absent: HTTP/1.1, which costs a
   * Node process less for each request.
   */
  readonly http2?: true;
  /** Streams at once on one connection; what the peer allows, if that is less. @default what the peer allows */
  readonly maxConcurrentStreams?: number;
  /** Pings on a connection of HTTP/2; without an answer in time it is closed. @default none */
  readonly http2KeepAlive?: { readonly intervalMs: number; readonly timeoutMs: number };
  /** The first thing on each connection: who made it. @source HAProxy, "The PROXY protocol" */
  readonly proxyProtocol?: 'V1' | 'V2';
}

/** How the peer is authenticated, and what we show of ourselves. */
export interface TlsSettings {
  /** `mesh`: our SVID, the peer verified by SPIFFE ID. `simple`: server authentication only. `mutual`: own certificate. */
  readonly mode: 'mesh' | 'simple' | 'mutual';
  /** Server name indication; empty for none. */
  readonly sni: string;
  /**
   * What the peer's certificate must hold, one of these. For `mesh` they are SPIFFE IDs, and an empty list refuses every peer:
   * closed unless opened. For the other modes they are DNS names or URIs, and an empty list means the host name.
   */
  readonly subjectAltNames: readonly string[];
  /** Name of a folder of credentials, with tls.crt, tls.key and ca.crt as Kubernetes mounts a Secret, in place of the files below. */
  readonly credential?: string;
  /** PEM files for `simple` and `mutual`; absent: the system's roots. */
  readonly caCertificates?: string;
  readonly clientCertificate?: string;
  readonly privateKey?: string;
  readonly insecureSkipVerify?: boolean;
  /** PEM file of certificates that were revoked. */
  readonly crl?: string;
}

/**
 * An endpoint as one cluster reaches it: made when a snapshot is bound, so that a transport can hang its connection pool on
 * the object itself. Equal `key`s mean that the same pool can go on serving.
 */
export interface Destination {
  readonly key: string;
  readonly cluster: string;
  readonly endpoint: Endpoint;
  readonly connection: ConnectionSettings;
  /** null: plain text. */
  readonly tls: TlsSettings | null;
}
