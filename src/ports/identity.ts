import type { KeyObject } from 'node:crypto';
import type { Source } from '../base/source.js';
import type { SpiffeId } from '../model/spiffe-id.js';

/** An X.509-SVID: a certificate that says who this workload is, with its private key. The key stays in memory. */
export interface Svid {
  readonly id: SpiffeId;
  /** PEM, leaf first, then intermediates; the root is not among them. */
  readonly chain: readonly string[];
  readonly key: KeyObject;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Who is trusted no more, although the roots still vouch for it. Whoever is on one of the lists is refused. */
export interface DenyList {
  /** Serial numbers of certificates, lower-case hex without leading zero bytes. */
  readonly serials: readonly string[];
  /** SPIFFE IDs, whole. */
  readonly ids: readonly string[];
  /**
   * Key identifiers, lower-case hex: of certificates' own keys (`subjectKeyIdentifier`) and of the authorities that signed them
   * (`authorityKeyIdentifier`). While there is one, a certificate that does not say who signed it is refused too.
   */
  readonly keys: readonly string[];
}

/** The roots that are trusted for one trust domain. */
export interface TrustBundle {
  readonly trustDomain: string;
  /** PEM certificates; while a root changes, old and new overlap here. */
  readonly roots: readonly string[];
  /** Absent: nobody. */
  readonly denied?: DenyList;
  /**
   * Bundles of other trust domains whose SVIDs are believed. Each speaks for its own trust domain only: they are never merged.
   * @default none
   * @source SPIFFE_Federation.md §4.2
   */
  readonly federated?: readonly ForeignBundle[];
}

/** The roots of another trust domain. */
export type ForeignBundle = Pick<TrustBundle, 'trustDomain' | 'roots'>;

/** How the renewal of an SVID stands. */
export interface IdentityStatus {
  readonly state: 'valid' | 'expired';
  /** Milliseconds since the epoch. */
  readonly notAfter: number;
  /** When the next SVID is asked for, or was to be. Milliseconds since the epoch. */
  readonly renewAt: number;
  /** Attempts that failed since the last success. */
  readonly failures: number;
  readonly lastFailure: unknown;
  /** How much of its life has gone by without a new one: half, three quarters, all of it; null while renewal is not due or succeeds. */
  readonly overdue: OverdueStage | null;
  /** Whether it was read from the state folder, and the authority has not answered since. */
  readonly fromState: boolean;
}

export type OverdueStage = 'half' | 'three-quarters' | 'expired';

/** Who we are and whom we trust, now and whenever it changes. */
export interface IdentitySource {
  readonly svid: Source<Svid>;
  readonly bundle: Source<TrustBundle>;
  /** Of a source that renews; null while there is no SVID. */
  status?(): IdentityStatus | null;
  /**
   * Resolves once there is a first SVID and bundle, for sources that have none at the start. Absent: they are there.
   * @throws MeshError `HEDDLE_IDENTITY_UNAVAILABLE`, saying why there is none, when `signal` aborts or there can be none
   */
  ready?(signal: AbortSignal): Promise<void>;
  /** Stops renewing. */
  close(): Promise<void>;
}
