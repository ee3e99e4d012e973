/** The certificate authority: signs SVIDs for identities that others have authenticated, and keeps a record of each. */
import type { KeyObject } from 'node:crypto';
import { type Clock, MeshError, type Source, type SpiffeId, type SvidResponse, Value } from 'heddle/ports';
import { Issuer, type IssuerPair, issueCertificate, type TrustBundle } from 'heddle/security';
import { ApiError } from '../api/errors.js';
import { CA_KEY, ISSUANCE_KEY } from '../keys.js';
import type { Store } from '../store/store.js';
import { type CaState, signingIntermediate, signingRoot } from './ca-state.js';
import type { Denials } from './deny-list.js';
import { decideIssuance, EMPTY_POLICY, type IssuancePolicy } from './issuance-policy.js';
import type { IssuedLog } from './issued.js';
import type { KeyFiles } from './key-files.js';

interface Read {
  readonly state: CaState;
  readonly revision: number;
  readonly policy: IssuancePolicy;
}

export interface AuthorityOptions {
  readonly trustDomain: string;
  /** How long an SVID lives, unless the issuance policy says otherwise. */
  readonly svidTtlMs: number;
  readonly store: Store;
  readonly clock: Clock;
  readonly files: KeyFiles;
  readonly issued: IssuedLog;
  readonly denials: Denials;
}

/** What an SVID is asked for with, besides who it is for. */
export interface Asking {
  /** @default what the issuance policy says */
  readonly ttlMs?: number | undefined;
  /** For the record. */
  readonly address?: string | undefined;
}

/** Clocks of workloads may be this much behind ours. */
const MAX_BACKDATE_MS = 5 * 60_000;
/** Workloads renew at half of what the certificate says: that half must not lie in the past when life is short. */
const BACKDATE_RATIO = 0.1;

export class Authority {
  readonly trustDomain: string;
  readonly svidTtlMs: number;
  readonly #options: AuthorityOptions;
  readonly #bundle: Value<TrustBundle>;
  readonly #issuers: Value<Issuer>;
  #state: CaState;
  /** Of the store, when the state was written. */
  #revision: number;
  #policy: IssuancePolicy;
  #last: Promise<void> = Promise.resolve();

  /**
   * @param first made and stored if the store has no authority yet
   * @throws MeshError `HEDDLE_INVALID_SETTING` if the key that signs is not there
   */
  static async open(options: AuthorityOptions, first: () => Promise<CaState>): Promise<Authority> {
    const { store } = options;
    let entry = await store.get(CA_KEY);
    if (entry === undefined) {
      const put = { type: 'put', key: CA_KEY, value: await first() } as const;
      await store.commit({ compares: [{ key: CA_KEY, modRevision: 0 }], operations: [put] });
      entry = (await store.get(CA_KEY))!;
    }
    const { trustDomain } = entry.value as CaState;
    if (trustDomain !== options.trustDomain) {
      const because = `the authority here is that of ${trustDomain}, and not of ${options.trustDomain}`;
      throw new MeshError(`trustDomain: ${because}; it cannot be changed`, {
        code: 'HEDDLE_INVALID_SETTING',
      });
    }
    const policy = ((await store.get(ISSUANCE_KEY))?.value ?? EMPTY_POLICY) as IssuancePolicy;
    const { value, modRevision } = entry;
    return new Authority(options, { state: value as CaState, revision: modRevision, policy });
  }

  private constructor(options: AuthorityOptions, { state, revision, policy }: Read) {
    this.trustDomain = options.trustDomain;
    this.svidTtlMs = options.svidTtlMs;
    this.#options = options;
    this.#state = state;
    this.#revision = revision;
    this.#policy = policy;
    this.#issuers = new Value(this.#issuerOf(state));
    this.#bundle = new Value(this.#bundleOf(state));
    options.denials.list.subscribe(() => this.#bundle.set(this.#bundleOf(this.#state)));
  }

  get state(): CaState {
    return this.#state;
  }

  /** Roots, and who is denied. */
  get bundle(): Source<TrustBundle> {
    return this.#bundle;
  }

  /** By which certificates are signed; tells of each new one. */
  get issuer(): Source<Issuer> {
    return this.#issuers;
  }

  /** PEM. */
  get roots(): readonly string[] {
    return this.#bundle.current().roots;
  }

  /** SHA-256 (hex) of the root that signs, for tokens. */
  get pin(): string {
    return signingRoot(this.#state).fingerprint;
  }

  /** What follows a leaf: all that a peer who knows the roots needs. PEM. */
  get chain(): readonly string[] {
    const { certificate, above } = signingIntermediate(this.#state);
    return [certificate, ...above];
  }

  /** By which those who know only an older root recognise what is signed below this one. PEM. */
  get vouchers(): readonly string[] {
    return signingRoot(this.#state).vouchers.map(({ certificate }) => certificate);
  }

  /** Certificate and key of the root that signs, for a backup; undefined: the key is somewhere else. Handle with care. */
  rootPair(): IssuerPair | undefined {
    return this.#options.files.read('root', this.pin);
  }

  get policy(): IssuancePolicy {
    return this.#policy;
  }

  async setPolicy(policy: IssuancePolicy): Promise<void> {
    const put = { type: 'put', key: ISSUANCE_KEY, value: policy } as const;
    await this.#options.store.commit({ operations: [put] });
    this.#policy = policy;
  }

  /**
   * Signs `publicKey` for `id`.
   * @param by on whose authority, for the record
   * @throws ApiError 403 if the issuance policy or the deny list says no
   */
  async issue(
    publicKey: KeyObject,
    id: SpiffeId,
    by: string,
    asking: Asking = {},
  ): Promise<SvidResponse & { serial: string; notAfter: number }> {
    const { clock, issued } = this.#options;
    const origin = await this.#originOf(by);
    this.#refuseDenied(id, by, origin);
    const verdict = decideIssuance(this.#policy, {
      ...{ id, origin, publicKey, askedTtlMs: asking.ttlMs, defaultTtlMs: this.svidTtlMs },
    });
    if (verdict.kind === 'refused') throw new ApiError(403, 'forbidden', verdict.because);
    const now = clock.wallNow();
    const issuer = this.#issuers.current();
    const { chain, pin: root } = this;
    const notBefore = now - Math.min(MAX_BACKDATE_MS, BACKDATE_RATIO * verdict.ttlMs);
    const notAfter = Math.min(now + verdict.ttlMs, issuer.notAfter);
    if (notAfter <= now)
      throw new ApiError(503, 'unavailable', 'the intermediate of the authority has ended; bring a new one');
    const number = issued.serial(notAfter);
    const certificate = issueCertificate({
      ...{ issuer, publicKey, spiffeId: id, notBefore, notAfter, serial: number },
    });
    const serial = number.toString('hex');
    const address = (asking.address ?? '').slice(0, 64);
    const spiffeId = id.toString();
    await issued.append({ serial, spiffeId, by, origin, address, root, issuedAt: now, notBefore, notAfter });
    const { roots, denied } = this.#bundle.current();
    return {
      ...{ spiffeId, chain: [certificate, ...chain], roots, trustDomain: this.trustDomain, serial, notAfter },
      ...(denied === undefined ? {} : { denied }),
    };
  }

  /** Signs with no record: for the service's own certificate. */
  sign(options: Omit<Parameters<typeof issueCertificate>[0], 'issuer'>): string {
    return issueCertificate({ ...options, issuer: this.#issuers.current() });
  }

  /**
   * One step: stored whole, then in force.
   * @throws MeshError what `change` throws; `HEDDLE_INVALID_SETTING` if the key that is to sign is not there
   */
  apply(change: (state: CaState) => CaState): Promise<void> {
    const done = this.#last.then(() => this.#apply(change));
    this.#last = done.catch(() => {});
    return done;
  }

  async #apply(change: (state: CaState) => CaState): Promise<void> {
    const next = change(this.#state);
    if (next === this.#state) return;
    const issuer = next.signing === this.#state.signing ? undefined : this.#issuerOf(next);
    const { ok, revision } = await this.#options.store.commit({
      compares: [{ key: CA_KEY, modRevision: this.#revision }],
      operations: [{ type: 'put', key: CA_KEY, value: next }],
    });
    if (!ok) throw new MeshError('the authority was changed by another process', { code: 'HEDDLE_INTERNAL' });
    this.#revision = revision;
    this.#state = next;
    // Roots first: nobody may see a certificate of a root that the bundle has not.
    this.#bundle.set(this.#bundleOf(next));
    if (issuer !== undefined) this.#issuers.set(issuer);
  }

  #issuerOf(state: CaState): Issuer {
    const { fingerprint } = signingIntermediate(state);
    const pair = this.#options.files.read('intermediate', fingerprint);
    if (pair !== undefined) return new Issuer(pair);
    const path = this.#options.files.path('intermediate', fingerprint);
    throw new MeshError(`${path}, the key that signs, is missing; restore it from a backup`, {
      code: 'HEDDLE_INVALID_SETTING',
    });
  }

  #bundleOf(state: CaState): TrustBundle {
    const { trustDomain, denials } = this.#options;
    const listed = denials.list.current();
    const withdrawn = state.withdrawn.map(({ keyId }) => keyId);
    const { serials = [], ids = [], keys = [] } = listed ?? {};
    const denied = { serials, ids, keys: [...new Set([...keys, ...withdrawn])].sort() };
    const isEmpty = listed === undefined && withdrawn.length === 0;
    const roots = state.roots.map(({ certificate }) => certificate);
    return { trustDomain, roots, ...(isEmpty ? {} : { denied }) };
  }

  async #originOf(by: string): Promise<string> {
    const serial = /^svid:([0-9a-f]+)$/.exec(by)?.[1];
    return (serial && (await this.#options.issued.find(serial))?.origin) || by;
  }

  #refuseDenied(id: SpiffeId, by: string, origin: string): void {
    const { denied } = this.#bundle.current();
    const serial = /^svid:([0-9a-f]+)$/.exec(by)?.[1] ?? '';
    const listed = denied?.ids.includes(id.toString()) === true || denied?.serials.includes(serial) === true;
    if (listed) throw new ApiError(403, 'forbidden', `${id} is on the deny list`);
    if (this.#options.denials.hasOrigin(origin))
      throw new ApiError(403, 'forbidden', `what ${id} first joined with (${origin}) was revoked`);
  }
}
