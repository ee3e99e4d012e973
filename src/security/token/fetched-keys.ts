/**
 * Keys from a URL, or from the one that an issuer's own document names. One fetch at a time; what was fetched last stays good until
 * something better is there.
 * @source Istio `pilot/pkg/model/jwks_resolver.go`
 */
import type { Clock } from '../../base/clock.js';
import { parseUrl } from '../../base/url.js';
import { MAX_JWKS_LENGTH, readJwks } from './jwks-text.js';
import { KeySet } from './key-set.js';
import type { TokenKeys } from './policy.js';

/**
 * Gets a text. Rejects if it cannot be had, if it is longer than `maxLength` bytes, if the answer is no success, and with the
 * signal's reason.
 */
export type FetchText = (
  url: string,
  options: { readonly maxLength: number; readonly signal: AbortSignal },
) => Promise<string>;

export interface KeySetsOptions {
  readonly clock: Clock;
  /** Absent: only keys that are written in policy can be had. */
  readonly fetch?: FetchText;
  /** Takes one line about a fetch that failed. */
  readonly warn: (line: string) => void;
}

/** Somewhere that keys come from. */
export interface KeySource {
  get(): KeySet | null | Promise<KeySet | null>;
  getNewer(): Promise<KeySet | null>;
}

/** How old keys may be before they are fetched again, while the old ones go on. @source Istio `PILOT_JWT_PUB_KEY_REFRESH_INTERVAL` */
const REFRESH_MS = 20 * 60_000;
/** How old keys may be before a token waits for new ones: nobody has asked for long. If there are none to be had, the old ones go on. */
const WAIT_MS = 2 * REFRESH_MS;
/** After how long without a single good fetch the keys are no longer believed. @source Istio `JwtPubKeyEvictionDuration` */
const BELIEVE_MS = 7 * 24 * 60 * 60_000;
/** Wait after a failed fetch, doubled each time. @source Istio `JwtPubKeyRetryInterval`, `JwtPubKeyRefreshIntervalOnFailure` */
const RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;
/** How often a token with an unknown key may cause a fetch: anyone can make up such tokens. @source jose `cooldownDuration` */
const UNKNOWN_KEY_MS = 30_000;
export type RemoteKeys = Exclude<TokenKeys, { readonly from: 'inline' }>;

/** What makes two rules ask the same place. */
export function placeOf(keys: RemoteKeys): string {
  return keys.from === 'uri' ? `uri ${keys.uri}` : `issuer ${keys.issuer}`;
}

export class FetchedKeys implements KeySource {
  readonly #keys: RemoteKeys;
  readonly #options: KeySetsOptions & { readonly closed: AbortSignal };
  #set: KeySet | null = null;
  #text = '';
  /** Monotonic milliseconds, as all below. */
  #fetchedAt = 0;
  #retryAt = Number.NEGATIVE_INFINITY;
  #retryMs = RETRY_MS;
  #askedAt = Number.NEGATIVE_INFINITY;
  #underWay: Promise<KeySet | null> | null = null;

  constructor(keys: RemoteKeys, options: KeySetsOptions & { readonly closed: AbortSignal }) {
    this.#keys = keys;
    this.#options = options;
  }

  get(): KeySet | null | Promise<KeySet | null> {
    const age = this.#options.clock.now() - this.#fetchedAt;
    const set = age < BELIEVE_MS ? this.#set : null;
    if (set !== null && age < REFRESH_MS) return set;
    const fetched = this.#fetch();
    return fetched !== null && (set === null || age >= WAIT_MS) ? fetched : set;
  }

  getNewer(): Promise<KeySet | null> {
    const now = this.#options.clock.now();
    // What is under way was asked for before this token came, but is as new as it gets.
    if (this.#underWay === null && now - this.#askedAt < UNKNOWN_KEY_MS) return Promise.resolve(null);
    this.#askedAt = now;
    return this.#fetch() ?? Promise.resolve(null);
  }

  /** Resolves to the keys that are good then; never rejects. null: too soon after a failure. */
  #fetch(): Promise<KeySet | null> | null {
    if (this.#underWay !== null) return this.#underWay;
    const { clock, fetch } = this.#options;
    if (fetch === undefined || clock.now() < this.#retryAt) return null;
    this.#underWay = this.#tryFetch(fetch).then((set) => {
      this.#underWay = null;
      return set;
    });
    return this.#underWay;
  }

  async #tryFetch(fetch: FetchText): Promise<KeySet | null> {
    const { clock, warn, closed } = this.#options;
    const limit = new AbortController();
    const onClose = () => limit.abort(new Error('closed'));
    closed.addEventListener('abort', onClose);
    if (closed.aborted) onClose();
    const { timeoutMs } = this.#keys;
    const timer = clock.after(timeoutMs, () => limit.abort(new Error(`it took longer than ${timeoutMs} ms`)));
    try {
      this.#take(await this.#read(fetch, limit.signal));
    } catch (error) {
      this.#retryAt = clock.now() + this.#retryMs;
      this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
      const because = error instanceof Error ? error.message : String(error);
      if (!closed.aborted)
        warn(
          `cannot get keys for tokens from ${shown(this.#keys)}: ${because}${this.#set === null ? '; tokens of theirs are refused' : '; the last good ones stay'}`,
        );
    } finally {
      timer.cancel();
      closed.removeEventListener('abort', onClose);
    }
    return this.#options.clock.now() - this.#fetchedAt < BELIEVE_MS ? this.#set : null;
  }

  async #read(fetch: FetchText, signal: AbortSignal): Promise<string> {
    const get = (url: string) => within(fetch(checked(url), { maxLength: MAX_JWKS_LENGTH, signal }), signal);
    if (this.#keys.from === 'uri') return get(this.#keys.uri);
    const issuer = this.#keys.issuer.replace(/\/$/, '');
    const document = await get(`${issuer}/.well-known/openid-configuration`);
    const place: unknown = (JSON.parse(document) as { jwks_uri?: unknown } | null)?.jwks_uri;
    if (typeof place !== 'string') throw new Error("the issuer's openid-configuration has no 'jwks_uri'");
    return get(place);
  }

  /** @throws Error if the text is no key set: what was good stays */
  #take(text: string): void {
    if (this.#set === null || text !== this.#text) {
      const keys = readJwks(text);
      if (typeof keys === 'string') throw new Error(`not a key set: ${keys}`);
      // A secret that anyone can fetch is none.
      this.#set = new KeySet(keys.filter(({ kty }) => kty !== 'oct'));
      this.#text = text;
    }
    this.#fetchedAt = this.#options.clock.now();
    this.#retryAt = Number.NEGATIVE_INFINITY;
    this.#retryMs = RETRY_MS;
  }
}

/** However the fetch takes its signal: nobody waits for longer. */
function within<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

function checked(url: string): string {
  const { protocol } = new URL(url);
  if (protocol !== 'https:' && protocol !== 'http:') throw new Error(`'${protocol}' is not http or https`);
  return url;
}

/** Without what a URL may hold of secrets. */
function shown(keys: RemoteKeys): string {
  const place = keys.from === 'uri' ? keys.uri : keys.issuer;
  const url = parseUrl(place);
  return url === null ? `'${place}'` : `${url.origin}${url.pathname}`;
}
