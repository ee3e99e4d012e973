/**
 * Authenticates requests by their tokens: the pure decision of `decide.ts`, with keys and signatures between its two steps.
 */
import {
  type Accepted,
  acceptTokens,
  type Candidate,
  type CompiledTokens,
  examineTokensBy,
  rejectTokens,
  type TokenRequest,
  type TokenVerdict,
} from './decide.js';
import type { TokenFault } from './faults.js';
import { KeySets, type KeySetsOptions } from './jwks.js';
import type { KeySet } from './key-set.js';
import { type HashedToken, KnownTokens } from './known-tokens.js';
import type { EffectiveTokenRule, TokenKeys } from './policy.js';

export type { FetchText } from './jwks.js';

/** Outlives every policy: keys and what they have verified stay when rules change. */
export class TokenAuthenticator {
  readonly #options: KeySetsOptions;
  readonly #keys: KeySets;
  readonly #known = new KnownTokens();

  constructor(options: KeySetsOptions) {
    this.#options = options;
    this.#keys = new KeySets(options);
  }

  /** At once if nothing has to be verified or fetched: no token, one that is bad on its face, or ones that were verified before. */
  authenticate(compiled: CompiledTokens, request: TokenRequest): TokenVerdict | Promise<TokenVerdict> {
    const now = Math.floor(this.#options.clock.wallNow() / 1_000);
    const examined = examineTokensBy(this.#known.parse, compiled, request, now);
    if (examined.kind === 'reject') return rejectTokens(examined.fault, examined.policy, request);
    const accepted: Accepted[] = [];
    for (const candidate of examined.candidates) {
      const rule = this.#remembered(candidate);
      if (rule === undefined) return this.#verifyAll(compiled, examined.candidates, request);
      accepted.push({ ...candidate, rule });
    }
    return acceptTokens(compiled, accepted, request);
  }

  close(): void {
    this.#keys.close();
  }

  #remembered({ token, rules }: Candidate<HashedToken>): EffectiveTokenRule | undefined {
    return rules.find((rule) => {
      const set = this.#keys.get(rule.keys);
      return set !== null && !(set instanceof Promise) && set.remembers(token.hash);
    });
  }

  /** Never rejects: whatever goes wrong, the request is refused. */
  async #verifyAll(
    compiled: CompiledTokens,
    candidates: readonly Candidate<HashedToken>[],
    request: TokenRequest,
  ): Promise<TokenVerdict> {
    const accepted: Accepted[] = [];
    for (const candidate of candidates) {
      const verdict = await this.#verify(candidate);
      if (typeof verdict === 'string') return rejectTokens(verdict, candidate.rules[0]!.policy, request);
      accepted.push({ ...candidate, rule: verdict });
    }
    return acceptTokens(compiled, accepted, request);
  }

  /** The first rule whose keys have signed the token, or why there is none. */
  async #verify({ token, rules }: Candidate<HashedToken>): Promise<EffectiveTokenRule | TokenFault> {
    let fault: TokenFault = 'fetch';
    for (const rule of rules) {
      const set = await this.#keys.get(rule.keys);
      if (set === null) continue;
      if (set.remembers(token.hash)) return rule;
      const found = await this.#verifyBy(set, rule.keys, token);
      if (found === null) return rule;
      fault = found;
    }
    return fault;
  }

  async #verifyBy(set: KeySet, keys: TokenKeys, token: HashedToken): Promise<TokenFault | null> {
    const fault = await set.verify(token);
    if (fault === null) return this.#remember(token, set);
    // A token that names its key and is not signed by it is forged; else its key may be newer than the ones that are here.
    if (fault === 'signature' && token.kid !== '') return fault;
    const newer = await this.#keys.getNewer(keys, set);
    if (newer === null) return fault;
    const again = await newer.verify(token);
    return again === null ? this.#remember(token, newer) : again;
  }

  #remember(token: HashedToken, by: KeySet): null {
    by.remember(token.hash);
    this.#known.add(token);
    return null;
  }
}
