/**
 * Who this workload is, as the config service certifies it, and how the service is recognised. Nothing of it is there before the first
 * contact; from then on it renews itself, whether or not the policy stream is up.
 */
import type { Clock } from '../../base/clock.js';
import { isMeshError, MeshError } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import type {
  IdentitySource,
  IdentityStatus,
  OverdueStage,
  Svid,
  TrustBundle,
} from '../../ports/identity.js';
import { checkedBundle } from '../../security/bundle/federated.js';
import { RenewingIdentity, type RenewingIdentityOptions } from '../../security/svid/renewing.js';
import { type Generations, loadIdentity, type SavedIdentity, saveIdentity } from '../state-dir/index.js';
import { bootstrapTrust } from './bootstrap.js';
import type { ConnectionTrust } from './connection.js';
import { requestSvid } from './issuer.js';
import { JoinProof, type JoinProofOptions } from './join-proof.js';
import { LateSource } from './late-source.js';

export interface ControlIdentityOptions extends JoinProofOptions {
  readonly url: URL;
  readonly clock: Clock;
  readonly random: Random;
  readonly log?: (line: string) => void;
  /** Where the identity is kept for a later start. @default nowhere */
  readonly files?: Generations | null;
  /** Told when renewal is late. @default it is logged only */
  readonly onOverdue?: (stage: OverdueStage, status: IdentityStatus) => void;
}

const MISSING = 'the config service has not certified this workload yet; see its status for the reason';

export class ControlIdentity implements IdentitySource {
  readonly svid = new LateSource<Svid>(MISSING);
  readonly bundle = new LateSource<TrustBundle>(MISSING);
  readonly #options: ControlIdentityOptions;
  readonly #plain: boolean;
  readonly #proof: JoinProof | null;
  #pinned: TrustBundle | null = null;
  #renewing: RenewingIdentity | null = null;
  /** What was saved by an earlier process; undefined: not looked at yet. */
  #saved: SavedIdentity | null | undefined = undefined;
  #savedFault: unknown = null;
  #closed = false;

  /** @throws MeshError `HEDDLE_INVALID_SETTING` if URL and token do not go together */
  constructor(options: ControlIdentityOptions) {
    this.#options = options;
    this.#plain = options.url.protocol === 'http:';
    this.#proof = this.#plain ? null : new JoinProof(options);
    if (this.#plain && (options.token !== undefined || options.tokenFile !== undefined)) {
      options.log?.(
        'the join token is not used: the config service speaks plain text, in which nobody can prove anything',
      );
    }
  }

  /** The SVID, or null while there is none. */
  current(): Svid | null {
    return this.svid.orNull();
  }

  /** How to recognise the service on the next connection, and what to show it. */
  trust(svid: Svid | null = this.current()): ConnectionTrust {
    if (this.#plain) return { kind: 'plain' };
    const bundle = this.bundle.orNull() ?? this.#pinned;
    return bundle === null ? { kind: 'unverified' } : { kind: 'bundle', bundle, svid };
  }

  /**
   * Makes the first contact if there was none: finds the roots that are known by their fingerprints, and gets the first SVID. In plain text there is
   * no identity, and nothing is done: a token would be everybody's who listens.
   * @throws MeshError what kept it from that
   */
  async start(signal: AbortSignal): Promise<void> {
    const { url } = this.#options;
    const proof = this.#proof;
    if (this.#renewing !== null || proof === null) return;
    signal.throwIfAborted();
    const saved = await this.#load();
    this.#pinned ??= await bootstrapTrust(url, proof.pins(), signal).catch((error: unknown) => {
      // The root that the token names may have been replaced since; the one that vouched for us is the better proof.
      if (saved === null || !isMeshError(error, 'HEDDLE_PEER_UNTRUSTED')) throw error;
      return saved.bundle;
    });
    // One attempt: whoever connects tries again, and meanwhile the status says what was wrong.
    const once = new AbortController();
    const onAbort = () => once.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const onFailure = (error: unknown) => {
      if (this.#renewing === null) once.abort(error);
      else this.#failed(error);
    };
    try {
      const renewing = await RenewingIdentity.start({
        ...this.#renewal(proof),
        onFailure,
        signal: once.signal,
      });
      this.#adopt(renewing);
      this.#save();
    } catch (error) {
      // Why the attempt failed says more than that it did.
      const cause = isMeshError(error, 'HEDDLE_IDENTITY_UNAVAILABLE') ? error.cause : null;
      throw isMeshError(cause) ? cause : error;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /**
   * Goes on as who we were in an earlier process: the service cannot be asked. In plain text there is nothing to go on with.
   * @throws MeshError `HEDDLE_IDENTITY_UNAVAILABLE` if nothing was saved, or it cannot be used any more
   */
  async restore(): Promise<void> {
    if (this.#renewing !== null || this.#proof === null) return;
    const saved = await this.#load();
    if (this.#closed || this.#renewing !== null) return;
    if (saved === null)
      throw this.#savedFault ?? new MeshError('no SVID was saved', { code: 'HEDDLE_IDENTITY_UNAVAILABLE' });
    this.#adopt(RenewingIdentity.resume(this.#renewal(this.#proof), saved));
  }

  /** How renewal stands; null while there is no SVID. */
  status(): IdentityStatus | null {
    return this.#renewing?.status() ?? null;
  }

  /** Why `bundle` cannot replace the one we have; null if it can. */
  bundleFault(bundle: TrustBundle): string | null {
    try {
      const { trustDomain } = checkedBundle(bundle);
      const ours = this.bundle.orNull()?.trustDomain ?? trustDomain;
      return ours === trustDomain ? null : `bundle: it is that of ${trustDomain}, but we are of ${ours}`;
    } catch (error) {
      return `bundle: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  /** Takes roots that came with policy. They are ignored while there is no identity that they could belong to. */
  setBundle(bundle: TrustBundle): void {
    this.#renewing?.trust(bundle);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#renewing?.close();
    await this.#options.files?.close();
  }

  #renewal(proof: JoinProof): RenewingIdentityOptions {
    const { url, clock, random, onOverdue } = this.#options;
    const issuer = {
      url,
      token: () => proof.token(),
      clock,
      trust: (svid: Svid | null) => this.trust(svid),
      svid: () => this.current(),
    };
    const issue = async (csr: Buffer, stop: AbortSignal) => {
      try {
        return await requestSvid(issuer, csr, stop);
      } catch (error) {
        // A join token ends sooner than the SVID of the process before.
        const saved = this.current() === null ? this.#saved : null;
        if (!saved || !isMeshError(error, 'HEDDLE_DENIED')) throw error;
        return await requestSvid({ ...issuer, token: undefined, svid: () => saved.svid }, csr, stop);
      }
    };
    const onFailure = (error: unknown) => this.#failed(error);
    return { clock, random, issue, onFailure, ...(onOverdue === undefined ? {} : { onOverdue }) };
  }

  #failed(error: unknown): void {
    this.#options.log?.(`the certificate could not be renewed: ${String(error)}`);
  }

  async #load(): Promise<SavedIdentity | null> {
    const { files, clock } = this.#options;
    if (!files) return null;
    const { svid } = this.#saved ?? {};
    if (this.#saved === undefined || (svid !== undefined && svid.notAfter < clock.wallNow())) {
      this.#saved = await loadIdentity(files, clock).catch((error: unknown) => {
        this.#savedFault = error;
        return null;
      });
    }
    return this.#saved;
  }

  #save(): void {
    const { files } = this.#options;
    const [svid, bundle] = [this.svid.orNull(), this.bundle.orNull()];
    if (files && svid !== null && bundle !== null) saveIdentity(files, { svid, bundle });
  }

  #adopt(renewing: RenewingIdentity): void {
    this.#renewing = renewing;
    if (this.#closed) void renewing.close();
    // Roots first: whoever looks at the new SVID finds the roots that it leads to.
    renewing.bundle.subscribe((bundle) => this.bundle.set(bundle));
    renewing.svid.subscribe((svid) => this.svid.set(svid));
    this.bundle.set(renewing.bundle.current());
    this.svid.set(renewing.svid.current());
    // Last: what throws before must not keep it from being saved, and the newest of both is saved.
    renewing.bundle.subscribe(() => this.#save());
    renewing.svid.subscribe(() => this.#save());
  }
}
