/**
 * Takes a token apart. Nothing in it is true before its signature is.
 * @source RFC 7519, RFC 7515; google/jwt_verify_lib `src/jwt.cc` for what is wrong with one, and in which order
 */
import type { TokenFault } from './faults.js';

export interface ParsedToken {
  readonly alg: string;
  /** Empty: none. */
  readonly kid: string;
  /** Empty: none. */
  readonly issuer: string;
  readonly audiences: readonly string[];
  /** Seconds since the epoch; 0: from ever. */
  readonly notBefore: number;
  /** Seconds since the epoch; 0: never. */
  readonly expires: number;
  readonly claims: Readonly<Record<string, unknown>>;
  /** The middle part, as it came. */
  readonly payload: string;
}

/** The longest token that is looked at, characters: about what a header may hold. */
export const MAX_TOKEN_LENGTH = 32_768;

/** Signatures that are known here. `none` is not one. */
const ALGORITHMS = new Set(
  ['RS', 'PS', 'ES', 'HS'].flatMap((family) => ['256', '384', '512'].map((bits) => family + bits)),
).add('EdDSA');

/** Never throws. */
export function parseToken(text: string): ParsedToken | TokenFault {
  if (text.length > MAX_TOKEN_LENGTH) return 'format';
  const parts = text.split('.');
  if (parts.length !== 3 || parts.includes('')) return 'format';
  const [head, payload, signature] = parts as [string, string, string];
  const headerText = decode(head);
  if (headerText === null) return 'headerBase64';
  const header = readObject(headerText);
  if (header === null) return 'headerJson';
  const { alg, kid } = header;
  if (typeof alg !== 'string') return 'headerAlg';
  if (!ALGORITHMS.has(alg)) return 'algorithm';
  if (kid !== undefined && typeof kid !== 'string') return 'headerKid';
  const payloadText = decode(payload);
  if (payloadText === null) return 'payloadBase64';
  const claims = readObject(payloadText);
  if (claims === null) return 'payloadJson';
  const fault = checkTypes(claims);
  if (fault !== null) return fault;
  if (!BASE64URL.test(signature) || signature.length % 4 === 1) return 'signatureBase64';
  const { iss = '', aud = [], nbf = 0, exp = 0 } = claims as RegisteredClaims;
  return {
    alg,
    kid: kid ?? '',
    issuer: iss,
    audiences: typeof aud === 'string' ? [aud] : aud,
    notBefore: nbf,
    expires: exp,
    claims,
    payload,
  };
}

/** After {@link checkTypes}. */
interface RegisteredClaims {
  readonly iss?: string;
  readonly aud?: string | readonly string[];
  readonly nbf?: number;
  readonly exp?: number;
}

function checkTypes(claims: Readonly<Record<string, unknown>>): TokenFault | null {
  for (const name of ['iss', 'sub'] as const)
    if (claims[name] !== undefined && typeof claims[name] !== 'string') return name;
  for (const name of ['iat', 'nbf', 'exp'] as const) {
    const value = claims[name];
    if (value === undefined) continue;
    if (typeof value !== 'number') return name;
    if (!(value >= 0 && value < 2 ** 64)) return `${name}Range`;
  }
  if (claims.jti !== undefined && typeof claims.jti !== 'string') return 'jti';
  const { aud } = claims;
  if (aud === undefined || typeof aud === 'string') return null;
  return Array.isArray(aud) && aud.every((one) => typeof one === 'string') ? null : 'aud';
}

const BASE64URL = /^[A-Za-z0-9_-]*$/;

function decode(part: string): string | null {
  if (!BASE64URL.test(part) || part.length % 4 === 1) return null;
  const binary = atob(part.replaceAll('-', '+').replaceAll('_', '/'));
  try {
    const bytes = new Uint8Array(binary.length);
    for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at);
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return ''; // Not a text, so not JSON either.
  }
}

/** Without a prototype, so that a claim is there only if it was written. */
function readObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
    return Object.assign(Object.create(null) as Record<string, unknown>, value);
  } catch {
    return null;
  }
}
