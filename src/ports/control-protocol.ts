/**
 * What workloads and the config service say to each other: newline-delimited JSON, both ways, on one HTTP/2 request
 * (`POST /v1/stream`) over mutual TLS. The stream is the workload's lease.
 *
 * Everything the service distributes is a named resource with a version, as in delta xDS:
 * `mesh` (EffectiveMesh) · `inbound` (EffectiveInbound) · `bundle` (TrustBundle) · `host/<fqdn>` (EffectiveHost) ·
 * `endpoints/<fqdn>` (EffectiveEndpoints). A workload says which versions it holds when it connects, so that a resumed stream
 * carries only what changed.
 */
import type { Workload } from '../model/workload.js';
import type { DenyList, OverdueStage, TrustBundle } from './identity.js';

export const PROTOCOL_VERSION = 1;

/** No line may be longer, either way. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** A port that the workload serves: one endpoint of its service. */
export interface ListenerRegistration {
  /** Short name or FQDN of the service. */
  readonly service: string;
  /** The port that callers name. */
  readonly servicePort: number;
  readonly portName: string;
  /** `HTTP`, `GRPC`, `TCP`, … */
  readonly protocol: string;
  /** Where the workload listens. */
  readonly address: string;
  readonly port: number;
  /** Whether it takes mTLS. */
  readonly mtls: boolean;
}

/** A certificate that could not be renewed so far. */
export interface RenewalOverdue {
  /** How much of its life has gone by. */
  readonly stage: OverdueStage;
  /** For people: why the last one failed. */
  readonly because: string;
}

export type WorkloadMessage =
  | {
      readonly type: 'hello';
      readonly protocol: number;
      readonly workload: Workload;
      /** Hosts it wants to know of, FQDNs or short names; `['*']`: all that it may see. */
      readonly hosts: readonly string[];
      /** Versions of the resources that it holds. */
      readonly have: Readonly<Record<string, string>>;
      /** The revision that it runs; 0: none. */
      readonly revision: number;
      readonly listeners: readonly ListenerRegistration[];
      /** End of its certificate, milliseconds since the epoch; null without one. */
      readonly certificateExpiresAt: number | null;
      /** Its renewal is late. Absent: it is not, or it does not say. */
      readonly overdue?: RenewalOverdue;
    }
  | { readonly type: 'listen'; readonly listeners: readonly ListenerRegistration[] }
  | {
      readonly type: 'accepted';
      readonly revision: number;
      /** Version of the resource `bundle` that it trusts by now: what a change of roots waits for. Absent: it does not say. */
      readonly bundle?: string;
    }
  | {
      readonly type: 'refused';
      readonly revision: number;
      readonly because: readonly string[];
      /** As of `accepted`. */
      readonly bundle?: string;
    }
  /** There is a new one; or with `overdue` there is none yet, and the next is late. */
  | { readonly type: 'certificate'; readonly expiresAt: number; readonly overdue?: RenewalOverdue }
  | { readonly type: 'ping' };

export interface NamedResource {
  readonly name: string;
  /** Opaque; equal versions mean equal values. */
  readonly version: string;
  readonly value: unknown;
}

export type ControlMessage =
  | { readonly type: 'welcome'; readonly protocol: number; readonly pingMs: number }
  | {
      readonly type: 'update';
      readonly revision: number;
      readonly upsert: readonly NamedResource[];
      readonly remove: readonly string[];
      /** After this message the workload holds all that it is to know at this revision. */
      readonly complete: boolean;
    }
  | { readonly type: 'pong' }
  /** The service is going away or takes no more of this workload; reconnect, or read why not. */
  | { readonly type: 'goodbye'; readonly because: string; readonly retry: boolean };

/** `POST /v1/svid`. Authorised by a join token (`authorization: Bearer …`) or by the current SVID. */
export interface SvidRequest {
  /** PKCS#10, DER, base64. Its subject names do not matter: the service writes the identity that it authenticated. */
  readonly csr: string;
  /** How long it should live, milliseconds; less if the issuance policy allows less. @default what the policy says */
  readonly ttlMs?: number;
}

export interface SvidResponse {
  readonly spiffeId: string;
  /** PEM, leaf first. */
  readonly chain: readonly string[];
  /** PEM roots. */
  readonly roots: readonly string[];
  readonly trustDomain: string;
  /** Absent: nobody. */
  readonly denied?: DenyList | undefined;
}

/** `GET /v1/bundle`, open to all: roots are public. */
export type BundleResponse = TrustBundle;

/**
 * A token, as `heddle token create` prints it: `heddle1.<id>.<secret>.<pin>`. `pin` is the SHA-256 (hex) of the root
 * certificate's DER, by which a workload that knows nothing yet recognises the config service before it sends the secret.
 */
export interface TokenParts {
  readonly id: string;
  readonly secret: string;
  readonly pin: string;
}

/** The parts of a token, or undefined if it is not one. */
export function parseToken(token: string): TokenParts | undefined {
  const match = /^heddle1\.([a-z0-9]{1,32})\.([A-Za-z0-9_-]{20,128})\.([0-9a-f]{64}|-)$/.exec(token.trim());
  return match === null ? undefined : { id: match[1]!, secret: match[2]!, pin: match[3]! };
}

export function formatToken(parts: TokenParts): string {
  return `heddle1.${parts.id}.${parts.secret}.${parts.pin}`;
}
