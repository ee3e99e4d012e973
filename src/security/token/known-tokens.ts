/**
 * What tokens say that have been verified, so that one that comes again is not taken apart again. Found by the hash of the token;
 * the token itself is not kept, so that nobody who sees this memory can use it.
 */
import { hash as digest } from 'node:crypto';
import type { TokenFault } from './faults.js';
import type { SignedToken } from './key-set.js';
import { type ParsedToken, parseToken } from './parse.js';

/** A token of a request. */
export interface HashedToken extends SignedToken {
  /** SHA-256 of the text. */
  readonly hash: string;
}

const MOST_KNOWN = 2_000;

export class KnownTokens {
  /** Those used last stand last. */
  readonly #known = new Map<string, ParsedToken>();

  /** The token that `text` is. Whether its signature is good is another question, and asked of its keys each time. */
  readonly parse = (text: string): HashedToken | TokenFault => {
    const hash = digest('sha256', text, 'base64');
    const known = this.#known.get(hash);
    if (known === undefined) {
      const parsed = parseToken(text);
      return typeof parsed === 'string' ? parsed : { ...parsed, text, hash };
    }
    this.#known.delete(hash);
    this.#known.set(hash, known);
    return { ...known, text, hash };
  };

  /** Once it was verified: what anybody can make up takes no room here. */
  add({ text: _text, hash, ...parsed }: HashedToken): void {
    this.#known.set(hash, parsed);
    if (this.#known.size <= MOST_KNOWN) return;
    const [oldest] = this.#known.keys();
    this.#known.delete(oldest!);
  }
}
