/** The certificate authority: signs SVIDs for identities that others have authenticated, and keeps a record of each. */
import { X509Certificate } from 'node:crypto';
import { type Clock, MeshError, type SpiffeId, type SvidResponse } from 'heddle/ports';
import { Issuer, type IssuerPair, issueCertificate, parseRequest } from 'heddle/security';
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
const BACKDATE_MS = 60_000;

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
   * Signs the key of a request for `id`; what else the request says does not count.
   * @param csr PKCS#10, DER, base64
   * @param by on whose authority, for the record
   * @throws MeshError `HEDDLE_INVALID_ARGUMENT` if the request is malformed or its key too weak
   */
  async issue(
    csr: string,
    id: SpiffeId,
    by: string,
  ): Promise<SvidResponse & { serial: string; notAfter: number }> {
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(csr)) {
      throw new MeshError('csr is not base64', { code: 'HEDDLE_INVALID_ARGUMENT' });
    }
    const { publicKey } = parseRequest(Buffer.from(csr, 'base64'));
    const now = this.#clock.wallNow();
    const notAfter = Math.min(now + this.#svidTtlMs, this.#issuer.notAfter);
    const certificate = this.sign({ publicKey, spiffeId: id, notBefore: now - BACKDATE_MS, notAfter });
    const { serialNumber } = new X509Certificate(certificate);
    const serial = serialNumber.toLowerCase();
    const record: IssuedRecord = {
      serial,
      spiffeId: id.toString(),
      by,
      notBefore: now - BACKDATE_MS,
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
