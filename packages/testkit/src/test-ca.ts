import { createPublicKey } from 'node:crypto';
import { type Clock, systemClock, Value } from 'heddle/ports';
import {
  createRoot,
  type IdentitySource,
  type IssuedSvid,
  Issuer,
  issueCertificate,
  type KeyType,
  newKey,
  parseRequest,
  receiveSvid,
  SpiffeId,
  type Svid,
  type TrustBundle,
  trustBundle,
} from 'heddle/security';

export interface TestSvidOptions {
  /** Milliseconds since the epoch. @default one hour ago */
  readonly notBefore?: number;
  /** Milliseconds since the epoch. @default in 24 hours */
  readonly notAfter?: number;
  readonly dnsNames?: readonly string[];
  /** @default 'ec-p256' */
  readonly keyType?: KeyType;
}

const HOUR_MS = 3_600_000;

/**
 * A certificate authority for tests: real keys and certificates, a root of its own. For a foreign authority make a second one,
 * of the same trust domain if it is to be an impostor.
 * @example
 * const ca = await TestCa.create();
 * const reviews = await ca.identity('spiffe://cluster.local/ns/default/sa/reviews');
 */
export class TestCa {
  readonly trustDomain: string;
  readonly bundle: TrustBundle;
  readonly issuer: Issuer;
  readonly #clock: Clock;
  /** Intermediates between what is issued and the root, nearest first. */
  readonly #above: readonly string[];

  /**
   * @param options.trustDomain `cluster.local` unless said otherwise
   * @param options.clock whose wall time certificates are made for; OpenSSL compares them with the machine's, so TLS wants the
   * system's, which is the default
   */
  static async create(
    options: { readonly trustDomain?: string; readonly clock?: Clock } = {},
  ): Promise<TestCa> {
    const clock = options.clock ?? systemClock;
    const trustDomain = options.trustDomain ?? 'cluster.local';
    const root = await createRoot({
      trustDomain,
      lifetimeMs: 10 * 365 * 24 * HOUR_MS,
      wallNow: clock.wallNow(),
      backdateMs: 24 * HOUR_MS,
    });
    return new TestCa(trustBundle(trustDomain, [root.certificate]), new Issuer(root), [], clock);
  }

  private constructor(bundle: TrustBundle, issuer: Issuer, above: readonly string[], clock: Clock) {
    this.trustDomain = bundle.trustDomain;
    this.bundle = bundle;
    this.issuer = issuer;
    this.#above = above;
    this.#clock = clock;
  }

  /** An authority below this one, with the same bundle. This one must be a root. */
  async intermediate(): Promise<TestCa> {
    const key = await newKey();
    const certificate = issueCertificate({
      issuer: this.issuer,
      publicKey: createPublicKey(key),
      spiffeId: SpiffeId.parse(`spiffe://${this.trustDomain}`),
      isCa: true,
      ...this.#span(),
    });
    const issuer = new Issuer({ certificate, key });
    return new TestCa(this.bundle, issuer, [certificate, ...this.#above], this.#clock);
  }

  /** Any SVID that a test needs, expired ones and those of other trust domains included. */
  async svid(id: string, options: TestSvidOptions = {}): Promise<Svid> {
    const key = await newKey(options.keyType);
    const { notBefore, notAfter } = this.#span(options);
    const spiffeId = SpiffeId.parse(id);
    const leaf = issueCertificate({
      issuer: this.issuer,
      publicKey: createPublicKey(key),
      spiffeId,
      notBefore,
      notAfter,
      ...(options.dnsNames === undefined ? {} : { dnsNames: options.dnsNames }),
    });
    return { id: spiffeId, chain: [leaf, ...this.#above], key, notBefore, notAfter };
  }

  /** An identity that a test can change. */
  async identity(id: string, options: TestSvidOptions = {}): Promise<TestIdentity> {
    return new TestIdentity(await this.svid(id, options), this.bundle);
  }

  /** Answers a certificate request, as the config service would: for tests of whoever sends one. */
  sign(request: Uint8Array, id: string, options: TestSvidOptions = {}): IssuedSvid {
    const leaf = issueCertificate({
      issuer: this.issuer,
      publicKey: parseRequest(request).publicKey,
      spiffeId: SpiffeId.parse(id),
      ...this.#span(options),
    });
    return {
      chain: [leaf, ...this.#above],
      roots: this.bundle.roots,
      trustDomain: this.trustDomain,
      spiffeId: id,
    };
  }

  #span(options: TestSvidOptions = {}): { readonly notBefore: number; readonly notAfter: number } {
    const now = Math.floor(this.#clock.wallNow() / 1000) * 1000;
    return {
      notBefore: options.notBefore ?? now - HOUR_MS,
      notAfter: options.notAfter ?? now + 24 * HOUR_MS,
    };
  }
}

/** An identity source whose test decides what it holds. */
export class TestIdentity implements IdentitySource {
  readonly svid: Value<Svid>;
  readonly bundle: Value<TrustBundle>;
  closed = false;

  constructor(svid: Svid, bundle: TrustBundle) {
    this.svid = new Value(svid);
    this.bundle = new Value(bundle);
  }

  /** What {@link receiveSvid} makes of an answer: for tests that go through the same checks as a workload. */
  static received(issued: IssuedSvid, key: Svid['key'], wallNow: number): TestIdentity {
    const { svid, bundle } = receiveSvid(issued, key, wallNow);
    return new TestIdentity(svid, bundle);
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}
