/** Issuers of tokens for tests: keys made here, tokens signed by them, key sets as an issuer publishes them. */
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { type EffectiveTokenRule, effectiveTokenRule, type JwtRuleSpec } from './policy.js';

export const ISSUER = 'https://issuer.example';
/** Seconds since the epoch at which the tests' clock starts. */
export const NOW = Date.UTC(2026, 0, 1) / 1_000;

export class TestKey {
  readonly kid: string;
  readonly alg: string;
  readonly jwk: JWK;
  readonly #private: CryptoKey;

  private constructor(kid: string, alg: string, jwk: JWK, key: CryptoKey) {
    this.kid = kid;
    this.alg = alg;
    this.jwk = jwk;
    this.#private = key;
  }

  static async create(kid: string, alg = 'ES256'): Promise<TestKey> {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
    return new TestKey(kid, alg, { ...(await exportJWK(publicKey)), kid, alg }, privateKey);
  }

  /** @param header beside `alg` and `kid` */
  sign(claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}): Promise<string> {
    return new SignJWT({ iss: ISSUER, sub: 'alice', exp: NOW + 3_600, ...claims })
      .setProtectedHeader({ alg: this.alg, kid: this.kid, ...header })
      .sign(this.#private);
  }
}

export function jwks(...keys: (TestKey | JWK)[]): string {
  return JSON.stringify({ keys: keys.map((key) => (key instanceof TestKey ? key.jwk : key)) });
}

export function rule(spec: JwtRuleSpec, policy = 'default/tokens'): EffectiveTokenRule {
  return effectiveTokenRule({ issuer: ISSUER, ...spec }, policy);
}

/** The same bytes with one letter of part `part` changed. */
export function tamper(token: string, part: number): string {
  const parts = token.split('.');
  const text = parts[part]!;
  const at = Math.floor(text.length / 2);
  parts[part] = `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
  return parts.join('.');
}

/** What somebody without any key can make. */
export function unsigned(header: unknown, claims: unknown, signature = 'AA'): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part(header)}.${part(claims)}.${signature}`;
}
