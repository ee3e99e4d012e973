/** The certificate authority: signs SVIDs for identities that others have authenticated, and keeps a record of each. */
import { type KeyObject, X509Certificate } from 'node:crypto';
import type { Clock, SpiffeId, SvidResponse } from 'heddle/ports';
import { Issuer, type IssuerPair, issueCertificate } from 'heddle/security';
import { ISSUED_PREFIX } from '../keys.js';
import type { Store } from '../store/store.js';

export interface AuthorityOptions {
  readonly root: IssuerPair;
  readonly trustDomain: string;
  /** How long an SVID lives. */
  readonly svidTtlMs: number;
  readonly store: Store;
  readonly clock: Clock;
}

/** What is remembered of a certificate until a day after its end. Times in milliseconds since the epoch. */
export interface IssuedRecord {
  /** Hex. */
  readonly serial: string;
  readonly spiffeId: string;
  /** `token:<id>` or `svid:<serial>` */
  readonly by: string;
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Clocks of workloads may be this much behind ours. */
const MAX_BACKDATE_MS = 60_000;
/** Workloads renew at half of what the certificate says: that half must not lie in the past when life is short. */
const BACKDATE_RATIO = 0.1;

export class Authority {
  readonly trustDomain: string;
  /** PEM. */
  readonly roots: readonly string[];
  readonly #issuer: Issuer;
  readonly #svidTtlMs: number;
  readonly #store: Store;
  readonly #clock: Clock;

  constructor(options: AuthorityOptions) {
    this.trustDomain = options.trustDomain;
    this.roots = [options.root.certificate];
    this.#issuer = new Issuer(options.root);
    this.#svidTtlMs = options.svidTtlMs;
    this.#store = options.store;
    this.#clock = options.clock;
  }

  /** Certificate and key of the authority itself, for a backup. Handle with care. */
  get pair(): IssuerPair {
    return this.#issuer;
  }

  /**
   * Signs `publicKey` for `id`.
   * @param by on whose authority, for the record
   */
  async issue(
    publicKey: KeyObject,
    id: SpiffeId,
    by: string,
  ): Promise<SvidResponse & { serial: string; notAfter: number }> {
    const now = this.#clock.wallNow();
    const notBefore = now - Math.min(MAX_BACKDATE_MS, BACKDATE_RATIO * this.#svidTtlMs);
    const notAfter = Math.min(now + this.#svidTtlMs, this.#issuer.notAfter);
    const certificate = this.sign({ publicKey, spiffeId: id, notBefore, notAfter });
    const { serialNumber } = new X509Certificate(certificate);
    const serial = serialNumber.toLowerCase();
    const record: IssuedRecord = {
      serial,
      spiffeId: id.toString(),
      by,
      notBefore,
      notAfter,
    };
    const lease = await this.#store.grant(notAfter - now + 86_400_000);
    await this.#store.commit({
      operations: [{ type: 'put', key: ISSUED_PREFIX + serial, value: record, lease }],
    });
    return {
      spiffeId: id.toString(),
      chain: [certificate],
      roots: this.roots,
      trustDomain: this.trustDomain,
      serial,
      notAfter,
    };
  }

  /** Signs with no record: for the service's own certificate. */
  sign(options: Omit<Parameters<typeof issueCertificate>[0], 'issuer'>): string {
    return issueCertificate({ ...options, issuer: this.#issuer });
  }
}
