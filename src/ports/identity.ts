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
}

/** Who we are and whom we trust, now and whenever it changes. */
export interface IdentitySource {
  readonly svid: Source<Svid>;
  readonly bundle: Source<TrustBundle>;
  /** Stops renewing. */
  close(): Promise<void>;
}
