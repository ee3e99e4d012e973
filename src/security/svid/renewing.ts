import { type BackoffPolicy, backoffMs } from '../../base/backoff.js';
import { type Clock, sleep } from '../../base/clock.js';
import { isMeshError, MeshError } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import { type Source, Value } from '../../base/source.js';
import type {
  IdentitySource,
  IdentityStatus,
  OverdueStage,
  Svid,
  TrustBundle,
} from '../../ports/identity.js';
import { sameBundle } from '../bundle/bundle.js';
import { checkedBundle } from '../bundle/federated.js';
import { type KeyType, newKey } from '../certificate/keys.js';
import { createRequest } from '../certificate/request.js';
import { type IssuedSvid, receiveSvid } from './receive.js';
import { withinTime } from './within-time.js';

export interface RenewingIdentityOptions {
  readonly clock: Clock;
  readonly random: Random;
  /**
   * Has a request (PKCS#10, DER) signed. A MeshError `HEDDLE_DENIED` is final for {@link RenewingIdentity.start}; everything
   * else is tried again.
   */
  readonly issue: (request: Buffer, signal: AbortSignal) => Promise<IssuedSvid>;
  /** @default 'ec-p256' */
  readonly keyType?: KeyType;
  /** Waits between attempts that fail; 5 s at most once the SVID has run out. @default 1 s, doubling to 60 s */
  readonly retry?: BackoffPolicy;
  /** Most that one attempt may take, milliseconds. @default 30 000 */
  readonly issueTimeoutMs?: number;
  /** Told of every attempt that failed. Must not throw. */
  readonly onFailure?: (error: unknown) => void;
  /** Told at half of the SVID's life, again at three quarters, and when it has run out, if renewal fails until then. Must not throw. */
  readonly onOverdue?: (stage: OverdueStage, status: IdentityStatus) => void;
  /** Gives up waiting for the first SVID; of no effect afterwards. */
  readonly signal?: AbortSignal;
}

export type { IdentityStatus };

const RETRY: BackoffPolicy = { baseDelayMs: 1_000, maxDelayMs: 60_000 };
/** Cap on a wait once the SVID has run out: until there is a new one nobody talks to this workload. */
const EXPIRED_WAIT_MS = 5_000;
/**
 * Longest wait before the wall clock is read again. Timers count monotonic time, which stands still while a machine sleeps,
 * and no timer of Node can run for more than 24.8 days; half of the longest life is 45.
 */
const LONGEST_WAIT_MS = 15 * 60_000;
/** Least time between two rotations: an SVID that is past its half on arrival, by a clock that is ahead, must not make a busy loop. */
const SHORTEST_WAIT_MS = 1_000;
const SHORTEST_WAIT_RATIO = 0.05;
const STAGES: readonly OverdueStage[] = ['half', 'three-quarters', 'expired'];

/**
 * An identity that renews itself at half of its life, give or take 1 %: a new key and request, an answer that is checked whole,
 * and only then the swap. While renewal fails the old SVID stays, even beyond its end: peers refuse it then, but a workload
 * that still tries can recover.
 * @source Istio `security/pkg/nodeagent/cache/secretcache.go` rotateTime
 */
export class RenewingIdentity implements IdentitySource {
  readonly #options: RenewingIdentityOptions;
  readonly #stop = new AbortController();
  readonly #svid: Value<Svid>;
  readonly #bundle: Value<TrustBundle>;
  readonly #running: Promise<void>;
  #renewAt = 0;
  #failures = 0;
  #lastFailure: unknown = undefined;
  #announced = false;
  #fromState: boolean;
  /** Stages that were told of since the last success. */
  #told = 0;

  /** Goes on with an SVID of before, which is renewed at once if half of its life is over. */
  static resume(options: RenewingIdentityOptions, present: IssuedIdentity): RenewingIdentity {
    return new RenewingIdentity(options, present, true);
  }

  /**
   * Resolves with the first SVID, however many attempts that takes.
   * @throws MeshError `HEDDLE_IDENTITY_UNAVAILABLE` if `signal` ends the wait, the last failure as its cause; `HEDDLE_DENIED` as
   * soon as the authority refuses
   */
  static async start(options: RenewingIdentityOptions): Promise<RenewingIdentity> {
    const signal = options.signal ?? new AbortController().signal;
    let last: unknown;
    for (let failures = 0; ; ) {
      try {
        if (signal.aborted) throw signal.reason;
        return new RenewingIdentity(options, await obtain(options, signal));
      } catch (error) {
        if (!signal.aborted) {
          last = error;
          failures += 1;
          report(options, error);
          if (isMeshError(error, 'HEDDLE_DENIED')) throw error;
          const wait = backoffMs(options.retry ?? RETRY, failures, options.random);
          await sleep(options.clock, wait, signal).catch(() => {});
        }
        if (signal.aborted) {
          const tried = failures === 0 ? 'before an answer came' : `after ${failures} failed attempts`;
          throw new MeshError(`no SVID was obtained: given up ${tried}; see the cause`, {
            code: 'HEDDLE_IDENTITY_UNAVAILABLE',
            cause: last ?? signal.reason,
          });
        }
      }
    }
  }

  private constructor(options: RenewingIdentityOptions, first: IssuedIdentity, fromState = false) {
    this.#options = options;
    this.#fromState = fromState;
    this.#svid = new Value(first.svid);
    this.#bundle = new Value(first.bundle);
    this.#plan(first.svid);
    this.#running = this.#run();
  }

  get svid(): Source<Svid> {
    return this.#svid;
  }

  get bundle(): Source<TrustBundle> {
    return this.#bundle;
  }

  status(): IdentityStatus {
    const notAfter = this.#svid.current().notAfter;
    return {
      state: this.#options.clock.wallNow() > notAfter ? 'expired' : 'valid',
      notAfter,
      renewAt: this.#renewAt,
      failures: this.#failures,
      lastFailure: this.#lastFailure,
      overdue: this.#failures === 0 ? null : (this.#stage() ?? null),
      fromState: this.#fromState,
    };
  }

  /**
   * Takes over what was announced of roots and of who is denied. From then on it is not taken from answers to our requests, which may be
   * on their way while a root leaves. One of another trust domain, or one that cannot be read, is
   * refused and the present one stays.
   * @throws MeshError `HEDDLE_INVALID_ARGUMENT`
   */
  trust(bundle: TrustBundle): void {
    const checked = checkedBundle(bundle);
    const present = this.#bundle.current();
    if (checked.trustDomain !== present.trustDomain) {
      throw new MeshError(
        `the trust bundle is that of ${checked.trustDomain}; expected ${present.trustDomain}`,
        { code: 'HEDDLE_INVALID_ARGUMENT' },
      );
    }
    this.#announced = true;
    if (!sameBundle(present, checked)) this.#bundle.set(checked);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, random } = this.#options;
    const signal = this.#stop.signal;
    while (!signal.aborted) {
      const due = this.#failures === 0 ? this.#renewAt - clock.wallNow() : 0;
      try {
        if (due > 0) await sleep(clock, Math.min(due, LONGEST_WAIT_MS), signal);
        else await this.#renew(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#failures += 1;
        this.#lastFailure = error;
        report(this.#options, error);
        this.#tell();
        const wait = Math.min(backoffMs(this.#retry(), this.#failures, random), this.#nextStageIn());
        await sleep(clock, wait, signal).catch(() => {});
        if (!signal.aborted) this.#tell();
      }
    }
  }

  /** How late it is, if nothing renews the SVID. */
  #stage(): OverdueStage | undefined {
    return STAGES[this.#stagesPassed() - 1];
  }

  #stagesPassed(): number {
    const now = this.#options.clock.wallNow();
    if (now > this.#svid.current().notAfter) return 3;
    if (now >= this.#threeQuarters()) return 2;
    return now >= this.#renewAt ? 1 : 0;
  }

  #threeQuarters(): number {
    const { notAfter, notBefore } = this.#svid.current();
    return notAfter - (notAfter - notBefore) * 0.25;
  }

  /** So that each stage is told of when it begins. */
  #nextStageIn(): number {
    const now = this.#options.clock.wallNow();
    const coming = [this.#threeQuarters(), this.#svid.current().notAfter + 1].filter((at) => at > now);
    return coming.length === 0 ? Number.POSITIVE_INFINITY : Math.min(...coming) - now;
  }

  #tell(): void {
    const passed = this.#stagesPassed();
    if (passed <= this.#told) return;
    this.#told = passed;
    this.#options.onOverdue?.(STAGES[passed - 1]!, this.status());
  }

  #retry(): BackoffPolicy {
    const retry = this.#options.retry ?? RETRY;
    if (this.status().state === 'valid') return retry;
    return { ...retry, maxDelayMs: Math.min(retry.maxDelayMs, EXPIRED_WAIT_MS) };
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const { svid, bundle } = await obtain(this.#options, signal, this.#svid.current());
    if (signal.aborted) return;
    this.#failures = 0;
    this.#lastFailure = undefined;
    this.#told = 0;
    this.#fromState = false;
    this.#plan(svid);
    // Roots first: whoever looks at the new SVID finds the roots that it leads to. A listener that throws is not a failed renewal.
    try {
      if (!this.#announced && !sameBundle(this.#bundle.current(), bundle)) this.#bundle.set(bundle);
    } catch (error) {
      report(this.#options, error);
    }
    try {
      this.#svid.set(svid);
    } catch (error) {
      report(this.#options, error);
    }
  }

  /**
   * At half of its life, by our clock or by the time since it came, whichever is sooner: a clock that is behind must not make it late, and
   * one that is ahead makes it early, but not at once.
   */
  #plan(svid: Svid): void {
    const { clock, random } = this.#options;
    const now = clock.wallNow();
    const lifeMs = svid.notAfter - svid.notBefore;
    const share = 0.5 + (random.next() * 2 - 1) * 0.01;
    const half = Math.min(svid.notAfter - lifeMs * share, now + lifeMs * share);
    const shortest = this.#fromState ? 0 : lifeMs * SHORTEST_WAIT_RATIO;
    this.#renewAt = Math.max(half, now + Math.max(SHORTEST_WAIT_MS, shortest));
  }
}

/** An SVID, and the bundle that its authority sent with it. */
export interface IssuedIdentity {
  readonly svid: Svid;
  readonly bundle: TrustBundle;
}

async function obtain(options: RenewingIdentityOptions, signal: AbortSignal, present?: Svid) {
  const key = await newKey(options.keyType);
  const request = createRequest(present === undefined ? { key } : { key, spiffeId: present.id });
  // An issuer that hangs, and does not even listen to its signal, must not end renewal for good.
  const limits = { clock: options.clock, timeoutMs: options.issueTimeoutMs ?? 30_000, signal };
  const issued = await withinTime(limits, (limited) => options.issue(request, limited));
  return receiveSvid(issued, key, options.clock.wallNow());
}

function report(options: RenewingIdentityOptions, error: unknown): void {
  options.onFailure?.(error);
}
