/**
 * Where keys come from: written in policy, or fetched from a URL, or from the one that an issuer's own document names.
 */
import { FetchedKeys, type KeySetsOptions, type KeySource, placeOf } from './fetched-keys.js';
import { readJwks } from './jwks-text.js';
import { KeySet } from './key-set.js';
import type { TokenKeys } from './policy.js';

export type { FetchText, KeySetsOptions } from './fetched-keys.js';

/** More sources than any policy has; those unused for longest are forgotten. */
const MOST_SOURCES = 256;

export class KeySets {
  readonly #options: KeySetsOptions;
  readonly #closed = new AbortController();
  /** Those used last stand last. */
  readonly #sources = new Map<string, KeySource>();

  constructor(options: KeySetsOptions) {
    this.#options = options;
  }

  /** The keys, at once if they are here. null: they cannot be had now. */
  get(keys: TokenKeys): KeySet | null | Promise<KeySet | null> {
    return this.#source(keys).get();
  }

  /** Newer keys, for a token whose key is not among `known`; null if there are none, or none may be asked for yet. */
  async getNewer(keys: TokenKeys, known: KeySet): Promise<KeySet | null> {
    const newer = await this.#source(keys).getNewer();
    return newer === known ? null : newer;
  }

  /** Ends what is under way. */
  close(): void {
    this.#closed.abort();
  }

  #source(keys: TokenKeys): KeySource {
    const key = keys.from === 'inline' ? `inline ${keys.jwks}` : placeOf(keys);
    const present = this.#sources.get(key);
    if (present !== undefined) this.#sources.delete(key);
    const source = present ?? this.#open(keys);
    this.#sources.set(key, source);
    if (this.#sources.size > MOST_SOURCES) {
      const [oldest] = this.#sources.keys();
      this.#sources.delete(oldest!);
    }
    return source;
  }

  #open(keys: TokenKeys): KeySource {
    if (keys.from === 'inline') return new WrittenKeys(keys.jwks);
    return new FetchedKeys(keys, { ...this.#options, closed: this.#closed.signal });
  }
}

class WrittenKeys implements KeySource {
  readonly #set: KeySet;

  constructor(text: string) {
    const keys = readJwks(text);
    this.#set = new KeySet(typeof keys === 'string' ? [] : keys);
  }

  get(): KeySet {
    return this.#set;
  }

  getNewer(): Promise<KeySet> {
    return Promise.resolve(this.#set);
  }
}
