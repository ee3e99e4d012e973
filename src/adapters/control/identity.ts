/**
 * Who this workload is, as the config service certifies it, and how the service is recognised. Nothing of it is there before the first
 * contact; from then on it renews itself, whether or not the policy stream is up.
 */
import type { Clock } from '../../base/clock.js';
import { isMeshError } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import type { IdentitySource, Svid, TrustBundle } from '../../ports/identity.js';
import { trustBundle } from '../../security/bundle/bundle.js';
import { RenewingIdentity } from '../../security/svid/renewing.js';
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
    const { url, clock, random, log } = this.#options;
    const proof = this.#proof;
    if (this.#renewing !== null || proof === null) return;
    signal.throwIfAborted();
    this.#pinned ??= await bootstrapTrust(url, proof.pins(), signal);
    const issuer = {
      url,
      token: () => proof.token(),
      clock,
      trust: (svid: Svid | null) => this.trust(svid),
      svid: () => this.current(),
    };
    const issue = (csr: Buffer, stop: AbortSignal) => requestSvid(issuer, csr, stop);
    // One attempt: whoever connects tries again, and meanwhile the status says what was wrong.
    const once = new AbortController();
    const onAbort = () => once.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const onFailure = (error: unknown) => {
      if (this.#renewing === null) once.abort(error);
      else log?.(`the certificate could not be renewed: ${String(error)}`);
    };
    try {
      const options = { clock, random, issue, onFailure, signal: once.signal };
      this.#adopt(await RenewingIdentity.start(options));
    } catch (error) {
      // Why the attempt failed says more than that it did.
      const cause = isMeshError(error, 'HEDDLE_IDENTITY_UNAVAILABLE') ? error.cause : null;
      throw isMeshError(cause) ? cause : error;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Why `bundle` cannot replace the one we have; null if it can. */
  bundleFault(bundle: TrustBundle): string | null {
    try {
      const { trustDomain } = trustBundle(bundle.trustDomain, bundle.roots);
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
  }

  #adopt(renewing: RenewingIdentity): void {
    this.#renewing = renewing;
    if (this.#closed) void renewing.close();
    // Roots first: whoever looks at the new SVID finds the roots that it leads to.
    renewing.bundle.subscribe((bundle) => this.bundle.set(bundle));
    renewing.svid.subscribe((svid) => this.svid.set(svid));
    this.bundle.set(renewing.bundle.current());
    this.svid.set(renewing.svid.current());
  }
}
