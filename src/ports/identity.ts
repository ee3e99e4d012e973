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

/** The roots that are trusted for one trust domain. */
export interface TrustBundle {
  readonly trustDomain: string;
  /** PEM certificates; while a root changes, old and new overlap here. */
  readonly roots: readonly string[];
}

/** Who we are and whom we trust, now and whenever it changes. */
export interface IdentitySource {
  readonly svid: Source<Svid>;
  readonly bundle: Source<TrustBundle>;
  /** Stops renewing. */
  close(): Promise<void>;
}
