/**
 * Keys to verify tokens with, and which tokens they have verified already.
 */
import type { CryptoKey, JWK } from 'jose';
import type { TokenFault } from './faults.js';
import type { PublicKey } from './jwks-text.js';
import type { ParsedToken } from './parse.js';

/** Loaded with the first signature to look at: most processes never see a token, and it is a tenth of the files of a start. */
const jose = () => import('jose');

/** Signatures that a key of a type can make; for EC, its curve decides. */
const FAMILIES: Readonly<Record<PublicKey['kty'], RegExp>> = {
  RSA: /^[RP]S(?:256|384|512)$/,
  EC: /^ES(?:256|384|512)$/,
  OKP: /^EdDSA$/,
  oct: /^HS(?:256|384|512)$/,
};
const CURVES: Readonly<Record<string, string>> = { 'P-256': 'ES256', 'P-384': 'ES384', 'P-521': 'ES512' };

/** A token with its text, to look at the signature. Never logged. */
export interface SignedToken extends ParsedToken {
  readonly text: string;
}

/** Tokens that are remembered as verified, for one set of keys: about as many callers as one process serves at a time. */
const MOST_REMEMBERED = 2_000;

/**
 * Keys that are tried for one token. One that names its key needs one; a token without a name may be of any, and each try costs what a
 * signature costs, for whoever makes up tokens. Issuers have two or three keys at a time.
 */
const MOST_TRIED = 16;

export class KeySet {
  /** Of keys that can verify signatures. */
  readonly size: number;
  readonly #keys: readonly VerificationKey[];
  /** SHA-256 of tokens, the longest unused first. The tokens themselves are not kept. */
  readonly #verified = new Set<string>();

  constructor(keys: readonly PublicKey[]) {
    this.#keys = keys.filter(({ unusable }) => !unusable).map((key) => new VerificationKey(key));
    this.size = this.#keys.length;
  }

  /**
   * Has this token been verified by these keys before? Only its signature was: its time and all else are looked at each time. New
   * keys are a new set, so that a key that was taken back verifies nothing any more.
   */
  remembers(hash: string): boolean {
    if (!this.#verified.delete(hash)) return false;
    this.#verified.add(hash);
    return true;
  }

  remember(hash: string): void {
    this.#verified.add(hash);
    if (this.#verified.size <= MOST_REMEMBERED) return;
    for (const oldest of this.#verified) {
      this.#verified.delete(oldest);
      break;
    }
  }

  /**
   * Is the signature one of these keys'? A key of another kind than the signature says is never tried: an RSA key that anyone can
   * read is not the secret of an HMAC.
   * @returns null if it is
   */
  async verify(token: SignedToken): Promise<TokenFault | null> {
    if (this.size === 0) return 'noKeys';
    let known = false;
    let tried = 0;
    for (const key of this.#keys) {
      if (!key.isMeantFor(token)) continue;
      known = true;
      if (!key.canSign(token)) continue;
      if (await key.verifies(token)) return null;
      tried += 1;
      if (tried === MOST_TRIED) break;
    }
    return known ? 'signature' : 'noKey';
  }
}

class VerificationKey {
  readonly #key: PublicKey;
  /** A key of the platform is one for one kind of signature. */
  readonly #imported = new Map<string, Promise<CryptoKey | Uint8Array>>();

  constructor(key: PublicKey) {
    this.#key = key;
  }

  /** What does not say which key it is, or is for, may be any. */
  isMeantFor({ kid, alg }: ParsedToken): boolean {
    const key = this.#key;
    return (kid === '' || key.kid === '' || key.kid === kid) && (key.alg === '' || key.alg === alg);
  }

  /** Is it a key of the kind that the signature says? */
  canSign({ alg }: ParsedToken): boolean {
    const { kty, members } = this.#key;
    return FAMILIES[kty].test(alg) && (kty !== 'EC' || CURVES[members.crv!] === alg);
  }

  /** Only of a token that it {@link canSign}. */
  async verifies(token: SignedToken): Promise<boolean> {
    try {
      const { compactVerify } = await jose();
      await compactVerify(token.text, await this.#import(token.alg), { algorithms: [token.alg] });
      return true;
    } catch {
      // A wrong signature, or a key that is none after all: neither makes the token good.
      return false;
    }
  }

  #import(alg: string): Promise<CryptoKey | Uint8Array> {
    const present = this.#imported.get(alg);
    if (present !== undefined) return present;
    const { kty, members } = this.#key;
    const imported = jose().then(({ importJWK }) => importJWK({ kty, ...members } as JWK, alg));
    this.#imported.set(alg, imported);
    return imported;
  }
}
